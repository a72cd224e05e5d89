"""One training run on disk: its settings, the loop, its log, its checkpoints and its pictures.

::

    runs/NAME/
      config.json       settings, versions and the data's hash: all that is needed to repeat it
      metrics.jsonl     one line a validation
      tensorboard/      the same and the loss of every update, for TensorBoard
      checkpoints/      what training goes on from
      model/            what is sampled and shared
      samples/          grids along the way
      *.png             loss curves, samples and denoising strips of both samplers
"""

from spritelab.runs.folder import FORMAT, resume_run, start_run
from spritelab.runs.log import read_metrics
from spritelab.runs.run import Run, draw_pictures

__all__ = [
    "FORMAT",
    "Run",
    "draw_pictures",
    "read_metrics",
    "resume_run",
    "start_run",
]
