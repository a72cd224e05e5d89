"""Training in one call, and its parts: the run that is asked for, and its training followed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spritelab import config
from spritelab.config import HOW_READ, LENGTHS, RunSettings, full_names
from spritelab.data import SpriteSet, find_source, fit
from spritelab.errors import SettingsError
from spritelab.generate import Model, load_model
from spritelab.progress import SILENT, Progress, showing
from spritelab.runs.fine_tuning import fine_tuning_settings
from spritelab.runs.folder import resume_run, start_run
from spritelab.runs.pictures import draw_pictures
from spritelab.runs.record import read_record
from spritelab.runs.run import Run
from spritelab.runs.trackers import Loggers, check_loggers
from spritelab.training import total_steps


def train(
    data: SpriteSet | str | Path | None,
    out: str | Path,
    *,
    preset: str | RunSettings | None = None,
    init: str | Path | None = None,
    resume: bool = False,
    stop_after: int | None = None,
    cpu: bool = False,
    loggers: Loggers = (),
    progress: Progress | None = None,
    **changes: Any,
) -> Model:
    """Learn sprites, and return the model: ``train("my-sprites/", "runs/mine", max_minutes=60)``.

    Does what ``spritelab train`` does, and leaves the same folder: settings, log, checkpoints, the
    model and five pictures. Ctrl-C, or interrupting a notebook's kernel, saves and then raises
    ``KeyboardInterrupt``; the same call with ``resume=True`` goes on.

    Args:
        data: a set of sprites, a path to one (see ``load_sprites``) or the name of one; None, with
            ``resume``, for those that the run has.
        out: the run's folder: new or empty, or with ``resume`` that of a run.
        preset: the name of a preset, or complete settings; ``small`` if not given.
        init: a model to begin from, see ``start_run``.
        resume: go on with the run in ``out``. What else is given must be as it was.
        stop_after: stop once the run has made this many updates, counted from its very start.
        cpu: do not use an accelerator even if there is one.
        loggers: who is told of the run besides TensorBoard: ``wandb``, ``mlflow``, ``trackio``.
        progress: told of the updates, then of the pictures; shown on the terminal or in the
            notebook if not given. ``SILENT`` shows nothing.
        changes: settings in place of the preset's, such as ``steps=3000``, ``mirror=True``,
            ``batch_size=32``, ``schedule={"timesteps": 500}``; see ``config.full_names``. A set
            of sprites keeps its own size unless ``size`` is given or ``init`` has another.

    Raises:
        SettingsError, DataError, ModelError, TrainingError, StorageError: as ``start_run``,
            ``resume_run`` and ``Run.train``.
        KeyboardInterrupt: after the run was saved.
    """
    sprites = data if isinstance(data, SpriteSet) else None
    named = full_names(changes)
    check_loggers(loggers)  # before anything is read
    if data is None and not resume:
        raise SettingsError("say which sprites to learn: `data` is a path, a name or a SpriteSet")
    if sprites is None and data is not None:
        named["data.source"] = str(data)
    run = open_run(out, named, preset=preset, init=init, resume=resume, sprites=sprites)
    with showing("updates", progress if run.is_main else SILENT) as told:
        follow(run, told, stop_after=stop_after, cpu=cpu, loggers=loggers)
    if run.interrupted:
        raise KeyboardInterrupt(
            f"saved after {run.step:,} updates in {run.folder}: resume=True goes on, "
            "load_model loads the model"
        )
    if run.finished and run.is_main:
        with showing("pictures", progress) as told:
            draw_pictures(run.folder, told)
    return load_model(run.folder, "cpu" if cpu else None)


def open_run(
    out: str | Path,
    named: Mapping[str, Any],
    *,
    preset: str | RunSettings | None = None,
    init: str | Path | None = None,
    resume: bool = False,
    sprites: SpriteSet | None = None,
) -> Run:
    """Begin the run that ``train`` is asked for, or open it again.

    Args:
        out, preset, init, resume, sprites: see ``train``.
        named: the settings that the caller names, as ``RunSettings.override`` takes them.

    Raises:
        SettingsError, DataError, ModelError, StorageError: as ``start_run`` and ``resume_run``.
    """
    named = dict(named)
    if sum(named.get(length) is not None for length in LENGTHS) > 1:
        raise SettingsError("give only one of `epochs`, `steps` and `max_minutes`")
    of_files = sorted(HOW_READ - {"background", "pad", "anchor"})
    if sprites is not None and (told := [name for name in of_files if f"data.{name}" in named]):
        raise SettingsError(f"`{told[0]}` says how files are read; these sprites are in memory")
    if (source := named.get("data.source")) is not None:
        # A folder goes before a name, and is recorded as its whole path.
        found = find_source(source)
        if isinstance(found, Path) and found.exists():
            named["data.source"] = str(found.resolve())
    if resume:
        if init is not None:
            raise SettingsError(
                "`resume` goes on with the weights that the run has; leave out `init`, or start a "
                "new run without `resume`"
            )
        if isinstance(preset, RunSettings):
            named = {**preset.named(), **named}
            named.pop("data.source", None)
        elif preset is not None:
            named["preset"] = preset
        if sprites is not None:
            sprites = fit(sprites, read_record(out).settings.data)
        return resume_run(out, named, sprites=sprites)
    settings = preset if isinstance(preset, RunSettings) else config.preset(preset or "small")
    if init is not None:
        if isinstance(preset, RunSettings):  # all that complete settings say is said by the caller
            named = settings.named() | named
        settings = fine_tuning_settings(settings, init, named)
    else:
        if sprites is not None:
            named = {"data.size": sprites.size, **named}
        settings = settings.override(named)
    if sprites is not None:
        sprites = fit(sprites, settings.data)
    return start_run(settings, out, sprites=sprites, init=init)


def follow(
    run: Run,
    progress: Progress,
    *,
    stop_after: int | None = None,
    cpu: bool = False,
    loggers: Loggers = (),
) -> None:
    """Train a run, and say how it goes: updates, loss, speed, held-out loss.

    Args:
        run: is trained, see ``Run.train``; it says afterwards how it ended.
        progress: told of every update.
        stop_after, cpu, loggers: see ``Run.train``.
    """
    batch_size = run.settings.training.batch_size
    total = total_steps(run.settings.training, len(run.train_sprites))
    smooth = held_out = None
    first_step, first_seconds = run.step, None
    for update in run.train(stop_after, cpu, loggers=loggers):
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
        progress(update.step, total or round(update.step / update.progress), note)
