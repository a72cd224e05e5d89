"""Draw the pictures of ``docs/steering.md``, all with one model and nothing picked.

python -m tools.steering_pictures builtin-16 --out docs/pictures/steering
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.lib import console, harness
from spritelab import pictures
from spritelab.generate import Model, load_model
from spritelab.pixels import Images

MODULE = "tools.steering_pictures"
N = 8
SUBJECT = 2
"""The sprite of seed 0 that is moved, redrawn and inpainted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the pictures; the exit status of ``harness.guarded``.

    Args:
        argv: the command line; None takes that of the process.
    """
    return harness.guarded(lambda: _main(argv))


def draw(model: Model) -> dict[str, dict[str, Images]]:
    """Draw all rows: by the name of a picture, its rows by their titles, uint8 ``[N,H,W,C]``."""
    plain = model.sample(N)
    own = plain[SUBJECT]
    half = np.zeros((model.size, model.size), dtype=bool)
    half[:, model.size // 2 :] = True
    cut = own.images.copy()
    cut[:, half] = 0
    found = model.invert(plain, steps=10, iterations=1)
    implicit = model.invert(plain, steps=10, iterations=6)
    a, b = model.class_names[0], model.class_names[2]
    return {
        "interpolate": {
            "sprites 0 to 1 of seed 0": model.interpolate(N).images,
            "sprites 4 to 7": model.interpolate(N, numbers=(4, 7)).images,
            "two given sprites, inverted": model.interpolate(N, sprites=plain[::3][:2]).images,
        },
        "mix": {f"{a} to {b}": model.mix((a, b), N).images},
        "vary": {
            f"amount {amount:g}": model.vary(N, amount=amount, number=SUBJECT).images
            for amount in (0.1, 0.2, 0.4)
        },
        "invert": {
            "given": plain.images,
            "back, 10 steps": found.drawn.images,
            "back, 10 steps, 6 iterations": implicit.drawn.images,
        },
        "redraw": {
            f"strength {strength:g}": model.redraw(own, strength, N).images
            for strength in (0.3, 0.5, 0.7)
        },
        "inpaint": {
            "known": cut,
            "its right half drawn": model.inpaint(own, half, N).images,
            "the same without going back": model.inpaint(own, half, N, resamplings=1).images,
        },
        "outline": {
            f"the silhouette of sprite {k}": model.outline(plain[k], N).images for k in (0, SUBJECT)
        },
    }


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    add = parser.add_argument
    add("model", help="a run, a model's folder, or the name of a shipped one; RGBA")
    add("--out", type=Path, required=True, help="the folder of the pictures")
    given = parser.parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    for name, shown in draw(load_model(given.model, device)).items():
        picture = pictures.titled_rows(shown)
        console.wrote(pictures.save_png(picture, given.out / f"{name}.png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
