"""The demo: models that come along draw, one of them learns other art, and all stand side by side.

    python -m tools.demo                # what make demo runs
    python -m tools.demo --minutes 1    # a first look

It runs the commands that a user would type, and shows them. A training that was stopped goes on.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from spritelab import cli
from spritelab.cli import console

if TYPE_CHECKING:
    from spritelab.evaluation import Evaluator
    from spritelab.evaluation.measures import Measures
    from spritelab.generate import Model, ModelConfig
    from spritelab.pictures import Side

MINUTES = 7
"""Of training."""

DRAWN = 300
"""Sprites of each side that are measured; the Fréchet distance depends on their number."""

REFERENCE = 1000
"""Training sprites that they are measured against; all of them would take a slow core minutes."""

DATA = "builtin"

PARENT = "crawl-16"
"""That the training begins from. It has seen other art and other classes only, but knows outlines
and flat areas: 225 updates after it, all that a slow machine makes, figures are figures, and from
nothing they are mottled (docs/recipe.md, "Fine-tuning")."""

PACE = ("--learning-rate", "3e-3", "--set", "training.warmup=50")
"""Those of training from nothing: so many sprites have nothing to fear from a full rate."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; the exit status of the first command that fails, else 0.

    Args:
        argv: the command line; None takes that of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tools.demo", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder of all that is made"
    )
    given = parser.parse_args(argv)
    for command in commands(given.runs, given.minutes):
        console.console.print(Text(f"$ spritelab {shlex.join(command)}", "bold"), soft_wrap=True)
        if status := cli.main(command):
            return status
    console.wrote(draw_side_by_side(given.runs / "demo"))
    return 0


def commands(runs: Path, minutes: float) -> Iterator[list[str]]:
    """The commands of the demo, each as words: 60 sprites of every shipped model, and a training.

    Students are left out: their teachers draw, and guided, which no student can be.

    Args:
        runs: folder of all that is made; the training's is ``runs/demo``.
        minutes: of a new training; one that was begun before goes on as it was.
    """
    from spritelab.generate import find_model, read_config, shipped_models
    from spritelab.runs.record import record_file

    for name in shipped_models():
        if read_config(find_model(name)).distilled is not None:
            continue
        words = ["-n", "60", "--guidance", "2", "--out", str(runs / f"{name}-samples")]
        yield ["sample", name, *words, "--overwrite"]
    run = runs / "demo"
    if record_file(run) is not None:
        yield ["train", "--resume", "--out", str(run)]
    else:
        words = ["--preset", "small", "--init", PARENT, *PACE]
        yield [
            *("train", "--data", DATA, *words),
            *("--max-minutes", f"{minutes:g}", "--out", str(run)),
        ]


def draw_side_by_side(run: Path) -> Path:
    """Write ``demo.png`` into a run's folder and return its path: see ``measured_sides``.

    Raises:
        ModelError: if the run has no model; and what measuring raises.
    """
    from spritelab.evaluation import Evaluator, find_split
    from spritelab.generate import load_model
    from spritelab.pictures import save_png, side_by_side

    model = load_model(run)
    with console.progress("measuring") as bar:
        split = find_split(run, model.config)
        evaluator = Evaluator(model, split, most=REFERENCE, progress=bar)
        sides = measured_sides(evaluator)
    return save_png(side_by_side(sides, model.class_names), run / "demo.png")


def measured_sides(evaluator: Evaluator) -> list[Side]:
    """Real sprites, those of the evaluator's model and those of a shipped one, each measured.

    The real ones are held-out sprites, left out where too few are to be measured; a shipped model
    is one that learnt the same classes of the same source, left out where there is none. Each side
    is measured by its first ``DRAWN`` sprites.
    """
    import numpy as np

    from spritelab.evaluation.embedding import embed
    from spritelab.evaluation.measures import measure
    from spritelab.generate import load_model
    from spritelab.pictures import Side

    model, reference = evaluator.model, evaluator.reference
    progress, frechet_name = evaluator.progress, evaluator.extractor.frechet_name
    models = {f"your model, {model.config.step:,} updates": model}
    if (name := shipped_like(model)) is not None:
        models[f"{name}, which comes along"] = load_model(name)
    sides = []
    if (real := evaluator.held_out) is not None:
        first = np.arange(min(DRAWN, len(real)))
        figures = figures_of(measure(reference, real, of=first), frechet_name)
        sides.append(Side("real, never trained on", real.images, real.labels, figures))
    for title, drawing in models.items():
        batch = drawing.sample(DRAWN, progress=progress.part("drawing"))
        told = progress.part("features")
        drawn = embed(batch.images, batch.labels, reference, progress=told)
        figures = figures_of(measure(reference, drawn), frechet_name)
        sides.append(Side(title, batch.images, batch.labels, figures))
    return sides


def shipped_like(model: Model) -> str | None:
    """The shipped model that learnt the same classes of the same source; None if there is none."""
    from spritelab.generate import find_model, read_config, shipped_models

    def learnt(config: ModelConfig) -> tuple[object, ...]:
        return config.trained_on.source, config.class_names, config.size, config.channels

    configs = {name: read_config(find_model(name)) for name in shipped_models()}
    same = (name for name, config in configs.items() if learnt(config) == learnt(model.config))
    return next(same, None)


def figures_of(measures: Measures, frechet_name: str) -> dict[str, str]:
    """What stands under a side: the name of each figure, and the figure."""
    from spritelab.evaluation.formatting import figure

    return {
        f"{frechet_name} (0 is best)": figure(measures.frechet),
        "KID × 1000 (0 is best)": figure(1000 * measures.kid),
        "colours in a sprite": figure(measures.colours),
        "near copies": f"{figure(100 * measures.near_copies)} %",
        "sprites measured": f"{measures.n:,}",
    }


if __name__ == "__main__":
    sys.exit(main())
