#!/bin/bash
# Statistics of sprites that were drawn, by 64 tasks: sbatch examples/scaling/slurm_evaluate.sh MODEL OUT
# When all are done: spritelab evaluate MODEL --sprites OUT/shards --statistics OUT/statistics --json OUT/figures.json
# One task once more: sbatch --array=17 examples/scaling/slurm_evaluate.sh MODEL OUT
#SBATCH --job-name=figures
#SBATCH --array=0-63
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
model=$1 out=$2
shards=64 # as many as the array has

spritelab evaluate "$model" --sprites "$out/shards" \
  --shard "$SLURM_ARRAY_TASK_ID/$shards" --statistics "$out/statistics"
