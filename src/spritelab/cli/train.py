"""``spritelab train``: learn sprites, or go on learning."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.config import RunSettings
    from spritelab.runs import Run

LEARNING = "Learning"
SPRITES = "Sprites"


class Preset(StrEnum):
    """The complete sets of settings that come with spritelab."""

    notebook = "notebook"
    seed = "seed"
    small = "small"
    base = "base"


class Precision(StrEnum):
    """Precision of the network's arithmetic."""

    no = "no"
    fp16 = "fp16"
    bf16 = "bf16"


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Option(
            help="builtin, sprites, crawl, or a path: a folder, a sheet, an .npy, .npz or .zip. "
            "builtin if not given.",
            rich_help_panel=SPRITES,
        ),
    ] = None,
    preset: Annotated[
        Preset | None,
        typer.Option(
            help="notebook: the original recipe; small: for a laptop; base: for a GPU. "
            "small if not given.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings from a .toml or .json file instead.", rich_help_panel=LEARNING),
    ] = None,
    epochs: Annotated[
        float | None,
        typer.Option(help="Length: passes over the sprites.", rich_help_panel=LEARNING),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Length: updates of the weights.", rich_help_panel=LEARNING)
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(help="Length: minutes.", rich_help_panel=LEARNING)
    ] = None,
    stop_after: Annotated[
        int | None,
        typer.Option(min=1, help="Stop cleanly once the run has made this many updates."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, settings and all.")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option(help="Sprites an update.", rich_help_panel=LEARNING)
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak learning rate.", rich_help_panel=LEARNING)
    ] = None,
    mixed_precision: Annotated[
        Precision | None,
        typer.Option(help="Precision of the network on a GPU.", rich_help_panel=LEARNING),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="16 or 32 pixels.", rich_help_panel=SPRITES)
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(help="3 (RGB) or 4 (with transparency).", rich_help_panel=SPRITES),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("-n", "--count", help="Use this many sprites only.", rich_help_panel=SPRITES),
    ] = None,
    tile: Annotated[
        int | None,
        typer.Option(help="Cut a sheet into cells of this size.", rich_help_panel=SPRITES),
    ] = None,
    margin: Annotated[
        int | None,
        typer.Option(help="Pixels around the cells of a sheet.", rich_help_panel=SPRITES),
    ] = None,
    spacing: Annotated[
        int | None,
        typer.Option(help="Pixels between the cells of a sheet.", rich_help_panel=SPRITES),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A file of labels for an .npy of sprites.", rich_help_panel=SPRITES),
    ] = None,
    mirror: Annotated[
        bool | None,
        typer.Option(
            "--mirror/--no-mirror",
            help="Learn mirror images too, in classes where they are right.",
            rich_help_panel=SPRITES,
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random draw.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any other setting, such as training.warmup=100; may be given again.",
        ),
    ] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="Do not use a GPU.")] = False,
) -> None:
    """Learn sprites with a diffusion model.

    Writes the run's folder: settings, log, checkpoints, the model, and five pictures: loss curves,
    20 samples of DDPM and of DDIM, and a denoising strip of each. Ctrl-C saves; --resume goes on.
    """
    from spritelab import runs
    from spritelab.config import parse_assignment

    given: dict[str, Any] = {
        "data.source": data,
        "data.size": size,
        "data.channels": channels,
        "data.count": count,
        "data.tile": tile,
        "data.margin": margin,
        "data.spacing": spacing,
        "data.labels": str(labels.resolve()) if labels is not None else None,
        "data.mirror": mirror,
        "training.epochs": epochs,
        "training.steps": steps,
        "training.max_minutes": max_minutes,
        "training.batch_size": batch_size,
        "training.learning_rate": learning_rate,
        "training.mixed_precision": mixed_precision and mixed_precision.value,
        "training.seed": seed,
    }
    overrides = {key: value for key, value in given.items() if value is not None}
    overrides |= dict(map(parse_assignment, set_ or ()))
    if sum(length is not None for length in (epochs, steps, max_minutes)) > 1:
        raise SettingsError("give only one of --epochs, --steps and --max-minutes")

    if resume:
        if config is not None:
            raise SettingsError("--resume takes its settings from the run; leave out --config")
        if preset is not None:
            overrides["preset"] = preset.value
        with console.console.status("reading the sprites"):
            run = runs.resume_run(out, overrides)
    else:
        settings = _settings(preset, config).override(overrides)
        with console.console.status("reading the sprites"):
            run = runs.start_run(settings, out)
    _train(run, stop_after, cpu)


def _settings(preset: Preset | None, config: Path | None) -> RunSettings:
    from spritelab import config as settings

    if config is None:
        return settings.preset((preset or Preset.small).value)
    if preset is not None:
        raise SettingsError("give --preset or --config, not both")
    return settings.read_settings(config)


def _train(run: Run, stop_after: int | None, cpu: bool) -> None:
    from spritelab import runs
    from spritelab.training import total_steps

    if not run.is_main:
        # Of several processes that train together one speaks and draws.
        for _ in run.train(stop_after, cpu):
            pass
        raise typer.Exit(130 if run.interrupted else 0)
    batch_size = run.settings.training.batch_size
    total = total_steps(run.settings.training, len(run.train_sprites))
    console.say(
        "training",
        f"{len(run.train_sprites):,} sprites, {len(run.held_out):,} held out, in {run.folder}",
    )
    smooth = held_out = None
    first_step, first_seconds = run.step, None
    begun_at = run.step
    with console.progress("updates", total) as report:
        for update in run.train(stop_after, cpu):
            smooth = update.loss if smooth is None else 0.98 * smooth + 0.02 * update.loss
            if update.validation is not None:
                held_out = update.validation.val_loss
            if first_seconds is None:
                first_step, first_seconds = update.step, update.seconds
                continue
            speed = (update.step - first_step) * batch_size / (update.seconds - first_seconds)
            note = f"loss {smooth:.4f}, {speed:,.0f} sprites/s"
            if held_out is not None:
                note += f", held-out {held_out:.4f}"
            # Where minutes decide, the number of updates is a forecast.
            report(update.step, total or round(update.step / update.progress), note)

    if run.stopped:
        console.say(
            "stopped",
            f"after {run.step:,} updates; go on with: "
            f"spritelab train --resume --out {shlex.quote(str(run.folder))}",
        )
        if run.interrupted:
            raise typer.Exit(130)
        return
    if run.step == begun_at:
        console.say("finished", f"this run made all its {run.step:,} updates before")
    with console.progress("pictures") as report:
        pictures = runs.draw_pictures(run.folder, report)
    for picture in pictures:
        console.wrote(picture)
    console.wrote(run.folder / "model")
