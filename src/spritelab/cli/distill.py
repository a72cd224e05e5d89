"""``spritelab distill``: a student of a model, that draws in few steps."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from spritelab.cli import console, options
from spritelab.config import DistillSettings, MixedPrecision, TrainingSettings, parse_assignment

STUDENT, LEARNING = "Student", "Learning"


def _student(name: str) -> Any:
    return options.setting(DistillSettings, name, panel=STUDENT)


def _learning(name: str, *names: str) -> Any:
    return options.setting(TrainingSettings, name, *names, panel=LEARNING)


def distill(
    model: options.ModelName,
    out: Annotated[Path, typer.Option(help="folder of the student", show_default=False)],
    steps: Annotated[int | None, _student("steps")] = None,
    times: Annotated[str | None, _student("times")] = None,
    guidance: Annotated[float | None, _student("guidance")] = None,
    teacher_steps: Annotated[int | None, _student("teacher_steps")] = None,
    max_minutes: Annotated[float | None, _learning("max_minutes")] = None,
    updates: Annotated[int | None, _learning("steps", "--updates")] = None,
    stop_after: Annotated[
        int | None,
        typer.Option(min=1, help="stop cleanly once this many updates were made"),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on in --out, with the same MODEL, settings and all")
    ] = False,
    batch_size: Annotated[int | None, _learning("batch_size")] = None,
    learning_rate: Annotated[float | None, _learning("learning_rate")] = None,
    mixed_precision: Annotated[MixedPrecision | None, _learning("mixed_precision")] = None,
    seed: Annotated[int | None, _learning("seed")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="any other setting, such as training.optimiser=muon; may be given again",
        ),
    ] = None,
    cpu: Annotated[bool, typer.Option("--cpu", help="do not use a GPU")] = False,
) -> None:
    """Distil a student that draws in few steps what its teacher draws in many.

    It needs no sprites: both draw from the same noise, and the student learns to land where the
    teacher does. Writes settings, log, checkpoints, the student as a model, and same-noise.png with
    ten sprites of both. The student draws in its own steps alone. Ctrl-C saves; --resume goes on.
    """
    from spritelab import runs
    from spritelab.generate import find_model, read_config

    visited = tuple(options.whole_numbers(times, "`times`")) if times else None
    named = options.given(
        steps=steps, times=visited, guidance=guidance, teacher_steps=teacher_steps
    )
    learning = options.given(
        steps=updates,
        max_minutes=max_minutes,
        batch_size=batch_size,
        learning_rate=learning_rate,
        mixed_precision=mixed_precision,
        seed=seed,
    )
    named |= {f"training.{key}": value for key, value in learning.items()}
    named |= dict(map(parse_assignment, set_ or ()))
    with console.console.status("reading the teacher"):
        begun = runs.open_distillation(model, out, named, resume=resume)
    console.say("teacher", begun.parent.in_words())
    console.say("student", f"{len(begun.times)} steps, t = {', '.join(map(str, begun.times))}")
    with console.progress("updates") as report:
        runs.follow_distillation(begun, report, stop_after=stop_after, cpu=cpu)
    if begun.stopped:
        command = ["spritelab", "distill", model, "--resume", "--out", str(out)]
        console.say("stopped", f"after {begun.step:,} updates; go on with: {shlex.join(command)}")
        if begun.interrupted:
            raise typer.Exit(130)
        return
    picture = runs.draw_same_noise(begun)
    if (distilled := read_config(find_model(begun.folder)).distilled) is not None:
        console.say("agreement", distilled.in_words())
    console.wrote(picture)
    console.wrote(begun.folder / "model")
