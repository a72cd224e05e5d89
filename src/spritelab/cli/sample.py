"""``spritelab sample``: draw sprites with a trained model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spritelab.cli import console
from spritelab.cli.drawing import (
    Device,
    ModelName,
    Sampler,
    Steps,
    Variance,
)
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.generate import Label


class Spacing(StrEnum):
    """Which steps are visited."""

    linspace = "linspace"
    leading = "leading"
    trailing = "trailing"
    logsnr = "logsnr"


def sample(
    model: ModelName,
    sampler: Annotated[
        Sampler | None,
        typer.Option(
            help="The sampler; dpm is DPM-Solver++(2M). The model's own if not given.",
            show_default=False,
        ),
    ] = None,
    steps: Steps = None,
    eta: Annotated[
        float | None, typer.Option(help="η of ddim: 0 adds no noise, 1 as much as ddpm.")
    ] = None,
    variance: Annotated[Variance | None, typer.Option(help="Variance of a ddpm step.")] = None,
    spacing: Annotated[
        Spacing | None,
        typer.Option(help="Which steps are visited.", show_default="logsnr for dpm, else linspace"),
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", help="How many sprites.")] = 20,
    seed: Annotated[int, typer.Option(help="Other seeds give other sprites.")] = 0,
    label: Annotated[
        str | None,
        typer.Option(
            help="A class; 'none'; or a mix such as food=0.7,spell=0.3. "
            "If not given, classes come as often as in training.",
            show_default=False,
        ),
    ] = None,
    guidance: Annotated[
        float | None, typer.Option(help="Weight of classifier-free guidance; 1 is without.")
    ] = None,
    hard_alpha: Annotated[
        bool | None,
        typer.Option(
            "--hard-alpha/--soft-alpha",
            help="Whether every pixel is opaque or transparent. As the training sprites if not "
            "given.",
        ),
    ] = None,
    strip: Annotated[
        bool, typer.Option("--strip", help="Also draw the denoising of the first sprite.")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option(help="Sprites at a time; what suits the device if not given.")
    ] = None,
    device: Device = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the sprites.", show_default="samples/MODEL-SAMPLER-SEED"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the folder if sprites are in it already.")
    ] = False,
) -> None:
    """Draw sprites.

    Writes every sprite as a PNG of its own size, grid.png with all of them enlarged, and
    samples.json with the seed and class of each, so that any can be drawn again.
    """
    from spritelab import generate, pictures
    from spritelab.generate import samples_folder
    from spritelab.runs.pictures import draw_strip

    loaded = generate.load_model(model, device)
    name = Path(model).resolve().name
    given = {
        "sampler": sampler and sampler.value,
        "steps": steps,
        "eta": eta,
        "variance": variance and variance.value,
        "guidance": guidance,
        "spacing": spacing and spacing.value,
    }
    how = loaded.sampler_settings(
        **{key: value for key, value in given.items() if value is not None}  # type: ignore[arg-type]
    )
    folder = out or Path("samples") / f"{name}-{how.sampler}-{seed}"
    samples_folder.check_free(folder, overwrite)
    with console.progress("evaluations") as report:
        batch = loaded.sample(
            count,
            how,
            seed=seed,
            label=_label(label),
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=report,
        )
    title = f"{name}: {how.name}, seed {seed}"
    facts = {
        "model": name,
        **how.model_dump(mode="json"),
        "seed": seed,
        "nfe": batch.nfe,
        "seconds": round(batch.seconds, 3),
    }
    sprites = [
        {
            "number": int(number),
            "label": batch.class_names[k] if k >= 0 else label,
        }
        for number, k in zip(batch.numbers, batch.labels, strict=True)
    ]
    with samples_folder.replacing(folder, overwrite) as aside:
        samples_folder.save_sprites(batch.images, aside, sprites, facts)
        pictures.samples_picture(batch.images, aside / "grid.png", title)
        if strip:
            draw_strip(
                loaded,
                how,
                aside / "denoising.png",
                title,
                seed=seed,
                label=_label(label),
            )
    console.say(
        "drawn",
        f"{len(batch):,} sprites in {batch.seconds:.1f} s, {batch.nfe} network evaluations each",
    )
    console.wrote(folder)


def _label(text: str | None) -> Label:
    """Read a class, or a mix such as ``food=0.7,spell=0.3``."""
    if text is None or "=" not in text:
        return text
    mix: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.rpartition("=")
        try:
            mix[name.strip()] = float(weight)
        except ValueError:
            raise SettingsError(
                f"a mix of classes reads food=0.7,spell=0.3; {part.strip()!r} does not"
            ) from None
    return mix
