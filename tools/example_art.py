"""Write a folder of pixel art to try things on, where no art of one's own is at hand.

    python -m tools.example_art my-art

200 sprites of the set ``arcade`` (see ``benchmarks.lib.arcade``), a PNG each, in a sub-folder for
each of five classes. Drawn by this repository, so anybody may do with them as they like.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.lib import arcade, console, harness
from spritelab.errors import StorageError

MODULE = "tools.example_art"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the folder; the exit status of ``harness.guarded``.

    Args:
        argv: the command line; None takes that of the process.
    """
    return harness.guarded(lambda: _main(argv))


def write(folder: Path, per_class: int) -> None:
    """Write ``folder/CLASS/CLASS-01.png`` and so on; what is there is left alone.

    Raises:
        StorageError: if the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise StorageError(f"{folder} is there already; name another folder")
    try:
        for name in arcade.CLASSES:
            (folder / name).mkdir(parents=True)
            for number, sprite in enumerate(arcade.sprites_of(name, per_class), start=1):
                Image.fromarray(sprite).save(folder / name / f"{name}-{number:02}.png")
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror}") from None


def _main(argv: Sequence[str] | None) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    parser.add_argument("folder", type=Path, help="of the sprites; must not be there yet")
    parser.add_argument("--per-class", type=harness.whole(), default=40, help="sprites of a class")
    given = parser.parse_args(argv)
    write(given.folder, given.per_class)
    console.wrote(given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
