"""Make a shipped model out of a run, or measure one again: its folder, its card, its gallery.

    python -m tools.ship_model runs/crawl --name crawl-16 --hardware "one core of a server's CPU"
    python -m tools.ship_model runs/quick --name crawl-16-quick --precision int8
    python -m tools.ship_model --again crawl-16 --draw-as small

Every figure in a card was measured here or by the training's own log. The gallery holds the first
100 sprites of every class. Sprites are found as ``load_sprites`` finds them; ``$SPRITELAB_CACHE``
names the folder where downloads lie.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from benchmarks.lib import console, harness, machine
from spritelab.config import preset
from spritelab.convert import draw_gallery, measure_shipped, ship_run
from spritelab.errors import SettingsError
from spritelab.evaluation import Extractor
from spritelab.generate import find_model, load_model
from spritelab.generate.folder import SHIPPED, read_config, save_config
from spritelab.generate.weights import Precision

MODULE = "tools.ship_model"

GALLERY = "docs/pictures"
"""In the repository: the folder of the galleries."""


def main(argv: Sequence[str] | None = None, root: Path = machine.ROOT) -> int:
    """Make or measure a shipped model; the exit status of ``harness.guarded``.

    Args:
        argv: the command line; None takes that of the process.
        root: the repository, whose commit the card names and which holds the galleries.
    """
    return harness.guarded(lambda: _main(argv, root))


def _main(argv: Sequence[str] | None, root: Path) -> int:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0], reports=False)
    add = parser.add_argument
    add("run", type=Path, nargs="?", help="the run's folder")
    add("--name", help="what the model will be called")
    add("--again", metavar="NAME", help="measure this shipped model again, a name or a folder")
    add("--hardware", default="", help="what the run was trained on, in words")
    add("--precision", choices=get_args(Precision), default="float16", help="of the weights")
    add("--draw-as", metavar="PRESET", help="as this preset has it today; unset: as it says itself")
    add("-n", type=harness.whole(), default=3000, help="sprites to measure")
    add("--data", help="its sprites, if the model does not say where they are")
    add("--features", default="effnet", help="as of spritelab evaluate")
    add("--to", type=Path, default=SHIPPED, help="folder of the shipped models")
    given = parser.parse_args(argv)
    if (given.run is None) == (given.again is None) or (given.run is None) != (given.name is None):
        raise SettingsError("give a run and its --name, or --again and the name of a shipped model")
    device = harness.prepare_device(given.device, given.threads)
    # Before the model is written: it lies in the tree whose state is asked for.
    circumstances = machine.circumstances_line(machine.circumstances(device, root=root))
    extractor = Extractor(given.features, device=str(device))
    folder = given.to / given.name if given.run else find_model(given.again)
    sampling = preset(given.draw_as).sampling if given.draw_as else None
    gallery = f"{GALLERY}/{folder.name}"
    with console.progress("drawing and measuring") as progress:
        if given.run:
            ship_run(
                given.run,
                folder,
                circumstances=circumstances,
                sampling=sampling,
                precision=given.precision,
                n=given.n,
                hardware=given.hardware,
                gallery=f"`{gallery}/` in the repository",
                source=given.data,
                extractor=extractor,
                device=str(device),
                progress=progress,
            )
        else:
            if sampling is not None:
                how = load_model(folder, device).sampler_settings(sampling)
                save_config(folder, read_config(folder).model_copy(update={"sampling": how}))
            measure_shipped(
                folder,
                circumstances=circumstances,
                n=given.n,
                source=given.data,
                extractor=extractor,
                device=str(device),
                progress=progress,
            )
        draw_gallery(load_model(folder, device), root / gallery, progress)
    print((folder / "README.md").read_text("utf-8"))
    console.wrote(folder)
    console.wrote(root / gallery)
    return 0


if __name__ == "__main__":
    sys.exit(main())
