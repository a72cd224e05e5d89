"""The pictures of a report's ``report.md``: files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spritelab import pictures
from spritelab.evaluation.comparison.answer import Answer
from spritelab.evaluation.comparison.cells import Cell
from spritelab.evaluation.comparison.charts import charts_of
from spritelab.evaluation.comparison.gallery import Gallery
from spritelab.pixels import Images
from spritelab.storage import write_file


def write_pictures(
    folder: Path,
    cells: Sequence[Cell],
    gallery: Gallery,
    facts: Mapping[str, Any],
    answer: Answer,
) -> dict[str, str]:
    """Write the pictures of ``report.md``; return their names in ``folder``."""
    slow, fast = answer.slow.how, answer.fast.how
    columns = len(gallery.slow)
    sheets: dict[str, tuple[Images, int, str]] = {
        "same_noise": (
            np.concatenate([gallery.slow, gallery.fast]),
            columns,
            f"above: {slow.name}; below: {fast.name}, from the same noise",
        ),
        "fewer_steps": (
            np.concatenate([one.images for one in gallery.fewer]),
            columns,
            "DDIM, η = 0, steps from the top: "
            + ", ".join(f"{one.steps:,}" for one in gallery.fewer),
        ),
        "variety": (
            np.concatenate([one.images[0] for one in gallery.varieties]),
            gallery.varieties[0].images.shape[1],
            "one x_T, drawn again and again, η from the top: "
            + ", ".join(f"{one.how.eta:g}" for one in gallery.varieties),
        ),
        "nearest": (
            np.concatenate([gallery.nearest[:, 0], gallery.nearest[:, 1]]),
            len(gallery.nearest),
            f"above: {fast.name}, nearest first; below: the nearest training sprites",
        ),
    }
    names = {}
    for key, (images, across, title) in sheets.items():
        names[key] = f"{key}.png"
        pictures.samples_picture(images, folder / names[key], title, columns=across)
    for key, strip in zip(("strip_slow", "strip_fast"), gallery.strips, strict=True):
        names[key] = f"{key}.png"
        pictures.strip_picture(
            strip.x_t, strip.t, folder / names[key], strip.how.name, x0_hat=strip.x0_hat
        )
    for key, svg in charts_of(cells, facts, standalone=True).items():
        names[key] = f"{key}.svg"
        write_file(folder / names[key], svg)
    return names
