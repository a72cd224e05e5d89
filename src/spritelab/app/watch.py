"""Several samplers from one noise, every moment told: what the page's Watch shows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from spritelab import pixels
from spritelab.app.answers import event, refusal_of, wrong
from spritelab.app.drawing import Drawing, at_work, described, packed, prepare
from spritelab.app.ideal import points_or_why
from spritelab.app.models import Shelf
from spritelab.config import SamplerSettings
from spritelab.diffusion import Denoiser, ideal_denoiser, sampler_steps
from spritelab.diffusion.chains import visited_pairs
from spritelab.errors import SpritelabError
from spritelab.generate import Model, Request

MOST_STEPS = 1000
MOST_SIDES = 4


class Watching(Drawing):
    """What ``POST /api/watch`` takes: as ``POST /api/draw``, with several ways to draw."""

    hows: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=MOST_SIDES)]
    ideal: bool = Field(
        default=False,
        description="the last of them once more, with the ideal denoiser in the network's place",
    )


@dataclass(frozen=True)
class Side:
    """One way out of the noise: a sampler, and what it asks."""

    how: SamplerSettings
    denoise: Denoiser


@dataclass(frozen=True)
class Watched:
    """What is watched, checked. ``why`` says why the ideal denoiser is left out, if it is."""

    model: Model
    request: Request
    sides: tuple[Side, ...]
    why: str = ""


def prepare_watching(form: Watching, shelf: Shelf) -> Watched:
    """Load the model and check what is asked of it. Call it in a thread.

    Raises:
        Refusal: for what cannot be drawn, beside its field.
    """
    model, _, request = prepare(form, shelf)
    if len(request) > 1:
        raise wrong("n", "one sprite at a time is watched")
    try:
        hows = [model.sampler_settings(**how) for how in form.hows]
    except SpritelabError as error:
        raise wrong("hows", refusal_of(error).message) from None
    if any((how.steps or 0) > MOST_STEPS for how in hows):
        raise wrong("hows", f"at most {MOST_STEPS:,} steps are shown")
    x_T = model.first_noise(request)
    sides = tuple(Side(how, model.denoiser(how, request, x_T)) for how in hows)
    watched = Watched(model, request, sides)
    if not form.ideal:
        return watched
    points, why = points_or_why(model, int(request.labels[0]))
    if points is None:
        return replace(watched, why=why)
    ideal = Side(hows[-1], ideal_denoiser(points.to(model.device), model.schedule))
    return replace(watched, sides=(*sides, ideal))


async def watch_events(watched: Watched) -> AsyncIterator[bytes]:
    """Draw by one side after the other: ``begun``, ``frame`` …, ``done``."""
    model, hows = watched.model, [side.how for side in watched.sides]
    yield event(
        "begun",
        {
            "hows": [how.model_dump(mode="json") for how in hows],
            "pairs": [visited_pairs(how, model.schedule) for how in hows],
            "nfe": [how.nfe for how in hows],
            "sprites": described(watched.request),
            "why": watched.why,
        },
    )
    paths: list[list[NDArray[np.float32]]] = []
    for number, side in enumerate(watched.sides):
        paths.append([])
        begun, chain = time.perf_counter(), _frames(watched, side, paths[-1])
        while (frame := await to_thread.run_sync(next, chain, None, limiter=at_work)) is not None:
            seconds = round(time.perf_counter() - begun, 3)
            yield event("frame", {"side": number, "frame": frame, "seconds": seconds})
    points, share = await to_thread.run_sync(plane, paths)
    yield event("done", {"paths": {"points": points, "share": share}})


def _frames(
    watched: Watched, side: Side, path: list[NDArray[np.float32]]
) -> Iterator[dict[str, Any]]:
    """Every moment of a side; each x_t goes into ``path`` as well."""
    model, request = watched.model, watched.request
    x, eps = model.begin(side.how, request, model.first_noise(request)), ""
    for step in sampler_steps(side.how, side.denoise, model.schedule, x, request.noise):
        path.append(_flat(x))
        eps = _noise(step.eps_hat)
        seen = packed(pixels.decode(step.x0_hat))
        yield {"t": step.t, "x_t": packed(pixels.decode(x)), "x0": seen, "eps": eps}
        x = step.x
    path.append(_flat(x))
    final = packed(model.to_pixels(x))
    yield {"t": -1, "x_t": final, "x0": final, "eps": eps}


def plane(
    paths: list[list[NDArray[np.float32]]],
) -> tuple[list[list[list[float]]], float]:
    """The paths of several sides in the plane of the first two principal components of all x_t.

    Returns:
        for each side its points [u, v], the noise on the left; and the share of the variance that
        lies in the plane.
    """
    x = np.stack([point for path in paths for point in path]).astype(np.float64)
    x -= x.mean(axis=0)
    left, values, _ = np.linalg.svd(x, full_matrices=False)
    flat = left[:, :2] * values[:2]
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    flat *= [1 if flat[0, 0] <= 0 else -1, 1 if flat[len(paths[0]) - 1, 1] >= 0 else -1]
    ends = np.cumsum([len(path) for path in paths])[:-1]
    share = float((values[:2] ** 2).sum() / max((values**2).sum(), 1e-12))
    return [part.round(4).tolist() for part in np.split(flat, ends)], round(share, 4)


def _flat(x: Tensor) -> NDArray[np.float32]:
    values: NDArray[np.float32] = x[0].detach().float().flatten().cpu().numpy()
    return values


def _noise(eps: Tensor) -> str:
    """ε̂ as a picture: -3 … 3 from black to white, alpha left out."""
    return packed(pixels.decode(eps[:, :3] / 3))
