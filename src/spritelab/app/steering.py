"""Drawings of a sprite that the page sends: made noisy and drawn anew, or drawn in part."""

from __future__ import annotations

import base64
import binascii
import threading
import time
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from pydantic import Field

from spritelab.app.answers import event, refusal_of, wrong
from spritelab.app.drawing import Drawing, at_work, described, final, given_palette, prepare
from spritelab.app.models import Shelf
from spritelab.config import SamplerSettings
from spritelab.diffusion.chains import evaluations, visited_pairs
from spritelab.errors import SpritelabError
from spritelab.generate import Model, Request, SpriteBatch
from spritelab.generate.steering import inpainting, redrawing
from spritelab.generate.steering.given import read_given, request_of
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.progress import Progress

BATCH = 4
"""Drawings at a time, and one to begin with: each is shown as soon as it is there."""

Bytes = Annotated[str, Field(max_length=2**16)]


class Steered(Drawing):
    """What ``POST /api/steer`` takes: as ``POST /api/draw``, with a sprite and what to do to it."""

    by: Literal["redraw", "inpaint"]
    pixels: Bytes
    mask: Bytes | None = None
    strength: float = 0.5
    jump: Annotated[int, Field(ge=1, le=1000)] = 2
    resamplings: Annotated[int, Field(ge=1, le=100)] = 5


@dataclass(frozen=True)
class Prepared:
    """All that drawing needs, checked.

    Attributes:
        image: uint8 ``[H,W,4]``.
        mask: bool ``[H,W]``, True where to draw; None to redraw all of it.
        evaluations: of the network, a drawing.
    """

    model: Model
    how: SamplerSettings
    request: Request
    image: Images
    mask: NDArray[np.bool_] | None
    palette: Palette | None
    evaluations: int


class _Gone(Exception):  # noqa: N818 (who asked has gone, and nobody is told)
    pass


def prepare_steering(form: Steered, shelf: Shelf) -> Prepared:
    """Load the model and check what is asked of it. Call it in a thread.

    Raises:
        Refusal: for what cannot be drawn, beside its field.
    """
    model, how, named = prepare(form, shelf)
    palette = given_palette(form, model)
    shape = (model.size, model.size)
    image = _unpacked("pixels", form.pixels, (*shape, 4))
    mask = None
    if form.by == "inpaint":
        if form.mask is None:
            raise wrong("mask", "say which pixels are to be drawn")
        mask = _unpacked("mask", form.mask, shape) > 0
        if not mask.any():
            raise wrong("mask", "there is nothing to draw; select the pixels that are to be drawn")
    try:
        given = read_given(image, model).repeat(len(named))
        numbers = named.noise.numbers.tolist()
        own = form.by == "inpaint"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            request = request_of(
                given, model, form.seed, numbers, form.label, palette, own_colours=own
            )
        if own:
            steps = inpainting.walked(visited_pairs(how, model.schedule), form.resamplings)
        else:
            steps = redrawing.pairs_from(form.strength, how, model.schedule)
    except SpritelabError as error:
        raise refusal_of(error, Steered) from None
    made = evaluations(how, model.schedule, steps)
    return Prepared(model, how, request, image, mask, palette, made)


def _unpacked(name: str, text: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise wrong(name, "it is no base64") from None
    if len(content) != np.prod(shape):
        told = "×".join(str(n) for n in shape)
        raise wrong(name, f"this model needs {told} bytes, not {len(content)}")
    return np.frombuffer(content, np.uint8).reshape(shape)


async def steer_events(form: Steered, ready: Prepared) -> AsyncIterator[bytes]:
    """Draw, and say so: ``begun``, ``sprites`` …, ``done``. Who goes away ends it."""
    begun, request = time.perf_counter(), ready.request
    how = ready.how.model_dump(mode="json")
    told = {"how": how, "nfe": ready.evaluations, "sprites": described(request)}
    yield event("begun", told)
    gone = threading.Event()
    try:
        first = 0
        while first < len(request):
            count = BATCH if first else 1
            numbers = request.noise.numbers.tolist()[first : first + count]
            draw = partial(_drawn, form, ready, numbers, gone)
            batch = await to_thread.run_sync(draw, limiter=at_work, abandon_on_cancel=True)
            yield event("sprites", {"first": first, **final(request, first, batch.images)})
            first += count
    finally:
        gone.set()
    yield event("done", {"seconds": round(time.perf_counter() - begun, 3)})


def _drawn(
    form: Steered, ready: Prepared, numbers: list[int], gone: threading.Event
) -> SpriteBatch:
    def told(*_: Any) -> None:
        if gone.is_set():
            raise _Gone

    model, n, progress = ready.model, len(numbers), Progress(told)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if ready.mask is None:
            return model.redraw(
                ready.image,
                form.strength,
                n,
                ready.how,
                seed=form.seed,
                numbers=numbers,
                label=form.label,
                palette=ready.palette,
                hard_alpha=form.hard_alpha,
                progress=progress,
            )
        return model.inpaint(
            ready.image,
            ready.mask,
            n,
            ready.how,
            jump=form.jump,
            resamplings=form.resamplings,
            seed=form.seed,
            numbers=numbers,
            label=form.label,
            palette=ready.palette,
            hard_alpha=form.hard_alpha,
            progress=progress,
        )
