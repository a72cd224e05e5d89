"""What a training is asked for, and the settings of a run that come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from spritelab import config
from spritelab.app.answers import refusal_of
from spritelab.app.uploads import Reading
from spritelab.config import Settings
from spritelab.errors import SpritelabError

MAX_MINUTES = 24 * 60.0

UPDATES_A_MINUTE = 240
"""Of two processors at 16×16: how often a run of so many minutes is looked at hangs on it."""

LOOKS = 10
"""Validations, grids of samples and checkpoints of a run, on such a machine."""


class Naming(Settings):
    """What ``POST /api/runs/NAME/rename`` takes."""

    name: Annotated[str, Field(max_length=200)]


class Wish(Reading):
    """What ``POST /api/runs`` takes: a name, an upload and how it is read, and three choices."""

    name: str
    upload: str
    minutes: Annotated[float, Field(gt=0, le=MAX_MINUTES)] = 10.0
    init: str | None = None
    palette: bool = True
    mirror: bool = False


def settings_of(wish: Wish, path: Path) -> dict[str, Any]:
    """The preset, and the settings that a run of this wish names; checked.

    Raises:
        Refusal: for what cannot be, beside its field.
    """
    looks = max(100, round(wish.minutes * UPDATES_A_MINUTE / LOOKS))
    named = {
        "data.source": str(path),
        "data.mirror": wish.mirror,
        "training.max_minutes": wish.minutes,
        **{f"training.{what}_every": looks for what in ("validate", "sample", "checkpoint")},
        **{f"data.{key}": value for key, value in wish.named().items()},
    }
    if wish.size is not None:
        named["data.size"] = wish.size
    preset = "small" if wish.palette else "rgba"
    if wish.init is None:
        try:
            config.preset(preset).override(named)
        except SpritelabError as error:
            raise refusal_of(error, Wish) from None
    return {"preset": preset, "named": named, "init": None}
