#!/bin/bash
# Statistics of sprites that were drawn, by 64 tasks: sbatch examples/scaling/slurm_evaluate.sh MODEL OUT
# When all are done: spritelab evaluate MODEL --sprites OUT/shards --statistics OUT/statistics --json OUT/figures.json
#SBATCH --job-name=figures
#SBATCH --array=0-63
#SBATCH --cpus-per-task=4
#SBATCH --time=12:00:00
#SBATCH --requeue
set -euo pipefail
model=$1 out=$2

spritelab evaluate "$model" --sprites "$out/shards" --shard auto --statistics "$out/statistics"
