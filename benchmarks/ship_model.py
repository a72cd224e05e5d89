"""Make a shipped model out of a run: its folder in the package, its card, and its gallery.

The weights become float16 on disk; what that costs is measured and stands in the card. The gallery
is 100 sprites of every class, unpicked. Every figure in the card was measured by this script or by
the training's own log.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import harness
from spritelab import __version__, pictures, runs
from spritelab.cli import console
from spritelab.config import SamplerSettings
from spritelab.evaluation import Extractor, Split, evaluate, find_split
from spritelab.evaluation.features import protocol
from spritelab.generate import Model, load_model, save_model
from spritelab.generate.folder import SHIPPED
from spritelab.storage import write_file

DOCS = Path(__file__).parent.parent / "docs" / "pictures"
PER_CLASS = 100
DPM = SamplerSettings(sampler="dpm")
COMPARED = 200
"""Sprites drawn with both precisions of the weights."""

ROWS = (
    ("FD-EffNet", "frechet", 1, "{:.2f}"),
    ("KID × 1000", "kid", 1000, "{:.3f}"),
    ("precision", "precision", 1, "{:.3f}"),
    ("recall", "recall", 1, "{:.3f}"),
    ("density", "density", 1, "{:.2f}"),
    ("coverage", "coverage", 1, "{:.3f}"),
    ("copies of training sprites, %", "copies", 100, "{:.2f}"),
    ("authentic, %", "authentic", 100, "{:.0f}"),
    ("C_T (copying below −3)", "copying_score", 1, "{:.1f}"),
    ("colours in a sprite", "colours", 1, "{:.0f}"),
    ("partly transparent pixels, %", "partly_transparent", 100, "{:.1f}"),
    ("stray pixels", "stray_pixels", 1, "{:.2f}"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return its exit status."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser("ship_model", "Make a shipped model out of a run.")
    parser.add_argument("run", type=Path, help="the run's folder")
    parser.add_argument("--name", required=True, help="what the model will be called")
    parser.add_argument("--hardware", default="", help="what it was trained on, in words")
    parser.add_argument("-n", type=int, default=3000, help="sprites to measure")
    parser.add_argument("--to", type=Path, default=SHIPPED, help="folder of the shipped models")
    parser.add_argument("--gallery", type=Path, default=DOCS, help="folder of the galleries")
    given = parser.parse_args(argv)
    device = harness.settle(given.device, given.threads)
    record = runs.read_record(given.run)
    full = load_model(given.run, device)
    split = find_split(given.run, full.config)
    folder = given.to / given.name
    config = full.config.model_copy(update={"version": __version__})
    save_model(folder, full.network.state_dict(), config, half=True)
    half = load_model(folder, device)
    report = {
        **harness.circumstances(device),
        "model": given.name,
        "run": describe_run(record, runs.read_metrics(given.run)[-1]),
        "hardware": given.hardware,
        "file": (folder / "model.safetensors").stat().st_size,
        "precision": precision_cost(full, half),
        "evaluation": measure(half, split, DPM, given.n, str(device)),
    }
    draw_gallery(half, given.gallery / given.name, DPM)
    card = write_card(half, report)
    write_file(folder / "README.md", card)
    harness.write_report(given.out, report, card)
    console.wrote(folder)
    console.wrote(given.gallery / given.name)
    return 0


def describe_run(record: runs.RunRecord, last: dict[str, Any]) -> dict[str, Any]:
    """What the run's own files say: its settings, its data and its ``last`` validation."""
    return {
        "settings": record.settings.model_dump(mode="json"),
        "data": record.data.model_dump(include={"source", "licence", "train", "held_out"}),
        "platform": record.platform,
        "torch": record.versions["torch"],
        "last": last,
    }


def precision_cost(full: Model, half: Model) -> dict[str, float]:
    """How far the sprites of float16 weights lie from those of the float32 weights.

    In levels of 255, laid on the protocol's colour: the mean over all values, and the largest mean
    of one sprite.
    """
    one, other = (
        protocol.to_rgb(model.sample(COMPARED, sampler="dpm").images).astype(np.float64)
        for model in (full, half)
    )
    each = np.abs(one - other).mean(axis=(1, 2, 3))
    return {"sprites": COMPARED, "mean_levels": float(each.mean()), "worst": float(each.max())}


