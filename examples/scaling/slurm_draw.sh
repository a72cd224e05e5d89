#!/bin/bash
# Ten million sprites by 64 tasks, and what comes after: sbatch examples/scaling/slurm_draw.sh MODEL OUT
#SBATCH --job-name=sprites
#SBATCH --array=0-63
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --requeue
set -euo pipefail
model=$1 out=$2

# A task that was killed is queued again and goes on; one that is done does nothing.
spritelab sample "$model" -n 10000000 --seed 0 --batch-size 1024 --shard auto --out "$out/shards"

# The last task to come here queues what needs all of them, once.
if [[ $(find "$out/shards" -name shard.json | wc -l) -eq $SLURM_ARRAY_TASK_COUNT ]] &&
  mkdir "$out/joining" 2> /dev/null; then
  sbatch --job-name=join --cpus-per-task=4 --wrap \
    "spritelab merge '$out/shards' --out '$out/sprites.npz'"
fi
