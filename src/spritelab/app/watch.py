"""Several samplers from one noise, every moment told: what the page's Watch shows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import torch
from anyio import to_thread
from pydantic import Field

from spritelab import pixels
from spritelab.app.answers import event, refusal_of, wrong
from spritelab.app.drawing import Drawing, at_work, described, packed, prepare
from spritelab.app.models import Shelf
from spritelab.config import SamplerSettings
from spritelab.diffusion.chains import visited_pairs
from spritelab.errors import SpritelabError
from spritelab.generate import Model, Request

MOST_STEPS = 1000
MOST_SIDES = 4


class Watching(Drawing):
    """What ``POST /api/watch`` takes: as ``POST /api/draw``, with several ways to draw."""

    hows: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=MOST_SIDES)]


Prepared = tuple[Model, list[SamplerSettings], Request]


def prepare_watching(form: Watching, shelf: Shelf) -> Prepared:
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
    return model, hows, request


async def watch_events(
    model: Model, hows: list[SamplerSettings], request: Request
) -> AsyncIterator[bytes]:
    """Draw by one sampler after the other: ``begun``, ``frame`` …, ``done``."""
    pairs = [visited_pairs(how, model.schedule) for how in hows]
    yield event(
        "begun",
        {
            "hows": [how.model_dump(mode="json") for how in hows],
            "pairs": pairs,
            "nfe": [how.nfe for how in hows],
            "sprites": described(request),
        },
    )
    for side, how in enumerate(hows):
        begun, chain = time.perf_counter(), _frames(model, how, request)
        while (frame := await to_thread.run_sync(next, chain, None, limiter=at_work)) is not None:
            seconds = round(time.perf_counter() - begun, 3)
            yield event("frame", {"side": side, "frame": frame, "seconds": seconds})
    yield event("done", {})


def _frames(model: Model, how: SamplerSettings, request: Request) -> Iterator[dict[str, Any]]:
    x = model.first_noise(request)
    eps = ""
    for step in model.chain(how, request, x):
        eps = _noise(step.eps_hat)
        seen = packed(pixels.decode(step.x0_hat))
        yield {"t": step.t, "x_t": packed(pixels.decode(x)), "x0": seen, "eps": eps}
        x = step.x
    final = packed(model.to_pixels(x))
    yield {"t": -1, "x_t": final, "x0": final, "eps": eps}


def _noise(eps: torch.Tensor) -> str:
    """ε̂ as a picture: -3 … 3 from black to white, alpha left out."""
    return packed(pixels.decode(eps[:, :3] / 3))
