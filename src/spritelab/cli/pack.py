"""``spritelab data pack``: sprites in one file that is mapped into memory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spritelab.cli import console, options
from spritelab.cli.reading import Size, SourceName, reading_options
from spritelab.config import DataSettings
from spritelab.errors import SettingsError


@reading_options("How sprites are read")
def pack(
    source: SourceName,
    out: Annotated[Path, typer.Option(help="the file, NAME.npz", show_default=False)],
    size: Size = None,
    channels: Annotated[int | None, options.setting(DataSettings, "channels")] = None,
    count: Annotated[int | None, options.setting(DataSettings, "count", "-n", "--count")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the file if it is there already")
    ] = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Pack sprites into one file that training does not copy into memory.

    Reads a source once, brings its sprites to their size, and writes them as they are: an .npz that
    every --data takes, and NumPy too. Several trainings on a machine share it.
    """
    from spritelab import data
    from spritelab.storage import check_file

    if out.suffix.lower() != ".npz":
        raise SettingsError(f"sprites are packed as .npz: `out` {out.name} must end so")
    check_file(out, overwrite)
    with console.progress("reading", transient=True) as report:
        sprites = data.load(
            source, size=size, channels=channels, n=count, progress=report, **reading
        )
    with console.progress("packing", transient=True) as report:
        data.pack(sprites, out, report)
    kind = "RGBA" if sprites.channels == 4 else "RGB"
    found = f"{len(sprites):,} {kind} sprites of {sprites.size}×{sprites.size}"
    console.say("packed", f"{found}, {out.stat().st_size / 2**20:,.1f} MiB")
    console.wrote(out)
