"""``spritelab train``: learn sprites, or go on learning."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console, options
from spritelab.cli.reading import reading_options
from spritelab.config import (
    DataSettings,
    MixedPrecision,
    TrainingSettings,
    parse_assignment,
    read_settings,
)
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.runs import Loggers, Run

LEARNING = "Learning"
SPRITES = "Sprites"
LOGGER = "who is told besides TensorBoard: wandb, mlflow or trackio; may be given again"


def _data(name: str, *names: str) -> Any:
    return options.setting(DataSettings, name, *names, panel=SPRITES)


def _training(name: str, *names: str) -> Any:
    return options.setting(TrainingSettings, name, *names, panel=LEARNING)


@reading_options(SPRITES)
def train(
    out: Annotated[Path, typer.Option(help="folder of the run", show_default=False)],
    data: Annotated[str | None, _data("source", "--data")] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="small: for a laptop; rgba: without palettes, as the papers have it; "
            "base: for a GPU; notebook: the original recipe; unset: small",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="settings from a .toml or .json file instead", rich_help_panel=LEARNING),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="begin from the weights of a model: a run's folder, a model folder, or one that "
            "comes along (builtin-16, crawl-16); its network and channels are kept, its classes "
            "need not be yours",
            show_default=False,
            rich_help_panel=LEARNING,
        ),
    ] = None,
    epochs: Annotated[float | None, _training("epochs")] = None,
    steps: Annotated[int | None, _training("steps")] = None,
    max_minutes: Annotated[float | None, _training("max_minutes")] = None,
    stop_after: Annotated[
        int | None,
        typer.Option(min=1, help="stop cleanly once the run has made this many updates"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with the run in --out, settings and all")
    ] = False,
    batch_size: Annotated[int | None, _training("batch_size")] = None,
    learning_rate: Annotated[float | None, _training("learning_rate")] = None,
    stop_when_memorising: Annotated[
        bool | None, _training("stop_when_memorising", "--stop-when-memorising")
    ] = None,
    guide: Annotated[float | None, _training("guide")] = None,
    mixed_precision: Annotated[MixedPrecision | None, _training("mixed_precision")] = None,
    size: Annotated[int | None, _data("size")] = None,
    channels: Annotated[int | None, _data("channels")] = None,
    count: Annotated[int | None, _data("count", "-n", "--count")] = None,
    mirror: Annotated[bool | None, _data("mirror", "--mirror/--no-mirror")] = None,
    seed: Annotated[int | None, options.setting(TrainingSettings, "seed")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="any other setting, such as training.warmup=100; may be given again",
        ),
    ] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="do not use a GPU")] = False,
    logger: Annotated[list[str] | None, typer.Option(help=LOGGER, show_default=False)] = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Learn sprites with a diffusion model.

    Writes the run's folder: settings, log, checkpoints, the model, and five pictures: loss curves,
    20 samples of DDPM and of DDIM, and a denoising strip of each. Ctrl-C saves; --resume goes on.
    """
    from spritelab import runs

    loggers = runs.check_loggers(logger or ())
    of_data = options.given(
        source=data,
        size=size,
        channels=channels,
        count=count,
        mirror=mirror,
        **reading,
    )
    of_training = options.given(
        epochs=epochs,
        steps=steps,
        max_minutes=max_minutes,
        batch_size=batch_size,
        learning_rate=learning_rate,
        stop_when_memorising=stop_when_memorising,
        guide=guide,
        mixed_precision=mixed_precision,
        seed=seed,
    )
    overrides = {f"data.{key}": value for key, value in of_data.items()}
    overrides |= {f"training.{key}": value for key, value in of_training.items()}
    overrides |= dict(map(parse_assignment, set_ or ()))
    if config is not None and resume:
        raise SettingsError("`resume` takes its settings from the run; leave out `config`")
    if config is not None and preset is not None:
        raise SettingsError("give `preset` or `config`, not both")
    chosen = preset if config is None else read_settings(config)
    with console.console.status("reading the sprites"):
        run = runs.open_run(out, overrides, preset=chosen, init=init, resume=resume)
    _train(run, stop_after, cpu, loggers)


def _train(run: Run, stop_after: int | None, cpu: bool, loggers: Loggers) -> None:
    from spritelab import runs
    from spritelab.progress import SILENT

    if not run.is_main:
        # Of several processes that train together one speaks and draws.
        runs.follow(run, SILENT, stop_after=stop_after, cpu=cpu, loggers=loggers)
        raise typer.Exit(130 if run.interrupted else 0)
    console.say(
        "training",
        f"{len(run.train_sprites):,} sprites, {len(run.held_out):,} held out, in {run.folder}",
    )
    for note in run.train_sprites.notes:
        console.say("note", console.speller()(note))
    if left_out := sum(len(one) for one in run.train_sprites.left_out):
        what = "file or cell" if left_out == 1 else "files or cells"
        console.say("left out", f"{left_out:,} {what}; data inspect names them")
    if run.parent is not None:
        console.say("begun from", run.parent.in_words())
    begun_at = run.step
    with console.progress("updates") as report:
        runs.follow(run, report, stop_after=stop_after, cpu=cpu, loggers=loggers)
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
    if line := _early_stopping(run):
        console.say("early stopping", line)
    with console.progress("pictures") as report:
        pictures = runs.draw_pictures(run.folder, report)
    for picture in pictures:
        console.wrote(picture)
    console.wrote(run.folder / "model")


def _early_stopping(run: Run) -> str:
    """What early stopping has found, in a line; none where the run does without."""
    least = run.state and run.state.least
    if not least:
        return ""
    views = least.step * run.settings.training.batch_size / len(run.train_sprites)
    kept = (
        f"the model kept is that of {least.step:,} updates ({views:,.0f} views a sprite), with the "
        f"least held-out loss, {least.loss:.4f}"
    )
    if least.memorising:
        return f"{kept}; after {run.step:,} it had risen to {least.last:.4f}"
    return f"{kept}; it never rose enough to stop before the end"
