"""Train on sprites of your own: a folder, a sheet, an .npz or .zip; the built-in ones if not given.

Writes a run's folder, runs/mine: the model, five pictures, the log. Stop it with Ctrl-C, and call
it again to go on. Then draws own.png with the new model.

    python examples/train.py my-sprites/
"""

import sys
from pathlib import Path
from typing import Any

import spritelab


def main(
    data: str, out: str = "runs/mine", picture: str = "own.png", minutes: float = 10, **changes: Any
) -> None:
    sprites = spritelab.load_sprites(data, size=16)
    print(sprites)

    # The preset `small` is for a laptop: each pixel is a colour of its sprite's own palette.
    model = spritelab.train(sprites, out, resume=Path(out).exists(), max_minutes=minutes, **changes)
    model.sample(50, seed=0).grid(columns=10).save(picture)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "builtin")
