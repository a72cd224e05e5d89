"""Steps chosen for a model: its own trajectories walked, the best steps found, its folder told."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from spritelab.config import Calibrated, FirstLeg, Sampler, SamplerSettings
from spritelab.config.sampler import default_spacing
from spritelab.diffusion import Trajectories, best_times, trajectories, visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.folder import MOMENTS, read_config, save_config
from spritelab.generate.model import Model
from spritelab.generate.request import Request
from spritelab.progress import SILENT, Progress
from spritelab.storage import filling
from spritelab.storage.tensors import write_tensors

SEED = 2**40
"""Of the sprites that are walked to: none that anybody draws by counting seeds."""

SPRITES = 64
"""Trajectories."""

TEACHER_STEPS = 40
"""Of each. A teacher of 64 chooses the same steps but for the last digit of λ."""


def calibrate(
    model: Model,
    steps: Sequence[int] = (4, 5, 6),
    samplers: Sequence[Sampler] = ("dpm", "ddim"),
    *,
    sprites: int = SPRITES,
    progress: Progress = SILENT,
) -> tuple[Calibrated, ...]:
    """Choose the steps by which a model draws best in few; see ``diffusion.calibration``.

    Chains begin with a Gaussian first leg if the model has moments.

    Args:
        model: whose folder is not changed; see ``save_calibrated``.
        steps: their numbers, one choice each.
        samplers: that take them: ``dpm`` or ``ddim``.
        sprites: that are walked to, by ``TEACHER_STEPS`` evaluations each.
        progress: told of these.

    Raises:
        SettingsError: for a number of steps or sprites out of range, and another sampler.
    """
    if others := set(samplers) - {"dpm", "ddim"}:
        raise SettingsError(f"`samplers` that follow a flow are dpm and ddim, not {min(others)}")
    known = walk_teacher(model, sprites, progress)
    most = len(known.times) // 2
    if not steps or not all(1 <= count <= most for count in steps):
        raise SettingsError(f"`steps` are calibrated for numbers in 1 … {most}, not {list(steps)}")
    leg: FirstLeg = "none" if model.moments is None else "gaussian"
    chosen = [best_times(known, count) for count in sorted(set(steps))]
    return tuple(
        Calibrated(sampler=sampler, times=times, first_leg=leg)
        for sampler in samplers
        for times in chosen
    )


def walk_teacher(model: Model, sprites: int = SPRITES, progress: Progress = SILENT) -> Trajectories:
    """Walk to so many sprites in many steps, and keep what choosing steps needs.

    Raises:
        SettingsError: for less than one sprite.
    """
    if sprites < 1:
        raise SettingsError(f"`sprites` must be at least 1, not {sprites}")
    teacher = model.sampler_settings(
        SamplerSettings(
            sampler="dpm",
            steps=min(TEACHER_STEPS, model.schedule.timesteps),
            spacing="logsnr",
            guidance=model.config.sampling.guidance,
            autoguidance=model.config.sampling.autoguidance,
            guidance_interval=model.config.sampling.guidance_interval,
            clip=model.config.sampling.clip,
        )
    )
    assert teacher.steps is not None
    times = tuple(t for t, _ in visited_pairs(teacher, model.schedule))
    request, walks = model.request(sprites, seed=SEED), []
    size = min(model.batch_size, sprites)
    for first in range(0, sprites, size):
        part = request[slice(first, min(first + size, sprites))]
        told = progress.part(before=first * teacher.steps, total=sprites * teacher.steps)
        walks.append(_walk(model, teacher, part, times, told))
    return trajectories(walks, times, [model.schedule.alpha_bar(t) for t in times])


def _walk(
    model: Model, teacher: SamplerSettings, request: Request, times: tuple[int, ...], told: Progress
) -> tuple[Tensor, Tensor, Tensor]:
    """One batch's x and x̂_0 on the way, and where a first leg leads; see ``trajectories``."""
    x_T = model.first_noise(request)
    x, x0_hat = [x_T], []
    for number, step in enumerate(model.chain(teacher, request, x_T), start=1):
        x.append(step.x)
        x0_hat.append(step.x0_hat)
        told(number * len(x_T))
    # A palette head ends in its choice of colours, which no distance to it is smooth in.
    x[-1] = _mean_of_last(model, teacher, request, x[-2], times[-1])
    led = [x_T] * len(times)
    if model.moments is not None:
        led = [model.first_leg(request, x_T, t, model.leg_guidance(teacher)) for t in times]
    return torch.stack(x), torch.stack(x0_hat), torch.stack(led)


@torch.no_grad()
def _mean_of_last(
    model: Model, teacher: SamplerSettings, request: Request, x: Tensor, t: int
) -> Tensor:
    at = torch.full((len(x),), t, dtype=torch.int64, device=x.device)
    return model.denoiser(teacher, request, x)(x, at).x0_hat.to(x)


def save_calibrated(
    model: Model, calibrated: Sequence[Calibrated], folder: Path, out: Path | None = None
) -> Path:
    """Write steps that were chosen for a model, and its moments, into its folder.

    Those that the folder holds for other numbers of steps or samplers stay. If it draws by steps of
    its sampler's usual spacing, it draws by chosen ones from now on.

    Args:
        model: that ``calibrated`` were chosen for.
        calibrated: what ``calibrate`` returned.
        folder: of the model.
        out: a folder that must not exist yet: a copy of ``folder`` is made there and written to.

    Returns:
        The folder that was written to.

    Raises:
        StorageError: if it cannot be written; what was there is kept.
        SettingsError: if ``out`` exists.
    """
    if out is not None:
        if out.exists():
            raise SettingsError(f"{out} is there already; name a new folder with `out`")
        with filling(out) as aside:
            shutil.copytree(folder, aside, dirs_exist_ok=True)
            save_calibrated(model, calibrated, aside)
        return out
    config = read_config(folder)
    entries = {(one.sampler, len(one.times)): one for one in (*config.calibrated, *calibrated)}
    sampling = config.sampling
    if sampling.spacing == default_spacing(sampling.sampler) and sampling.start == "noise":
        sampling = sampling.model_copy(update={"spacing": None})
    if model.moments is not None:
        write_tensors(folder / MOMENTS, model.moments.tensors())
    changed = config.model_copy(
        update={"calibrated": tuple(entries[key] for key in sorted(entries)), "sampling": sampling}
    )
    save_config(folder, changed)
    return folder
