"""The pictures of a run: samples and denoising strips of both samplers, loss curves, grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spritelab import pictures
from spritelab.config import Prediction, SamplerSettings
from spritelab.generate import Model, load_model
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.runs.log import read_metrics

SAMPLES = 20
"""Sprites in a grid of samples, as in the pictures of the notebook."""

LATEST = "latest.png"
"""The sprites of the last grid along the way, each pixel one pixel."""

UNITS: dict[Prediction, str] = {
    "eps": "mean squared error on ε",
    "x0": "mean squared error on x_0",
    "v": "mean squared error on v",
    "palette": "cross-entropy, nats a pixel",
}
"""Of the loss of each prediction."""


def draw_samples(
    model: Model, folder: Path, progress: Progress = SILENT, seed: int = 0
) -> list[Path]:
    """Draw 20 samples and one denoising strip with DDPM, and the same with DDIM.

    DDPM visits all T steps and DDIM 50 with η = 0, both from the same x_T and without guidance.
    Writes ``samples_ddpm.png``, ``denoising_ddpm.png``, ``samples_ddim.png`` and
    ``denoising_ddim.png``.

    Raises:
        StorageError: if a picture cannot be written.
    """
    T = model.schedule.timesteps
    ddpm = SamplerSettings(sampler="ddpm").complete(T)
    ddim = SamplerSettings(sampler="ddim").complete(T)
    made: list[Path] = []
    total, done = (SAMPLES + 1) * (ddpm.nfe + ddim.nfe), 0
    for how in (ddpm, ddim):
        told = progress.part(how.name, before=done, total=total)
        batch = model.sample(SAMPLES, how, seed=seed, progress=told)
        path = folder / f"samples_{how.sampler}.png"
        made.append(pictures.samples_picture(batch.images, path, how.name))
        path = folder / f"denoising_{how.sampler}.png"
        made.append(pictures.save_png(model.trace(1, how, seed=seed).strip(title=how.name), path))
        done += (SAMPLES + 1) * how.nfe
        progress(done, total)
    return made


def draw_grid(model: Model, folder: Path) -> Images:
    """Draw 20 sprites as ``model`` draws unless told otherwise: one of the grids along the way.

    Writes ``samples/step-00002000.png`` in the run's ``folder``, with the model's updates, and the
    sprites themselves, bare and side by side, to ``samples/latest.png``.

    Returns:
        The same sprites, bare and enlarged, for TensorBoard: uint8 ``[h,w,3]``.

    Raises:
        StorageError: if the picture cannot be written.
    """
    batch, step = model.sample(SAMPLES), model.config.step
    title = f"{batch.how.name}, after {step} updates"
    pictures.save_png(np.concatenate(list(batch.images), axis=1), folder / "samples" / LATEST)
    pictures.samples_picture(batch.images, folder / "samples" / f"step-{step:08d}.png", title)
    return pictures.grid(batch.images, scale=4)


def draw_pictures(folder: str | Path, progress: Progress = SILENT) -> list[Path]:
    """Draw a run's five pictures: the loss curves, and what ``draw_samples`` draws.

    Raises:
        ModelError: if the run has no model yet.
        StorageError: if a picture cannot be written.
    """
    folder = Path(folder)
    model = load_model(folder)
    records = read_metrics(folder)
    curves = [_draw_curves(model, records, folder / "loss_curves.png")] if records else []
    return curves + draw_samples(model, folder, progress)


def _draw_curves(model: Model, records: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """The loss of what is learnt, where it is far from an error of ε̂ or has ended the run."""
    prediction, last = model.config.prediction, records[-1]
    # Earlier versions recorded the error of ε̂ alone.
    if "val_objective" in last and (prediction == "palette" or "kept_step" in last):
        return pictures.curves_picture(records, path, loss="objective", unit=UNITS[prediction])
    return pictures.curves_picture(records, path)
