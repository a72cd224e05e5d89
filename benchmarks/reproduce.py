"""The seed's own experiment, repeated and measured: run by ``make reproduce``.

Trains preset ``notebook`` on the Sprites data set, draws N sprites with DDPM and N with DDIM, and
measures their FID as the notebook did, with the floor and other measures beside it. Every part can
be interrupted; the same command goes on from there. ``docs/reproduce.md`` says what the figures
mean and how the notebook's recipe differs.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

import spritelab
from spritelab import cli, data, pictures, runs
from spritelab.cli import console
from spritelab.data.duplicates import exact_copies
from spritelab.errors import SettingsError, SpritelabError
from spritelab.evaluation.features import Extractor, Features
from spritelab.evaluation.features.effnet import load_effnet
from spritelab.evaluation.features.inception import (
    WEIGHTS_SHA256_PREFIX,
    fetch_weights,
    load_inception,
)
from spritelab.evaluation.features.protocol import PROTOCOL, distinct
from spritelab.evaluation.metrics import find_copies, frechet_distance, kernel_distance
from spritelab.evaluation.samples import DRAWING, model_identity
from spritelab.generate import Model, load_model
from spritelab.pixels import Images
from spritelab.runs import Run
from spritelab.storage import digest, write_file, write_json
from spritelab.storage.arrays import load_arrays, save_arrays

NOTEBOOK_FID = 31.9967
"""What the notebook reports, of one run without a seed."""

NOTEBOOK_N, NOTEBOOK_UPDATES = 3000, 24_000
"""What its figure was made with; any other makes a rehearsal, whose figures do not compare."""

HELD_OUT = 29_400 / 89_400
"""The notebook's share: 60,000 sprites to train on, so that 40 epochs are 24,000 updates."""

BLOCK = 250
"""Sprites drawn between two files, so that an interruption loses no more."""


def main() -> int:
    """Train, draw, measure and write ``reproduce.json`` and ``reproduce.md`` in the run's folder.

    Returns 0, 2 after a mistake that the user can mend, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(description="Repeat the seed's experiment and measure it.")
    parser.add_argument("--out", type=Path, default=Path("runs/seed"), help="folder of the run")
    parser.add_argument("--epochs", type=float, default=40, help="passes over the sprites")
    parser.add_argument("-n", type=int, default=3000, help="sprites on each side of a measure")
    parser.add_argument("--seed", type=int, default=0, help="of the samples")
    parser.add_argument("--weights", type=Path, help="Inception weights; downloaded if not given")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    given = parser.parse_args()
    warnings.showwarning = console.show_warning
    try:
        if given.n < 2:
            raise SettingsError(f"measures need at least 2 sprites, not {given.n}")
        # All that may be missing comes first: nobody should learn of it after hours of training.
        with console.progress("fetching", transient=True) as bar:
            weights = given.weights or fetch_weights(progress=bar)
            load_inception(weights)
            load_effnet()
            spritelab.load_sprites("sprites", n=1, progress=bar)
        if status := train(given.out, given.epochs, given.changes):
            return status
        report = measure(given.out, given.n, given.seed, weights)
    except SpritelabError as mistake:
        console.error(str(mistake))
        return 2
    except KeyboardInterrupt:
        console.say("interrupted", "run the same command again to go on")
        return 130
    text = table(report)
    path = given.out / "reproduce.json"
    write_json(path, report)
    write_file(path.with_suffix(".md"), text)
    print(text)
    console.wrote(path)
    console.wrote(path.with_suffix(".md"))
    return 0


def train(out: Path, epochs: float, changes: list[str]) -> int:
    """Train the run, or go on with it, by ``spritelab train``; return its exit status."""
    words = ["train", "--out", str(out), "--epochs", str(epochs)]
    if runs.record_file(out) is not None:
        words.append("--resume")
    else:
        words += ["--preset", "notebook", "--data", "sprites", "--set", f"data.held_out={HELD_OUT}"]
    for change in changes:
        words += ["--set", change]
    return cli.main(words)


def measure(out: Path, n: int, seed: int, weights: Path) -> dict[str, Any]:
    """Draw and measure: the report, as it is written to ``reproduce.json``."""
    with console.console.status("reading the sprites"):
        run = runs.resume_run(out)
        whole = data.read(run.settings.data)
    sides = {"training": len(run.train_sprites), "held-out": len(run.held_out)}
    smallest = min(sides, key=sides.__getitem__)
    if n > sides[smallest]:
        raise SettingsError(f"N may be {sides[smallest]:,} at most, the {smallest} sprites")
    model = load_model(out)
    sets: dict[str, Images] = {}
    drawing: dict[str, Any] = {}
    for name, request in samplers(model.schedule.timesteps).items():
        sets[name], drawing[name] = draw(model, out, name, request, n, seed)
    sets["held-out"] = run.held_out.images[:n]
    references = {
        "training": run.train_sprites.images[:n],
        "file": whole.images[:n],
    }
    device = model.device
    extractors = (
        Extractor("pytorch-fid", weights, str(device)),
        Extractor("inception", weights, str(device)),
        Extractor("effnet", device=str(device)),
    )
    measures = []
    for extractor in extractors:
        kept = {}
        for name, images in {**sets, **references}.items():
            with console.progress(f"{extractor.name} features, {name}", n) as tell:
                kept[name] = extractor(images, tell)
        measures += [
            {"features": extractor.name, "set": name, "against": against}
            | distances(kept[name], kept[against])
            for against in references
            for name in sets
        ]
    copies = {
        name: find_copies(images, run.train_sprites.images[distinct(run.train_sprites.images)])
        for name, images in sets.items()
    }
    return {
        "n": n,
        "seed": seed,
        "notebook_fid": NOTEBOOK_FID,
        "protocol": PROTOCOL,
        "weights_published": is_published(weights),
        "data": data_facts(run, whole.images),
        "training": {
            "updates": model.config.step,
            "settings": run.settings.model_dump(mode="json"),
            "log": runs.read_metrics(out),
        },
        "drawing": drawing,
        "measures": measures,
        "copies": {name: found.share for name, found in copies.items()},
        "made_with": made_with(device),
    }


def samplers(timesteps: int) -> dict[str, dict[str, Any]]:
    """What is drawn: DDPM as on the notebook's page (no clipping of x̂_0, σ² = β), and DDIM."""
    return {
        "ddpm": {"sampler": "ddpm", "steps": timesteps, "variance": "beta", "clip": False},
        "ddim": {"sampler": "ddim", "steps": min(50, timesteps), "eta": 0.0},
    }


