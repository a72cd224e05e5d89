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
    RunSettings,
    TrainingSettings,
    parse_assignment,
)
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.runs import Run

LEARNING = "Learning"
SPRITES = "Sprites"


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
            help="small: for a laptop; rgba: the same without palettes, as the papers have it; "
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
            "comes along (crawl-16); its network, size and channels are kept, its classes need "
            "not be yours",
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
    *,
    reading: dict[str, Any],
) -> None:
    """Learn sprites with a diffusion model.

    Writes the run's folder: settings, log, checkpoints, the model, and five pictures: loss curves,
    20 samples of DDPM and of DDIM, and a denoising strip of each. Ctrl-C saves; --resume goes on.
    """
    from spritelab import runs

    if sum(length is not None for length in (epochs, steps, max_minutes)) > 1:
        raise SettingsError("give only one of `epochs`, `steps` and `max_minutes`")
    of_data = options.given(
        source=_source(data),
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
        mixed_precision=mixed_precision,
        seed=seed,
    )
    overrides = {f"data.{key}": value for key, value in of_data.items()}
    overrides |= {f"training.{key}": value for key, value in of_training.items()}
    overrides |= dict(map(parse_assignment, set_ or ()))
    if resume:
        if config is not None:
            raise SettingsError("`resume` takes its settings from the run; leave out `config`")
        if init is not None:
            raise SettingsError(
                "`resume` goes on with the weights that the run has; leave out `init`, or start a "
                "new run without `resume`"
            )
        overrides |= options.given(preset=preset)
        with console.console.status("reading the sprites"):
            run = runs.resume_run(out, overrides)
    else:
        settings = _settings(preset, config)
        if init is None:
            settings = settings.override(overrides)
        else:
            if config is not None:  # all that a file says is said by the user
                overrides = settings.named() | overrides
            settings = runs.fine_tuning_settings(settings, init, overrides)
        with console.console.status("reading the sprites"):
            run = runs.start_run(settings, out, init=init)
    _train(run, stop_after, cpu)


def _source(data: str | None) -> str | None:
    """The sprites that the user names: where a folder goes before a name, as its whole path."""
    if data is None:
        return None
    from spritelab.data import find_source

    found = find_source(data)
    return str(found.resolve()) if isinstance(found, Path) and found.exists() else data


def _settings(preset: str | None, config: Path | None) -> RunSettings:
    from spritelab import config as settings

    if config is None:
        return settings.preset(preset or "small")
    if preset is not None:
        raise SettingsError("give `preset` or `config`, not both")
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
    for note in run.train_sprites.notes:
        console.say("note", console.speller()(note))
    if left_out := sum(len(one) for one in run.train_sprites.left_out):
        what = "file or cell" if left_out == 1 else "files or cells"
        console.say("left out", f"{left_out:,} {what}; data inspect names them")
    if run.parent is not None:
        console.say("begun from", run.parent.in_words())
    smooth = held_out = None
    first_step, first_seconds = run.step, None
    begun_at = run.step
    with console.progress("updates", total) as report:
        for update in run.train(stop_after, cpu):
            smooth = update.loss if smooth is None else 0.98 * smooth + 0.02 * update.loss
            if update.validation is not None:
                held_out = update.validation.val_objective
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
