#!/bin/bash
# Ten million sprites by 64 tasks, and what comes after: sbatch examples/scaling/slurm_draw.sh MODEL OUT
# One task once more: sbatch --array=17 examples/scaling/slurm_draw.sh MODEL OUT
#SBATCH --job-name=sprites
#SBATCH --array=0-63
#SBATCH --ntasks=1
#SBATCH --gpus=1
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail
model=$1 out=$2
shards=64 # as many as the array has; not --shard auto, for which an array of one task would be all

# A task that Slurm queues again, as after a node has failed, goes on; one that is done does nothing.
spritelab sample "$model" -n 10000000 --seed 0 --batch-size 1024 \
  --shard "$SLURM_ARRAY_TASK_ID/$shards" --out "$out/shards"

# The last task to come here queues what needs all of them, once. If that fails: rmdir OUT/joining.
if [[ $(find "$out/shards" -name shard.json | wc -l) -eq $shards ]] &&
  mkdir "$out/joining" 2> /dev/null; then
  sbatch --job-name=join --ntasks=1 --cpus-per-task=4 --wrap \
    "spritelab merge '$out/shards' --out '$out/sprites.npz'"
fi
