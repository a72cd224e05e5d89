"""Sprites drawn for the page: checked, drawn a step at a time, told as it goes."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import numpy as np
import torch
from anyio import CapacityLimiter, to_thread
from pydantic import Field, field_validator

from spritelab import pixels
from spritelab.app.answers import event, refusal_of, wrong
from spritelab.app.models import Shelf
from spritelab.config import (
    FirstLeg,
    Interval,
    Sampler,
    SamplerSettings,
    Settings,
    Spacing,
    Variance,
)
from spritelab.errors import SpritelabError
from spritelab.generate import Model, Request
from spritelab.generate.request import context_of
from spritelab.palette import Palette
from spritelab.pictures import data_uri, encode_png
from spritelab.pixels import Images

MOST = 100
"""Sprites of one request."""

MOST_PREVIEWS = 60
"""Pictures of the same sprites on the way; of more steps some are left out, evenly."""

at_work = CapacityLimiter(1)
"""One step of one drawing at a time: two pages that draw take turns, and both see theirs grow."""

Whole = Annotated[int, Field(ge=0, lt=2**32)]


class Drawing(Settings):
    """What ``POST /api/draw`` takes."""

    model: str
    n: Annotated[int, Field(ge=1, le=MOST)] | None = None
    numbers: Annotated[tuple[Whole, ...], Field(min_length=1, max_length=MOST)] | None = None
    variation: Annotated[int, Field(ge=0, lt=2**32 - 2)] = 0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    label: Annotated[str, Field(max_length=200)] | dict[str, float] | None = None
    palette: Annotated[tuple[str, ...], Field(min_length=1, max_length=256)] | None = None
    hard_alpha: bool | None = None
    sampler: Sampler | None = None
    steps: Annotated[int, Field(ge=1)] | None = None
    times: tuple[int, ...] | None = None
    start: str | float | None = None
    first_leg: FirstLeg | None = None
    eta: float | None = None
    variance: Variance | None = None
    spacing: Spacing | None = None
    guidance: Annotated[float, Field(ge=-20, le=20)] | None = None
    autoguidance: Annotated[float, Field(ge=-20, le=20)] | None = None
    guidance_interval: Interval | None = None
    clip: bool | None = None
    previews: bool = True

    @field_validator("seed", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        """Text is taken as well: JavaScript's numbers are whole up to 2^53 only."""
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    def changes(self) -> dict[str, Any]:
        """What is said of the sampler."""
        names = SamplerSettings.model_fields
        return {name: given for name in names if (given := getattr(self, name, None)) is not None}


def prepare(form: Drawing, shelf: Shelf) -> tuple[Model, SamplerSettings, Request]:
    """Load the model and check what is asked of it. Call it in a thread.

    Raises:
        Refusal: for what cannot be drawn, beside its field.
    """
    try:
        model = shelf.get(form.model)
        how = model.sampler_settings(**form.changes())
        for label in [form.label] if form.label is not None else []:
            try:
                context_of(label, model.class_names)
            except SpritelabError as error:
                raise wrong("label", str(error)) from None
        request = model.request(
            form.n if form.n is not None or form.numbers is not None else 20,
            form.seed,
            form.numbers,
            [form.variation] * len(form.numbers) if form.variation and form.numbers else None,
            form.label,
            given_palette(form, model),
        )
    except SpritelabError as error:
        raise refusal_of(error, Drawing) from None
    return model, how, request


def given_palette(form: Drawing, model: Model) -> Palette | None:
    """The palette that is asked for, if there is one.

    Raises:
        Refusal: for what is none, or a model that draws in none.
    """
    if form.palette is None:
        return None
    if model.palettes is None:
        raise wrong("palette", "this model has no palette head; leave the palette out")
    try:
        return Palette.from_hex(form.palette)
    except SpritelabError as error:
        raise wrong("palette", str(error).replace("`codes`", "colours")) from None


async def draw_events(
    form: Drawing, model: Model, how: SamplerSettings, request: Request
) -> AsyncIterator[bytes]:
    """Draw, and say so: ``begun``, ``step`` …, ``sprites`` …, ``done``.

    Who goes away ends it: the next step is not taken.
    """
    begun = time.perf_counter()
    yield event(
        "begun",
        {"how": how.model_dump(mode="json"), "nfe": how.nfe, "sprites": described(request)},
    )
    every = -(-(how.steps or 1) // MOST_PREVIEWS)
    for first in range(0, len(request), model.batch_size):
        part = request[first : first + model.batch_size]
        chain, taken = moments(model, how, part), 0
        while (moment := await to_thread.run_sync(next, chain, None, limiter=at_work)) is not None:
            t, x, last = moment
            taken += 1
            if last:
                images = model.to_pixels(x, form.hard_alpha)
                yield event("sprites", {"first": first, **final(request, first, images)})
            elif form.previews and taken % every == 0:
                rgba = packed(pixels.decode(x))
                yield event("step", {"first": first, "count": len(part), "t": t, "pixels": rgba})
    yield event("done", {"seconds": round(time.perf_counter() - begun, 3)})


def moments(
    model: Model, how: SamplerSettings, request: Request
) -> Iterator[tuple[int, torch.Tensor, bool]]:
    """Walk along a chain: t, the x that its step has led to, and whether that is the last."""
    for step in model.chain(how, request, model.first_noise(request)):
        yield step.t, step.x, step.t_prev == -1


def described(request: Request) -> list[dict[str, Any]]:
    """What the page is told of every sprite before it is drawn."""
    numbers = request.noise.numbers.tolist()
    return [
        {
            "number": number,
            "label": int(request.labels[i]),
            "asked": request.asked[i],
            "lender": None if request.lenders is None else int(request.lenders[i]),
            "palette": None if request.palettes is None else list(request.palettes[i].hex),
        }
        for i, number in enumerate(numbers)
    ]


def final(request: Request, first: int, images: Images) -> dict[str, Any]:
    """What an event ``sprites`` says of those from ``first`` on."""
    numbers = request.noise.numbers.tolist()[first : first + len(images)]
    pngs = [data_uri(encode_png(image)) for image in images]
    return {
        "count": len(images),
        "sprites": [{"number": n, "png": png} for n, png in zip(numbers, pngs, strict=True)],
        "pixels": packed(images),
    }


def packed(images: Images) -> str:
    """RGBA bytes ``[N,H,W,4]`` as base64: a canvas takes them as they are."""
    rgba = np.ascontiguousarray(pixels.with_channels(images, 4))
    return base64.b64encode(rgba.tobytes()).decode("ascii")
