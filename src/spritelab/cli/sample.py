"""``spritelab sample``: draw sprites with a trained model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spritelab.cli import console
from spritelab.cli.drawing import (
    Device,
    Eta,
    Guidance,
    ModelName,
    Sampler,
    SamplerChoice,
    Steps,
    Variance,
    VarianceChoice,
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
    sampler: SamplerChoice = Sampler.ddim,
    steps: Steps = None,
    eta: Eta = 0.0,
    variance: VarianceChoice = Variance.posterior,
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
    guidance: Guidance = 1.0,
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
    folder = out or Path("samples") / f"{name}-{sampler.value}-{seed}"
    samples_folder.check_free(folder, overwrite)
    setting = loaded.setting(
        sampler.value,
        steps,
        eta,
        variance.value,
        guidance,
        None if spacing is None else spacing.value,
    )
    with console.progress("evaluations") as report:
        batch = loaded.sample(
            count,
            seed=seed,
            label=_label(label),
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=report,
            **setting.request,
        )
    title = f"{name}: {sampler.value.upper()}, {batch.steps} steps, seed {seed}"
    facts = {
        "model": name,
        "sampler": setting.sampler,
        "steps": setting.steps,
        "eta": setting.eta,
        "variance": setting.variance,
        "spacing": setting.spacing,
        "guidance": guidance,
        "seed": seed,
        "nfe": batch.nfe,
        "seconds": round(batch.seconds, 3),
    }
    sprites = [
        {
            "seed": int(own),
            "label": batch.class_names[k] if k >= 0 else label,
        }
        for own, k in zip(batch.seeds, batch.labels, strict=True)
    ]
    with samples_folder.replacing(folder, overwrite) as aside:
        samples_folder.save_sprites(batch.images, aside, sprites, facts)
        pictures.samples_picture(batch.images, aside / "grid.png", title)
        if strip:
            draw_strip(
                loaded,
                aside / "denoising.png",
                title,
                seed=seed,
                label=_label(label),
                **setting.request,
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
