"""Draw the same sprites in other palettes: one row for each palette, the same seeds in each.

    python -m tools.palette_picture MODEL --out docs/pictures/palettes.png

The rows are: the palettes that training sprites lend; the same with all hues turned by half a
circle; and palettes that no model learnt, of ``benchmarks.lib.palettes``. Nothing is picked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.lib import console, harness, palettes
from spritelab import pictures
from spritelab.generate import Model, load_model
from spritelab.palette import Palette, from_oklab, to_oklab

MODULE = "tools.palette_picture"


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the picture; the exit status of ``harness.guarded``.

    Args:
        argv: the command line; None takes that of the process.
    """
    return harness.guarded(lambda: _main(argv))


def opposite(palette: Palette) -> Palette:
    """Turn all hues by half a circle in OKLab; colours outside of sRGB are clipped."""
    lab = to_oklab(palette.colours[:, :3])
    lab[:, 1:] *= -1
    return Palette(np.concatenate([from_oklab(lab), palette.colours[:, 3:]], axis=1))


def draw(model: Model, n: int, seed: int) -> pictures.Picture:
    """Draw sprites 0 … n-1 of ``seed`` once in each palette.

    Raises:
        SettingsError: if the model has no palette head, or room for fewer than 16 colours.
    """
    given = {
        name: model.sample(n, seed=seed, palette=palette).images
        for name, palette in palettes.public().items()
    }
    borrowed = model.sample(n, seed=seed)
    assert borrowed.palettes is not None
    turned = [opposite(palette) for palette in borrowed.palettes]
    return pictures.titled_rows(
        {
            "palettes of training sprites": borrowed.images,
            "their hues turned by half a circle": model.sample(n, seed=seed, palette=turned).images,
            **given,
        }
    )


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    add = parser.add_argument
    add("model", help="with a palette head: a run, a model's folder, or the name of a shipped one")
    add("--out", type=Path, required=True, help="the picture, a PNG")
    add("-n", type=harness.whole(), default=12, help="sprites in a row")
    add("--seed", type=harness.whole(0), default=0, help="of the sprites")
    given = parser.parse_args(argv)
    device = harness.prepare_device(given.device, given.threads)
    console.wrote(
        pictures.save_png(draw(load_model(given.model, device), given.n, given.seed), given.out)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
