"""The report of a comparison: ``index.html``, ``report.json``, ``report.md`` and its pictures.

The page holds everything it shows: sprites as PNG in data URIs at their own size, enlarged by
whole factors by the browser, and curves as SVG. It runs no script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spritelab.errors import SettingsError
from spritelab.evaluation.comparison.answer import Answer, find_answer, plus_minus, short
from spritelab.evaluation.comparison.cells import LOCK, Cell, Comparison, comparing
from spritelab.evaluation.comparison.charts import charts_of
from spritelab.evaluation.comparison.gallery import Gallery, make_gallery
from spritelab.evaluation.comparison.grid import check_grid
from spritelab.evaluation.comparison.pictures import write_pictures
from spritelab.evaluation.facts import (
    FORMAT,
    drawing_facts,
    floor_facts,
    protocol_facts,
    score_facts,
)
from spritelab.evaluation.formatting import duration, figure
from spritelab.evaluation.split import Split
from spritelab.markup import code, plain
from spritelab.pictures import data_uri, encode_png
from spritelab.pixels import Images
from spritelab.storage import check_writable, write_file, write_record

CELLS = "cells"
"""Where a report's folder holds its cells."""

OWN = {"index.html", "report.json", "report.md", "pictures", CELLS}
"""All that a report's folder holds."""


@dataclass(frozen=True)
class About:
    """What a report says of where it comes from.

    Attributes:
        title: the model's name.
        command: what makes the report again.
        version: of spritelab.
    """

    title: str
    command: str
    version: str


@contextmanager
def reporting(folder: Path) -> Iterator[None]:
    """Keep a report's folder to oneself while its cells and itself are made.

    Raises:
        SettingsError, StorageError: at once, as ``check_folder``.
    """
    check_folder(folder)
    with comparing(folder / CELLS):
        yield


def check_folder(folder: Path) -> None:
    """Check that a report may be written to ``folder``.

    Raises:
        SettingsError: unless it is new, empty, or holds a report that this one goes on with.
        StorageError: if nothing can be written there, or another process makes a report there.
    """
    if not folder.exists():
        check_writable(folder)
        return
    if not folder.is_dir():
        raise SettingsError(f"{folder} is a file; choose another `folder`")
    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if there - OWN or (there and not there & {CELLS, "report.json"}):
        raise SettingsError(f"{folder} exists and holds other files; choose another `folder`")
    check_writable(folder / CELLS)
    if (folder / CELLS / LOCK).exists():
        with comparing(folder / CELLS):
            pass


def write_report(
    folder: Path, comparison: Comparison, split: Split, about: About
) -> dict[str, Any]:
    """Write the report and return the content of ``report.json``.

    Raises:
        SettingsError: as ``check_grid`` does.
        StorageError: if a file cannot be written, or another process makes cells for a report.
    """
    check_grid(comparison.plan.grid)
    with comparing(comparison.plan.folder):
        return _write(folder, comparison, split, about)


