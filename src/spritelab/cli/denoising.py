"""``spritelab export denoising``: sprites coming out of the noise, as a GIF or an APNG."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from spritelab.cli import console, options
from spritelab.cli.sampling import sampler_options
from spritelab.errors import SettingsError

OUT = (
    "the file: .gif, which any program shows, with 256 colours a frame; or .apng or .png, which "
    "keep every colour of the noise"
)


@sampler_options()
def denoising(
    model: options.ModelName,
    out: Annotated[Path, typer.Option(help=OUT, show_default=False)],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="how many sprites")] = 1,
    seed: Annotated[int, typer.Option(help="other seeds give other sprites")] = 0,
    numbers: Annotated[
        str | None, typer.Option(help="which sprites of the seed: 17,40; unset: the first")
    ] = None,
    label: Annotated[str | None, typer.Option(help=options.LABEL, show_default=False)] = None,
    palette: Annotated[
        str | None, typer.Option(help="colours to draw in, see `spritelab sample`")
    ] = None,
    scale: Annotated[int, typer.Option(min=1, help="pixels that one of a sprite is wide")] = 8,
    frames: Annotated[int, typer.Option(min=2, help="frames at most, evenly spaced")] = 60,
    seconds: Annotated[float, typer.Option(help="that all frames take")] = 3.0,
    hold: Annotated[float, typer.Option(help="how many more the finished sprite stays")] = 1.5,
    captions: Annotated[
        bool, typer.Option("--captions/--no-captions", help="write t below every frame")
    ] = True,
    see_through: Annotated[
        bool, typer.Option("--see-through", help="keep opacities; not in a .gif")
    ] = False,
    device: options.Device = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the file if it is there already")
    ] = False,
    *,
    drawing: dict[str, Any],
) -> None:
    """Show sprites coming out of the noise, as a GIF or an APNG.

    Every frame says the t that it stands at, the one that the sampler really visited; the comment
    in the file lists them all. The sprites are those that `spritelab sample` draws with the same
    seed and settings.
    """
    from spritelab import generate, pictures
    from spritelab.storage import check_file

    if out.suffix.lower() not in pictures.MOVING:
        kinds = ", ".join(pictures.MOVING)
        raise SettingsError(f"a denoising is written as one of {kinds}, not {out.name!r}")
    if see_through and out.suffix.lower() == ".gif":
        raise SettingsError("a .gif has no opacities; write an .apng, or leave `see_through` away")
    check_file(out, overwrite)
    loaded = generate.load_model(model, device)
    how = loaded.sampler_settings(**drawing)
    chosen = options.whole_numbers(numbers, "`numbers`") if numbers else None
    trace = loaded.trace(
        None if chosen is not None else count,
        how,
        seed=seed,
        numbers=chosen,
        label=options.read_label(label),
        palette=options.read_colours(palette) if palette is not None else None,
    )
    with console.progress("steps", transient=True) as bar:
        for step, _ in enumerate(trace):
            bar(step, len(trace) - 1)
    written = trace.animate(
        out,
        scale=scale,
        most=frames,
        seconds=seconds,
        hold=hold,
        captions=captions,
        background=None if see_through else "checker",
    )
    console.say("denoising", f"{trace.sprites:,} sprites, {how.name}")
    console.wrote(written)
