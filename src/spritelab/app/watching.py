"""A run as it goes on, told as events: read from its folder, whoever trains it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from anyio import to_thread

from spritelab.app.answers import Refusal, event
from spritelab.app.trainings import Trainings
from spritelab.data.decode import decode
from spritelab.pictures import encode_png, grid
from spritelab.pictures.layout import good_columns
from spritelab.storage import parse_json

LOOK_SECONDS = 1.0

MOST_POINTS = 600
"""Of the loss curve at first; what comes later comes one by one."""

KEEP_ALIVE = b": still here\n\n"
"""Said when there is nothing else, so that a page that has gone is noticed."""

_GAP = 4  # pixels between sprites
_SHOWN = 48  # pixels of a sprite, about

_GRID = re.compile(r"step-(\d{8})\.png")


class Lines:
    """The JSON lines of a file that grows: those that were added since the last look."""

    def __init__(self, path: Path) -> None:
        self.path, self.at = path, 0

    def added(self) -> tuple[list[dict[str, Any]], bool]:
        """New lines, and whether the file was begun anew, so that they are all that there are."""
        try:
            size = self.path.stat().st_size
            anew, self.at = size < self.at, 0 if size < self.at else self.at
            with self.path.open("rb") as file:
                file.seek(self.at)
                text = file.read()
        except OSError:
            return [], False
        whole = text[: text.rfind(b"\n") + 1]
        self.at += len(whole)
        found = []
        for line in whole.splitlines():
            try:
                value = parse_json(line.decode("utf-8"))
            except ValueError:
                continue
            if isinstance(value, dict):
                found.append(value)
        return found, anew


def latest_grid(run: Path) -> int | None:
    """The updates of the last grid of samples along the way; None if there is none yet."""
    found = [
        match for path in (run / "samples").glob("*.png") if (match := _GRID.fullmatch(path.name))
    ]
    return max((int(match[1]) for match in found), default=None)


def small_grid(run: Path, step: int) -> bytes:
    """The sprites of the last grid of samples, smaller and without its title: a PNG.

    Of a run that kept no bare sprites it is the grid as it is.

    Raises:
        DataError: if the picture is broken.
        Refusal: 404 if it is gone.
    """
    from spritelab.runs.pictures import LATEST

    bare, whole = run / "samples" / LATEST, run / "samples" / f"step-{step:08d}.png"
    try:
        if not bare.is_file():
            return whole.read_bytes()
        content = bare.read_bytes()
    except OSError:
        raise Refusal("there are no samples", status=404) from None
    row = decode(content)[0]
    side = row.shape[0]
    sprites = np.stack(np.split(row, row.shape[1] // side, axis=1))
    return encode_png(grid(sprites, good_columns(len(sprites)), max(2, _SHOWN // side), _GAP))


async def run_events(trainings: Trainings, name: str) -> AsyncIterator[bytes]:
    """Tell of a run until it is over: ``state``, ``losses``, ``validations``, ``samples``."""
    run = trainings.runs / name
    live, metrics = Lines(trainings.live(name)), Lines(run / "metrics.jsonl")
    shown: dict[str, Any] = {}
    grid: int | None = None
    while True:
        state = await to_thread.run_sync(trainings.state, name)
        said = False
        for kind, lines in (("losses", live), ("validations", metrics)):
            points, anew = await to_thread.run_sync(lines.added)
            if points or anew:
                said = True
                every = -(-len(points) // MOST_POINTS) if points else 1
                yield event(kind, {"points": points[::-1][::every][::-1], "anew": anew})
        newest = await to_thread.run_sync(latest_grid, run)
        if newest != grid and newest is not None:
            grid, said = newest, True
            yield event("samples", {"step": grid, "file": f"step-{grid:08d}.png"})
        if state != shown:
            shown, said = state, True
            yield event("state", state)
        if state["state"] not in ("running", "waiting"):
            return
        if not said:
            yield KEEP_ALIVE
        await anyio.sleep(LOOK_SECONDS)
