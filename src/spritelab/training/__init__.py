"""Training: batches, the loop, the average of the weights and validation."""

from spritelab.training.average import PowerAverage, gamma_from_width
from spritelab.training.batches import Batch, Batches, DeviceSprites, stream_seed
from spritelab.training.checkpoint import (
    CheckpointState,
    checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from spritelab.training.loop import (
    TrainingState,
    Update,
    Validation,
    rate_factor,
    total_steps,
    train,
)
from spritelab.training.muon import Muon
from spritelab.training.objectives import Denoising, Objective, build_objective
from spritelab.training.validation import eps_loss

__all__ = [
    "Batch",
    "Batches",
    "CheckpointState",
    "DeviceSprites",
    "Denoising",
    "Muon",
    "Objective",
    "PowerAverage",
    "TrainingState",
    "Update",
    "Validation",
    "build_objective",
    "checkpoints",
    "eps_loss",
    "gamma_from_width",
    "load_checkpoint",
    "rate_factor",
    "save_checkpoint",
    "stream_seed",
    "total_steps",
    "train",
]
