"""Training: batches, the loop, the average of the weights and validation."""

from spritelab.extras import require

require("train")

from spritelab.training.average import PowerAverage, gamma_from_width
from spritelab.training.batches import Batch, Batches, DeviceSprites, stream_seed
from spritelab.training.checkpoint import (
    CheckpointState,
    LeastRecord,
    checkpoints,
    load_checkpoint,
    read_state,
    save_checkpoint,
)
from spritelab.training.distilling import Distilling, Start, distill
from spritelab.training.early_stopping import LeastLoss
from spritelab.training.loop import Update, Validation, train
from spritelab.training.muon import Muon
from spritelab.training.objectives import Denoising, Objective, build_objective
from spritelab.training.state import TrainingState
from spritelab.training.updating import Clock, rate_factor, total_steps
from spritelab.training.validation import Losses, validation_losses
from spritelab.training.views import ViewsWatch, own_views

__all__ = [
    "Batch",
    "Batches",
    "CheckpointState",
    "Clock",
    "DeviceSprites",
    "Denoising",
    "Distilling",
    "LeastLoss",
    "LeastRecord",
    "Losses",
    "Muon",
    "Objective",
    "PowerAverage",
    "Start",
    "TrainingState",
    "Update",
    "Validation",
    "ViewsWatch",
    "build_objective",
    "checkpoints",
    "distill",
    "gamma_from_width",
    "load_checkpoint",
    "read_state",
    "own_views",
    "rate_factor",
    "save_checkpoint",
    "stream_seed",
    "total_steps",
    "train",
    "validation_losses",
]
