"""``spritelab calibrate``: choose the few steps by which a model draws best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spritelab.cli import console, options
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from rich.table import Table

    from spritelab.config import Calibrated
    from spritelab.generate import Model


def calibrate(
    model: options.ModelName,
    steps: Annotated[str, typer.Option(help="numbers of steps, one choice each")] = "4,5,6",
    sampler: Annotated[str, typer.Option(help="that take them: dpm, ddim or both")] = "dpm,ddim",
    sprites: Annotated[int, typer.Option(min=1, help="that are walked to in many steps")] = 64,
    data: options.Source = None,
    device: options.Device = None,
    out: Annotated[
        Path | None,
        typer.Option(help="a new folder for a copy of the model; unset: the model's own"),
    ] = None,
) -> None:
    """Choose the few steps by which a model draws best.

    They are written into its folder. Walks to some sprites in many steps, and finds by dynamic
    programming the few that follow best. From then on `--steps 5` takes the five that were chosen;
    with `--spacing` it does not. A model from before gets the mean and covariance of its training
    sprites as well, for a first leg that costs nothing.
    """
    import dataclasses

    from spritelab import generate
    from spritelab.generate.folder import SHIPPED
    from spritelab.storage import check_writable

    folder = generate.find_model(model)
    if folder.parent == SHIPPED and not Path(model).is_dir() and out is None:
        raise SettingsError(f"{model} comes with spritelab and stays as it is; give `out`")
    if out is not None and out.exists():
        raise SettingsError(f"{out} is there already; name a new folder with `out`")
    check_writable(folder if out is None else out)
    loaded = generate.load_model(model, device)
    if loaded.moments is None:
        split = options.read_split(model, loaded.config, options.given(source=data))
        moments = generate.training_moments(split.training, split.mirror, loaded.palettes)
        loaded = dataclasses.replace(loaded, moments=moments)
    with console.progress("evaluations") as bar:
        found = generate.calibrate(
            loaded,
            options.whole_numbers(steps, "`steps`"),
            [name.strip() for name in sampler.split(",")],  # type: ignore[misc]
            sprites=sprites,
            progress=bar,
        )
    written = generate.save_calibrated(loaded, found, folder, out)
    console.out.print(_table(loaded, found))
    console.wrote(written)


def _table(model: Model, found: tuple[Calibrated, ...]) -> Table:
    from rich import box
    from rich.table import Column, Table

    columns = (Column("sampler"), Column("steps", justify="right"), Column("t"), Column("λ"))
    table = Table(*columns, box=box.SIMPLE)
    for one in found:
        lambdas = (f"{model.schedule.lambdas[t]:+.1f}" for t in one.times)
        times = " ".join(map(str, one.times))
        table.add_row(one.sampler, str(len(one.times)), times, " ".join(lambdas))
    return table
