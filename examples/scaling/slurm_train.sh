#!/bin/bash
# One run on 8 machines of 8 GPUs: sbatch examples/scaling/slurm_train.sh mine.npz runs/mine
#SBATCH --job-name=train
#SBATCH --nodes=8
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=32
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@300
set -euo pipefail
data=$1 out=$2
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)

# Queued again, it goes on from its last checkpoint.
begin=(--data "$data" --preset base --mixed-precision bf16 --batch-size 4096)
if [[ -e "$out/run.json" ]]; then begin=(--resume); fi
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" torchrun \
  --nnodes "$SLURM_NNODES" --nproc_per_node 8 --rdzv_id "$SLURM_JOB_ID" \
  --rdzv_backend c10d --rdzv_endpoint "$first:29500" \
  -m spritelab train "${begin[@]}" --out "$out" &
step=$!

# Slurm queues a job again whose machine has failed. One whose time is nearly over, 5 minutes before
# the end, saves its run and queues itself.
trap 'kill -TERM "$step"; wait "$step" || true; scontrol requeue "$SLURM_JOB_ID"; exit' TERM
wait "$step"
