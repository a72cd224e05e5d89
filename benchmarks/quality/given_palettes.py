"""Palettes that nobody trained on: how good are sprites in the colours that a user gives?

For every model and palette N sprites are drawn in that palette alone. They are measured against the
training sprites redrawn in it, each pixel in the nearest colour, as are held-out sprites redrawn in
the same way, which are the floor. *In class* says how many have their nearest training sprite, by
features, in the class that was asked for: in colours too few to tell a hero by, a model may draw
whatever has so few.

    python -m benchmarks.quality.given_palettes                     # builtin-16, minutes
    python -m benchmarks.quality.given_palettes --model runs/mine --palette my-game.gpl
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lib import console, harness, machine, palettes
from spritelab import pictures
from spritelab.errors import SettingsError
from spritelab.evaluation import Extractor, Split, find_split
from spritelab.evaluation.formatting import figure
from spritelab.evaluation.measures import frechet_and_kid
from spritelab.evaluation.metrics.neighbours import distances
from spritelab.generate import Model, load_model
from spritelab.generate.palettes import fit_channels
from spritelab.palette import Palette, apply, palette_sizes, read_palette
from spritelab.pixels import Images

MODULE = "benchmarks.quality.given_palettes"

Labels = NDArray[np.int64]

SHOWN = 12
"""Sprites of every palette that are pictured."""

LENT = "lent by training sprites"
"""The row of sprites drawn as always, and measured against real ones as they are."""


def main(argv: Sequence[str] | None = None) -> int:
    """Draw and measure everything and write the report; the exit status of ``guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    facts = machine.circumstances(device)
    extractor = Extractor(given.features, device=str(device))
    wanted = {path: read_palette(path) for path in given.palette} or palettes.public()
    models = [load_model(source, device) for source in given.model or ["builtin-16"]]
    report = {
        **facts,
        "benchmark": "given_palettes",
        "seed": given.seed,
        "frechet_name": extractor.frechet_name,
        "models": [measure(model, wanted, extractor, given) for model in models],
    }
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> harness.Parser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    add = parser.add_argument
    add("--model", action="append", help="with a palette head; may be repeated")
    add("--palette", action="append", default=[], help="a file of colours; may be repeated")
    add("--data", help="the models' sprites, if they do not say where these are")
    add("-n", type=harness.whole(2), help="sprites of a row; unset: as many as were held out")
    add("--seed", type=harness.whole(0), default=0, help="of the sprites")
    add("--features", default="effnet", help="as of spritelab evaluate")
    return parser


def measure(
    model: Model, wanted: dict[str, Palette], extractor: Extractor, given: argparse.Namespace
) -> dict[str, Any]:
    """All rows of a model: its part of the report. Writes its picture.

    Raises:
        SettingsError: for a model without a palette head.
    """
    if model.palettes is None:
        raise SettingsError(f"{model.name} has no palette head: it draws in no given colours")
    fitted = {name: fit_channels(palette, model.palettes) for name, palette in wanted.items()}
    split = find_split(model.folder, model.config, given.data)
    n = given.n or len(split.held_out)
    rows: list[dict[str, Any]] = []
    drawn: dict[str, Images] = {}
    for name, palette in [(LENT, None), *fitted.items()]:
        with console.progress(f"{model.name}, {name}") as progress:
            batch = model.sample(n, seed=given.seed, palette=palette, progress=progress)
        drawn[name] = batch.images[:SHOWN]
        found = figures((batch.images, batch.labels), split, palette, extractor)
        rows.append({"palette": name, **found})
    path = given.out.with_name(f"{given.out.stem}-{model.name}.png")
    return {
        "model": model.name,
        "n": n,
        "held_out": len(split.held_out),
        "picture": pictures.save_png(pictures.titled_rows(drawn), path).name,
        "rows": rows,
    }


def figures(
    sprites: tuple[Images, Labels], split: Split, palette: Palette | None, extractor: Extractor
) -> dict[str, dict[str, float]]:
    """Drawn and held-out sprites against the training sprites, all in one palette.

    Args:
        sprites: drawn ones, and the classes that were asked for.
        split: the real ones.
        palette: the held-out and the training sprites are redrawn in it; None: they stay.
        extractor: of the features.

    Returns:
        For ``drawn`` and ``held_out``: ``frechet``, ``kid``, ``in_class`` (a share) and ``colours``
        (a sprite).
    """
    redrawn = {
        side: one.images if palette is None else apply(one.images, palette)
        for side, one in (("training", split.training), ("held_out", split.held_out))
    }
    real = extractor(redrawn["training"])
    sides = {"drawn": sprites, "held_out": (redrawn["held_out"], split.held_out.labels)}
    found = {}
    for side, (images, asked) in sides.items():
        features = extractor(images)
        frechet, kid, *_ = frechet_and_kid(real, features)
        looks = split.training.labels[distances(features, real).argmin(axis=1)]
        found[side] = {
            "frechet": frechet,
            "kid": kid,
            "in_class": float((looks == asked).mean()),
            "colours": float(palette_sizes(images).mean()),
        }
    return found


def table(report: dict[str, Any]) -> str:
    """The report as Markdown; what held-out sprites have stands in brackets."""
    titles = ["model", "palette", report["frechet_name"], "× floor", "KID × 1000"]
    titles += ["in class", "colours"]
    lines = [
        [model["model"], row["palette"], *_line(row)]
        for model in report["models"]
        for row in model["rows"]
    ]
    counts = ", ".join(
        f"{model['n']:,} of {model['model']} ({model['held_out']:,})" for model in report["models"]
    )
    return (
        f"{harness.markdown(titles, lines)}\nSprites of a row: {counts}, seed "
        f"{report['seed']}; in brackets held-out sprites, redrawn in the palette as the training "
        "sprites are.\n\n" + harness.under_table(report)
    )


def _line(row: dict[str, Any]) -> list[str]:
    drawn, real = row["drawn"], row["held_out"]

    def beside(key: str, scale: float = 1.0) -> str:
        return f"{figure(scale * drawn[key])} ({figure(scale * real[key])})"

    return [
        *(beside("frechet"), figure(drawn["frechet"] / real["frechet"]), beside("kid", 1000)),
        f"{100 * drawn['in_class']:.0f} % ({100 * real['in_class']:.0f} %)",
        f"{drawn['colours']:.1f} ({real['colours']:.1f})",
    ]


if __name__ == "__main__":
    sys.exit(main())
