"""Distilling in one call, and its parts, as ``runs.calls`` has them for training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spritelab.config import LENGTHS, DistillSettings, TrainingSettings
from spritelab.errors import SettingsError
from spritelab.generate import Model, load_model
from spritelab.progress import Progress, showing
from spritelab.runs.distillation import (
    Distillation,
    draw_same_noise,
    resume_distillation,
    start_distillation,
)
from spritelab.training import total_steps


def distill(
    model: str | Path,
    out: str | Path,
    *,
    resume: bool = False,
    stop_after: int | None = None,
    cpu: bool = False,
    progress: Progress | None = None,
    **changes: Any,
) -> Model:
    """Distil a student that draws in few steps: ``distill("crawl-16", "runs/quick", steps=2)``.

    Does what ``spritelab distill`` does, and leaves the same folder. Ctrl-C, or interrupting a
    notebook's kernel, saves and then raises ``KeyboardInterrupt``; the same call with
    ``resume=True`` goes on.

    Args:
        model: the teacher: a run's folder, a model folder, or the name of one that comes along.
        out: the folder: new or empty, or with ``resume`` that of a distillation.
        resume: go on in ``out``, with the same ``model``.
        stop_after: stop once this many updates were made, counted from the very start.
        cpu: do not use an accelerator even if there is one.
        progress: told of the updates; shown on the terminal or in the notebook if not given.
        changes: settings in place of the defaults: ``steps`` of the student, ``guidance`` of the
            teacher, ``updates`` or ``max_minutes``, ``batch_size``, ``learning_rate``, ``seed`` …;
            see ``DistillSettings`` and ``TrainingSettings``.

    Raises:
        SettingsError, ModelError, TrainingError, StorageError: as ``start_distillation``,
            ``resume_distillation`` and ``Distillation.train``.
        KeyboardInterrupt: after it was saved.
    """
    begun = open_distillation(model, out, _full_names(changes), resume=resume)
    with showing("updates", progress) as told:
        follow_distillation(begun, told, stop_after=stop_after, cpu=cpu)
    if begun.interrupted:
        raise KeyboardInterrupt(
            f"saved after {begun.step:,} updates in {begun.folder}: resume=True goes on, "
            "load_model loads the student"
        )
    if begun.finished:
        draw_same_noise(begun)
    return load_model(begun.folder, "cpu" if cpu else None)


def open_distillation(
    model: str | Path, out: str | Path, named: Mapping[str, Any], *, resume: bool = False
) -> Distillation:
    """Begin the distillation that ``distill`` is asked for, or open it again.

    Args:
        model, out, resume: see ``distill``.
        named: the settings that the caller names, as ``DistillSettings.override`` takes them.

    Raises:
        SettingsError, ModelError, TrainingError, StorageError: as ``start_distillation`` and
            ``resume_distillation``.
    """
    if sum(named.get(length) is not None for length in LENGTHS) > 1:
        raise SettingsError("give only one of `updates` and `max_minutes`")
    if resume:
        return resume_distillation(model, out, named)
    return start_distillation(DistillSettings().override(named), model, out)


def follow_distillation(
    begun: Distillation, progress: Progress, *, stop_after: int | None = None, cpu: bool = False
) -> None:
    """Train a student, and say how it goes: updates, loss, agreement with its teacher.

    Args:
        begun: is trained, see ``Distillation.train``; it says afterwards how it ended.
        progress: told of every update.
        stop_after, cpu: see ``Distillation.train``.
    """
    total, smooth = total_steps(begun.settings.training, 1), None
    for update in begun.train(stop_after, cpu):
        smooth = update.loss if smooth is None else 0.95 * smooth + 0.05 * update.loss
        note = f"loss {smooth:.4f}"
        if begun.compared.equal is not None:
            note += f", {100 * begun.compared.equal:.0f} % of pixels as the teacher's"
        # Where minutes decide, the number of updates is a forecast.
        progress(update.step, total or round(update.step / update.progress), note)


def _full_names(changes: Mapping[str, Any]) -> dict[str, Any]:
    """``updates``, ``batch_size`` … as ``DistillSettings.override`` takes them."""
    own, learning = DistillSettings.model_fields, TrainingSettings.model_fields
    named = {}
    for name, value in changes.items():
        if name == "updates":
            named["training.steps"] = value
        else:
            inside = name not in own and name in learning
            named[f"training.{name}" if inside else name] = value
    return named