def draw(
    model: Model, out: Path, name: str, request: dict[str, Any], n: int, seed: int
) -> tuple[Images, dict[str, Any]]:
    """Draw n sprites, block by block; blocks that lie there from an earlier session are taken.

    Returns uint8 ``[n,H,W,3]`` and how they were drawn.
    """
    key = digest(model_identity(model), DRAWING, request, seed)[:12]
    folder = out / "reproduce" / f"{name}-{key}"
    blocks: list[Images] = []
    seconds = 0.0
    for first in range(0, n, BLOCK):
        last = min(first + BLOCK, n)
        path = folder / f"{first:05d}-{last:05d}.npz"
        block = load_arrays(path, "images", "seconds")
        if block is None:
            with console.progress(f"{name}: evaluations, sprites {first} … {last - 1}") as tell:
                batch = model.sample(
                    seed=seed,
                    numbers=range(first, last),
                    progress=tell,
                    **request,
                )
            block = {"images": batch.images, "seconds": np.array(batch.seconds)}
            save_arrays(path, **block)
        blocks.append(block["images"])
        seconds += float(block["seconds"])
    images = np.concatenate(blocks)
    steps = request["steps"]
    title = f"{name.upper()}, {steps} steps: the first 20 of {n:,}"
    pictures.samples_picture(images[:20], folder.with_name(f"{name}.png"), title)
    return images, {**request, "seconds": round(seconds, 1)}


def distances(a: Features, b: Features) -> dict[str, float]:
    """Fréchet distance and KID between two sets of features."""
    kid, kid_std = kernel_distance(a, b, subset_size=min(1000, len(a)))
    return {"frechet": frechet_distance(a, b), "kid": kid, "kid_std": kid_std}


def is_published(weights: Path) -> bool:
    """Whether these are the weights that a FID is measured with, by the digits in their name."""
    with weights.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().startswith(WEIGHTS_SHA256_PREFIX)


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


def made_with(device: torch.device) -> dict[str, str]:
    """What a figure depends on besides the settings: code, packages and machine."""
    where = Path(__file__).parent
    asked = subprocess.run(
        ["git", "-C", str(where), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return {
        "commit": asked.stdout.strip() or "unknown",
        "spritelab": spritelab.__version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "threads": str(torch.get_num_threads()),
        "date": time.strftime("%Y-%m-%d"),
    }


def table(report: dict[str, Any]) -> str:
    """The report in words: Markdown."""
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
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