def measure(
    model: Model, split: Split, how: SamplerSettings, n: int, device: str
) -> dict[str, Any]:
    """The figures of ``spritelab evaluate``, of one seed."""
    with console.progress("evaluating") as bar:
        found = evaluate(
            model,
            how,
            split=split,
            n=n,
            extractor=Extractor(device=device),
            progress=bar,
        )
    return found.as_dict()


def draw_gallery(model: Model, folder: Path, how: SamplerSettings) -> None:
    """Draw the first 100 sprites of seed 0 of every class: ``CLASS.png``."""
    for name in model.class_names:
        images = model.sample(PER_CLASS, how=how, label=name).images
        grid = pictures.grid(images, 20, 2, background="checker")
        pictures.save_png(grid, folder / f"{name}.png")


def write_card(model: Model, report: Mapping[str, Any]) -> str:
    """The model card, in Markdown, from the report alone."""
    run, facts, cost = report["run"], report["evaluation"], report["precision"]
    network = run["settings"]["network"]
    training, last, data = run["settings"]["training"], run["last"], run["data"]
    floor = facts["floor"]
    parameters = sum(p.numel() for p in model.network.parameters())
    sprites = round(last["epoch"] * data["train"])
    rows = [
        (title, *(_shown(side.get(key), scale, form) for side in (facts, facts["matched"], floor)))
        for title, key, scale, form in ROWS
    ]
    titles = ("", f"n = {facts['n']:,}", f"n = {floor['n']}", f"floor, n = {floor['n']}")
    kind = f"{model.size}×{model.size} {'RGBA' if model.channels == 4 else 'RGB'}"
    classes = f"{len(model.class_names)} classes: {', '.join(model.class_names)}"
    mirrored = "half of them shown mirrored, " if run["settings"]["data"]["mirror"] else ""
    return f"""# {report["model"]}

Draws {kind} sprites of {classes}.

```sh
spritelab sample {report["model"]} --label {model.class_names[-1]} -n 20
```

- **Data**: {data["train"]:,} sprites of `{data["source"]}` ({data["licence"]}), {mirrored}and
  {data["held_out"]} more that were never shown.
- **Licence** of the weights: that of the sprites they were learnt from, {data["licence"]}.
- **Network**: {parameters:,} parameters, preset `{run["settings"]["preset"]}`
  ({", ".join(f"{key} {value}" for key, value in network.items())});
  {report["file"] / 2**20:.1f} MiB as float16.
- **Training**: {last["step"]:,} updates of {training["batch_size"]}, {sprites:,} sprites, in
  {last["seconds"] / 60:.0f} minutes{" on " + report["hardware"] if report["hardware"] else ""};
  {training["prediction"]}-prediction, {run["settings"]["schedule"]["name"]} schedule,
  t = T·u^{training["t_power"]:g}, {training["optimiser"]} at a peak learning rate of
  {training["learning_rate"]:g}. The weights are the average of the run's end
  (`ema_width` {training["ema_width"]:g}). Held-out loss {last["val_loss"]:.4f}, training loss
  {last["train_loss"]:.4f} (error of ε̂).
- **float16 on disk** moves a sprite's colours by {cost["mean_levels"]:.2f} levels of 255 on
  average, {cost["worst"]:.2f} at worst, over {cost["sprites"]} sprites.

## Figures

DPM-Solver++ with {facts["steps"]} steps, no guidance, protocol {facts["protocol"]}. The floor is
the held-out sprites, measured as if the model had drawn them; the column before it is the model
at that same number.

{harness.markdown(titles, rows)}
{harness.under_which(report)}
A hundred sprites of every class, unpicked: `docs/pictures/{report["model"]}/` in the repository.
"""


def _shown(value: float | None, scale: float, form: str) -> str:
    return "–" if value is None else form.format(value * scale).replace("-", "−")


if __name__ == "__main__":
    sys.exit(main())
