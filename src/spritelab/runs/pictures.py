"""From a model to its pictures: samples and denoising strips of both samplers, loss curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spritelab import pictures
from spritelab.generate import Model, Progress

SAMPLES = 20
"""Sprites in a grid of samples, as in the seed's pictures."""


def draw_strip(model: Model, path: Path, title: str, **request: Any) -> Path:
    """Draw one sprite's denoising: x_t above x̂_0, with the true t under every frame.

    Args:
        model: the model to sample.
        path: of the PNG.
        title: above the strip.
        request: the arguments of ``Model.trace`` other than the number of sprites.
    """
    frames = list(model.trace(1, **request))
    return pictures.strip_picture(
        [frame.x_t[0] for frame in frames],
        [frame.t for frame in frames],
        path,
        title,
        x0_hat=[frame.x0_hat[0] for frame in frames],
    )


def draw_samples(
    model: Model, folder: Path, progress: Progress | None = None, seed: int = 0
) -> list[Path]:
    """Draw 20 samples and one denoising strip with DDPM, and the same with DDIM.

    DDPM visits all T steps and DDIM 50 with η = 0, both from the same x_T and without guidance.
    Writes ``samples_ddpm.png``, ``denoising_ddpm.png``, ``samples_ddim.png`` and
    ``denoising_ddim.png``.

    Raises:
        StorageError: if a picture cannot be written.
    """
    T = model.schedule.timesteps
    few = min(50, T)
    total, done = (SAMPLES + 1) * (T + few), 0

    def tell(evaluations: int, _: int) -> None:
        if progress is not None:
            progress(done + evaluations, total)

    made = []
    ddpm = {"sampler": "ddpm", "steps": T, "seed": seed}
    ddim = {"sampler": "ddim", "steps": few, "eta": 0.0, "seed": seed}
    for request, title in ((ddpm, f"DDPM, {T} steps"), (ddim, f"DDIM, {few} steps, η = 0")):
        name = request["sampler"]
        batch = model.sample(SAMPLES, progress=tell, **request)  # type: ignore[arg-type]
        made.append(pictures.samples_picture(batch.images, folder / f"samples_{name}.png", title))
        done += SAMPLES * batch.steps
        made.append(draw_strip(model, folder / f"denoising_{name}.png", title, **request))
        done += batch.steps
        tell(0, total)
    return made