def _write(folder: Path, comparison: Comparison, split: Split, about: About) -> dict[str, Any]:
    plan, cells = comparison.plan, comparison.cells
    answer = find_answer(cells, plan.reference.extractor.frechet_name)
    gallery = make_gallery(comparison, answer)
    facts = as_dict(comparison, split, about, answer, gallery)
    environment = Environment(
        loader=PackageLoader("spritelab.evaluation.comparison"),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "figure": figure,
        "duration": duration,
        "plain": plain,
        "code": code,
        "percent": _percent,
        "png": png_uri,
    }
    size = plan.store.config.size
    shown = {
        "about": about,
        "facts": facts,
        "answer": answer,
        "cells": cells,
        "gallery": gallery,
        "pictures": write_pictures(folder / "pictures", cells, gallery, facts, answer),
        "rows": _rows(cells, facts["cells"]),
        "matrix": matrix(cells),
        "charts": {key: Markup(svg) for key, svg in charts_of(cells, facts).items()},
        "floor": plan.floor,
        "name": facts["frechet_name"],
        "zoom": max(1, 64 // size),
        "zoom_small": max(1, 32 // size),
        "zoom_print": max(1, 48 // size),
        "size": size,
        "short": short,
    }
    page = (
        environment.get_template("report.html")
        .render(shown)
        .replace("η = ", "η\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    )
    text = environment.get_template("report.md").render(shown)
    # The page last: whoever sees it finds the rest of the same report beside it.
    write_record(folder / "report.json", facts)
    write_file(folder / "report.md", text)
    write_file(folder / "index.html", page)
    return facts


def as_dict(
    comparison: Comparison, split: Split, about: About, answer: Answer, gallery: Gallery
) -> dict[str, Any]:
    """The report in plain values; the keys are described in ``docs/evaluation.md``."""
    plan = comparison.plan
    config = plan.store.config
    return {
        "format": FORMAT,
        "version": about.version,
        "command": about.command,
        "answer": {
            "headline": answer.headline,
            "more": list(answer.more),
            "slow": answer.slow.how.model_dump(mode="json"),
            "fast": answer.fast.how.model_dump(mode="json"),
            "difference": asdict(answer.difference),
        },
        "model": {
            "name": about.title,
            "identity": plan.store.identity,
            "steps_trained": config.step,
            "timesteps": config.schedule.timesteps,
            "prediction": config.prediction,
            "size": config.size,
            "channels": config.channels,
            "class_names": list(config.class_names),
            "palettes": plan.store.palettes,
        },
        "data": {
            "source": split.source,
            "training": len(split.training),
            "held_out": len(split.held_out),
            "training_hash": split.training.content_hash,
            "held_out_hash": split.held_out.content_hash,
            "verified": split.verified,
        },
        **protocol_facts(plan.reference),
        "n": plan.n,
        "seeds": list(plan.seeds),
        "floor": floor_facts(plan.floor),
        "cells": [
            {
                **score_facts(cell.scores, plan.floor),
                **drawing_facts(cell.how, cell.seeds, cell.seconds, plan.store.palettes),
                "device": cell.device,
                "threads": cell.threads,
            }
            for cell in comparison.cells
        ],
        "same_noise": {
            "slow_against_fast": gallery.apart,
            "unrelated": gallery.unrelated,
            "fewer_steps": [
                {"steps": one.steps, "difference": one.difference} for one in gallery.fewer
            ],
            "variety": [
                {**one.how.model_dump(mode="json"), "difference": one.difference}
                for one in gallery.varieties
            ],
        },
    }


def png_uri(image: Images) -> str:
    """One sprite, uint8 ``[H,W,C]``, as a PNG in a data URI, pixel for pixel."""
    return data_uri(encode_png(image))


def matrix(cells: Sequence[Cell]) -> dict[str, Any]:
    """Fréchet distance by steps and family of settings; the lowest of all is marked.

    Settings of one family and one number of steps, which their own times alone tell apart, stand
    in one place, one after the other.
    """
    families = list(dict.fromkeys(cell.how.family for cell in cells))
    best = min(cell.mean("frechet") for cell in cells)
    rows = []
    for steps in sorted({cell.steps for cell in cells}):
        row = []
        for family in families:
            here = [cell for cell in cells if (cell.steps, cell.how.family) == (steps, family)]
            row.append(
                {
                    "text": "; ".join(map(plus_minus, here)),
                    "best": any(cell.mean("frechet") == best for cell in here),
                }
            )
        rows.append((steps, row))
    return {"families": families, "rows": rows}


def _rows(cells: Sequence[Cell], facts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The table of all cells, each measure with its ratio to the floor."""
    return [
        {"cell": cell, "one": one, "ratio": one["ratio"] or {}}
        for cell, one in zip(cells, facts, strict=True)
    ]


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
