"""``spritelab sample``: draw sprites with a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from spritelab.cli import console, options
from spritelab.cli.sampling import sampler_options
from spritelab.errors import DataError, SettingsError

if TYPE_CHECKING:
    from spritelab.config import SamplerSettings
    from spritelab.generate import Model
    from spritelab.palette import Palette


HARD_ALPHA = "whether every pixel is opaque or transparent; unset: as the training sprites"
PALETTE = (
    "colours to draw in, for a model that has a palette head: #rrggbb,#rrggbb,…, or a file of them "
    "(.gpl, .pal, .hex, .ase, .png); of these each sprite takes those nearest to the colours of a "
    "training sprite; unset: it borrows the training sprite's own"
)
LIKE = (
    "a picture or an .aseprite file to draw in all colours of, for a model that has a palette head"
)
SHARD = (
    "draw one part of them: 0/8 … 7/8, or auto, as torchrun, srun or a Slurm array says; a part "
    "that was killed goes on when it is run again, and spritelab merge joins all"
)
OUT = "samples/MODEL-SAMPLER-SEED"


@sampler_options()
def sample(
    model: options.ModelName,
    count: Annotated[
        int | None,
        typer.Option("-n", "--count", help="how many; unset: 20, or as many as `--numbers`"),
    ] = None,
    seed: Annotated[int, typer.Option(help="other seeds give other sprites")] = 0,
    numbers: Annotated[
        str | None, typer.Option(help="which sprites of the seed: 17,40; unset: the first")
    ] = None,
    label: Annotated[str | None, typer.Option(help=options.LABEL, show_default=False)] = None,
    palette: Annotated[str | None, typer.Option(help=PALETTE, show_default=False)] = None,
    like: Annotated[Path | None, typer.Option(help=LIKE, show_default=False)] = None,
    hard_alpha: Annotated[
        bool | None, typer.Option("--hard-alpha/--soft-alpha", help=HARD_ALPHA)
    ] = None,
    strip: Annotated[
        bool, typer.Option("--strip", help="also draw the denoising of the first sprite")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option(help="sprites at a time; unset: what suits the device")
    ] = None,
    device: options.Device = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for the sprites", show_default=OUT)
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the folder if sprites are in it already")
    ] = False,
    shard: Annotated[str | None, typer.Option(help=SHARD, show_default=False)] = None,
    *,
    drawing: dict[str, Any],
) -> None:
    """Draw sprites.

    Writes every sprite as a PNG of its own size, grid.png with all of them (the first 1,024)
    enlarged, and samples.json with the seed, number, class and palette of each, so that any can be
    drawn again.
    """
    from spritelab import generate
    from spritelab.generate import samples_folder

    loaded = generate.load_model(model, device)
    how = loaded.sampler_settings(**drawing)
    folder = out or Path("samples") / f"{loaded.name}-{how.sampler}-{seed}"
    if shard is not None:
        if strip or numbers is not None:
            other = "strip" if strip else "numbers"
            raise SettingsError(f"a `shard` has sprites of its own, no `{other}`; leave that out")
        _shard(
            *(loaded, how, folder, shard),
            n=20 if count is None else count,
            seed=seed,
            label=label,
            palette=palette,
            like=like,
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            overwrite=overwrite,
        )
        return
    samples_folder.check_free(folder, overwrite)
    chosen = options.whole_numbers(numbers, "`numbers`") if numbers else None
    n = len(chosen) if chosen is not None else 20 if count is None else count
    request: dict[str, Any] = {"seed": seed, "label": options.read_label(label)}
    if palette is not None or like is not None:
        named = _palette(palette, like, loaded)
        request["palette"] = named if like is None else [named] * n
    with console.progress("evaluations") as bar:
        batch = loaded.sample(
            count if count is not None else n,
            how,
            numbers=chosen,
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=bar,
            **request,
        )
    trace = None
    if strip:
        first = {**request, "numbers": batch.numbers[:1].tolist()}
        if like is not None:
            first["palette"] = first["palette"][:1]
        trace = loaded.trace(1, how, **first)
    samples_folder.save_batch(batch, folder, overwrite=overwrite, trace=trace)
    seconds = f"{batch.seconds:.1f} s, {batch.nfe} network evaluations each"
    console.say("drawn", f"{len(batch):,} sprites in {seconds}")
    console.wrote(folder)


def _shard(
    model: Model,
    how: SamplerSettings,
    folder: Path,
    shard: str,
    *,
    n: int,
    label: str | None,
    palette: str | None,
    like: Path | None,
    **request: Any,
) -> None:
    """Draw one worker's part."""
    from spritelab import generate

    part = generate.Shard.parse(shard)
    named = None if palette is None and like is None else _palette(palette, like, model)
    with console.progress("evaluations") as bar:
        out, drawn = generate.draw_shard(
            *(model, folder, part, n, how),
            label=cast("str | Mapping[str, float] | None", options.read_label(label)),
            palette=named,
            whole=like is not None,
            progress=bar,
            **request,
        )
    if not drawn:
        console.say("done before", f"shard {part} is whole; nothing was drawn")
    console.wrote(out)


def _palette(text: str | None, like: Path | None, model: Model) -> Palette:
    """The palette that the user names: as colours, in a file of them, or by a picture."""
    from spritelab.data.atlases import decode_frames
    from spritelab.data.listing import read_one
    from spritelab.palette import LARGEST, learn_palette

    if text is not None and like is not None:
        raise SettingsError("`palette` and `like` both name the colours; give one of them")
    if like is not None:
        try:
            data = read_one(like)
        except OSError as error:
            raise DataError(f"cannot read {like}: {error.strerror}; `like` is a picture") from None
        frames = decode_frames(like.name, data)
        return learn_palette(frames, LARGEST if model.palettes is None else model.palettes.room)
    assert text is not None
    return options.read_colours(text)
