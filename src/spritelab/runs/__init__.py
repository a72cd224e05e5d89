"""One training run on disk: its settings, the loop, its log, its checkpoints and its pictures.

runs/NAME/
  run.json          settings, versions and the data's hash: all that is needed to repeat it
  run.lock          locked while a process trains the run
  sprites.npz       the sprites, where they were not read from files
  metrics.jsonl     one line a validation
  tensorboard/      the same and the loss of every update, for TensorBoard
  checkpoints/      what training goes on from
  model/            what is sampled and shared
  samples/          grids along the way
  *.png             loss curves, samples and denoising strips of both samplers
"""

from spritelab.extras import require

require("train")

from spritelab.runs.calls import follow, open_run, train
from spritelab.runs.distillation import (
    Distillation,
    draw_same_noise,
    read_distillation,
    resume_distillation,
    start_distillation,
)
from spritelab.runs.distilling import distill, follow_distillation, open_distillation
from spritelab.runs.fine_tuning import fine_tuning_settings
from spritelab.runs.folder import resume_run, start_run
from spritelab.runs.log import read_metrics
from spritelab.runs.parents import parent_losses, parents_of_few
from spritelab.runs.pictures import draw_pictures
from spritelab.runs.record import RunRecord, describe_model, read_record, record_file, run_data
from spritelab.runs.restoring import last_state
from spritelab.runs.run import Run
from spritelab.runs.trackers import LOGGERS, Loggers, check_loggers

__all__ = [
    "train",
    "distill",
    "open_distillation",
    "open_run",
    "follow",
    "Distillation",
    "start_distillation",
    "resume_distillation",
    "read_distillation",
    "draw_same_noise",
    "follow_distillation",
    "Run",
    "LOGGERS",
    "Loggers",
    "check_loggers",
    "RunRecord",
    "describe_model",
    "draw_pictures",
    "fine_tuning_settings",
    "parent_losses",
    "parents_of_few",
    "last_state",
    "read_metrics",
    "read_record",
    "record_file",
    "run_data",
    "resume_run",
    "start_run",
]
