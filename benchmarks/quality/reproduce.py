"""The notebook's own experiment, repeated and measured: run by ``make reproduce``.

Trains preset ``notebook`` on the Sprites data set, draws N sprites with DDPM and N with DDIM, and
measures their FID as the notebook did, with the floor and other measures beside it. Every part can
be interrupted; the same command goes on from there. ``docs/reproduce.md`` says what the figures
mean and how the notebook's recipe differs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import spritelab
from benchmarks.lib import console, harness, machine
from spritelab import data, pictures, runs
from spritelab.config import SamplerSettings, parse_assignment, preset
from spritelab.data.duplicates import exact_copies
from spritelab.errors import SettingsError
from spritelab.evaluation import Extractor
from spritelab.evaluation.features import Features
from spritelab.evaluation.features.effnet import load_effnet
from spritelab.evaluation.features.inception import (
    fetch_weights,
    is_published,
    load_inception,
)
from spritelab.evaluation.features.protocol import PROTOCOL, distinct
from spritelab.evaluation.measures import frechet_and_kid
from spritelab.evaluation.metrics import find_copies
from spritelab.evaluation.samples import Samples, SampleStore
from spritelab.generate import Model, load_model
from spritelab.pixels import Images
from spritelab.runs import Run
from spritelab.training import total_steps

MODULE = "benchmarks.quality.reproduce"

NOTEBOOK_FID = 31.9967
"""What the notebook reports, of one run without a seed."""

NOTEBOOK_N, NOTEBOOK_UPDATES = 3000, 24_000
"""What its figure was made with; any other makes a rehearsal, whose figures do not compare."""

HELD_OUT = 29_400 / 89_400
"""The notebook's share: 60,000 sprites to train on, so that 40 epochs are 24,000 updates."""


def main(argv: Sequence[str] | None = None) -> int:
    """Train, draw, measure and write ``reproduce.json`` and ``reproduce.md`` in the run's folder.

    Returns 0, 2 after a mistake that the user can mend, 130 after Ctrl-C.
    """
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    add = parser.add_argument
    add("--out", type=Path, default=Path("runs/notebook"), help="folder of the run")
    add("--epochs", type=float, default=40, help="passes over the sprites")
    add("-n", type=harness.whole(2), default=3000, help="sprites on each side of a measure")
    add("--seed", type=harness.whole(0), default=0, help="of the samples")
    add("--weights", type=Path, help="Inception weights; downloaded if not given")
    add("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    given = parser.parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    facts = machine.circumstances(device)
    # All that may be missing comes first: nobody should learn of it after hours of training.
    with console.progress("fetching") as progress:
        weights = given.weights or fetch_weights(progress=progress)
        load_inception(weights)
        load_effnet()
        spritelab.load_sprites("sprites", n=1, progress=progress)
    run = open_run(given.out, given.epochs, given.changes)
    train(run, device.type == "cpu")
    report = {**facts, **measure(run, device, given.n, given.seed, weights)}
    harness.write_report(given.out / "reproduce.json", report, table(report))
    return 0


def open_run(out: Path, epochs: float, changes: Sequence[str]) -> Run:
    """Begin the run, or open it to go on; ``changes`` are words such as ``training.seed=1``.

    Raises:
        SettingsError: for a setting that there is not, or that contradicts the run that was begun.
        DataError: if the sprites cannot be read.
    """
    overrides = {"training.epochs": epochs, **dict(map(parse_assignment, changes))}
    if runs.record_file(out) is not None:
        return runs.resume_run(out, overrides)
    recipe = {"data.source": "sprites", "data.held_out": HELD_OUT, **overrides}
    return runs.start_run(preset("notebook").override(recipe), out)


def train(run: Run, cpu: bool) -> None:
    """Train the run to its end and draw its pictures.

    Raises:
        KeyboardInterrupt: if it was stopped; it has been saved then.
    """
    total = total_steps(run.settings.training, len(run.train_sprites))
    with console.progress("updates") as progress:
        for update in run.train(cpu=cpu):
            progress(update.step, total, f"loss {update.loss:.4f}")
    if run.stopped:
        raise KeyboardInterrupt("run the same command again to go on")
    with console.progress("pictures") as progress:
        runs.draw_pictures(run.folder, progress)


def measure(run: Run, device: torch.device, n: int, seed: int, weights: Path) -> dict[str, Any]:
    """Draw and measure: the report without its circumstances.

    Raises:
        SettingsError: if there are fewer than n sprites on a side.
    """
    whole = data.read(run.settings.data)
    sides = {"training": len(run.train_sprites), "held-out": len(run.held_out)}
    smallest = min(sides, key=sides.__getitem__)
    if n > sides[smallest]:
        raise SettingsError(f"N may be {sides[smallest]:,} at most, the {smallest} sprites")
    model = load_model(run.folder, device)
    sets: dict[str, Images] = {}
    drawing: dict[str, Any] = {}
    for name, how in samplers(model.schedule.timesteps).items():
        samples = draw_samples(model, run.folder / "reproduce", name, how, n, seed)
        sets[name] = samples.images
        seconds = round(float(samples.seconds.sum()), 1)
        drawing[name] = {**how.model_dump(mode="json"), "seconds": seconds}
    sets["held-out"] = run.held_out.images[:n]
    references = {
        "training": run.train_sprites.images[:n],
        "file": whole.images[:n],
    }
    extractors = (
        Extractor("pytorch-fid", weights, str(device)),
        Extractor("inception", weights, str(device)),
        Extractor("effnet", device=str(device)),
    )
    measures = []
    for extractor in extractors:
        kept = {}
        for name, images in {**sets, **references}.items():
            with console.progress(f"{extractor.name} features, {name}") as progress:
                kept[name] = extractor(images, progress)
        measures += [
            {"features": extractor.name, "set": name, "against": against}
            | distances(kept[against], kept[name])
            for against in references
            for name in sets
        ]
    copies = {
        name: find_copies(images, run.train_sprites.images[distinct(run.train_sprites.images)])
        for name, images in sets.items()
    }
    return {
        "benchmark": "reproduce",
        "n": n,
        "seed": seed,
        "notebook_fid": NOTEBOOK_FID,
        "protocol": PROTOCOL,
        "weights_published": is_published(weights),
        "data": data_facts(run, whole.images),
        "training": {
            "updates": model.config.step,
            "settings": run.settings.model_dump(mode="json"),
            "log": runs.read_metrics(run.folder),
        },
        "drawing": drawing,
        "measures": measures,
        "copies": {name: found.share for name, found in copies.items()},
    }


def samplers(timesteps: int) -> dict[str, SamplerSettings]:
    """What is drawn: DDPM as on the notebook's page (no clipping of x̂_0, σ² = β), and DDIM."""
    ddpm = SamplerSettings(sampler="ddpm", variance="beta", clip=False)
    return {
        "ddpm": ddpm.complete(timesteps),
        "ddim": SamplerSettings(sampler="ddim").complete(timesteps),
    }


def draw_samples(
    model: Model, folder: Path, name: str, how: SamplerSettings, n: int, seed: int
) -> Samples:
    """Draw n sprites, or take those that an interrupted call left, and a picture of some."""
    with console.progress(f"{name}: evaluations") as progress:
        samples = SampleStore(model, folder).draw(how, seed, n, progress)
    title = f"{how.name}: the first 20 of {n:,}"
    pictures.samples_picture(samples.images[:20], folder / f"{name}.png", title)
    return samples


def distances(real: Features, generated: Features) -> dict[str, float]:
    """Fréchet distance and KID between two sets of features."""
    frechet, kid, kid_std, _ = frechet_and_kid(real, generated)
    return {"frechet": frechet, "kid": kid, "kid_std": kid_std}


def data_facts(run: Run, images: Images) -> dict[str, Any]:
    """Say how many of the file's images are distinct, and whether they repeat as its labels do."""
    number = exact_copies(images)
    period = next((p for p in (894, 1788) if bool((number[p:] == number[:-p]).all())), None)
    return {
        "rows": len(images),
        "distinct": int(number.max()) + 1,
        "repeats_every": period,
        "training": len(run.train_sprites),
        "training_distinct": len(distinct(run.train_sprites.images)),
        "held_out": len(run.held_out),
        "held_out_distinct": len(distinct(run.held_out.images)),
    }


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    n, data = report["n"], report["data"]
    found = {(m["features"], m["set"], m["against"]): m for m in report["measures"]}
    headline = found["pytorch-fid", "ddpm", "training"]["frechet"]
    names = {
        "ddpm": f"DDPM, {report['drawing']['ddpm']['steps']} steps",
        "ddim": f"DDIM, {report['drawing']['ddim']['steps']} steps",
        "held-out": "floor: held-out sprites",
    }
    columns = (
        ("FID as pytorch-fid", "pytorch-fid", "training", "frechet"),
        ("the same, first rows of the file", "pytorch-fid", "file", "frechet"),
        ("FID, whole-pixel protocol", "inception", "training", "frechet"),
        ("FD-EffNet", "effnet", "training", "frechet"),
        ("KID-EffNet × 1000", "effnet", "training", "kid"),
    )
    # Groups of copies are never cut, so the training side may miss 60,000 sprites by a few.
    long = report["training"]["updates"] > 0.99 * NOTEBOOK_UPDATES
    whole = n == NOTEBOOK_N and long
    compared = (
        f"the notebook reports {NOTEBOOK_FID}"
        if whole and report["weights_published"]
        else f"a rehearsal, not comparable with the notebook's {NOTEBOOK_FID}"
    )
    lines = [
        f"# FID {headline:.2f} for {n:,} DDPM sprites: {compared}",
        "",
        f"After {report['training']['updates']:,} updates, against the first {n:,} training "
        f"sprites. The file's {data['rows']:,} rows hold {data['distinct']:,} distinct images; "
        f"{data['training_distinct']:,} of them are trained on, {data['held_out_distinct']:,} are "
        "held out.",
        "",
        f"| {n:,} of | {' | '.join(title for title, *_ in columns)} | copies |",
        f"|---|{'---:|' * (len(columns) + 1)}",
    ]
    for name, title in names.items():
        cells = []
        for _, features, against, key in columns:
            value = found[features, name, against][key]
            cells.append(f"{1000 * value:.2f}" if key == "kid" else f"{value:.2f}")
        lines.append(f"| {title} | {' | '.join(cells)} | {report['copies'][name]:.1%} |")
    return "\n".join(lines) + "\n\n" + harness.under_table(report)


if __name__ == "__main__":
    sys.exit(main())
