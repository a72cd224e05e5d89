"""A distillation on disk: begun, trained, stopped, resumed, like a run on sprites.

runs/NAME/
  distillation.json settings, versions, and which model is the teacher
  run.lock, metrics.jsonl, tensorboard/, checkpoints/, model/   as a run has them
  same-noise.png    ten sprites of the teacher and, below, the student's from the same noise
"""

from __future__ import annotations

import platform
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from accelerate import Accelerator
from pydantic import Field

import spritelab
from spritelab import pictures, storage
from spritelab.config import DistillSettings, SamplerSettings, Settings, flatten
from spritelab.devices import StopFlag, make_accelerator, this_process
from spritelab.diffusion.times import nearest_steps
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import (
    Distilled,
    Model,
    ModelConfig,
    Parent,
    SpriteBatch,
    agreement,
    load_model,
    parent_of,
    save_model,
    weights_hash,
)
from spritelab.runs.folder import check_free, clear
from spritelab.runs.lock import lock_run
from spritelab.runs.log import Log, open_log
from spritelab.runs.record import versions_today
from spritelab.runs.restoring import restore
from spritelab.runs.saving import CHECKPOINTS, close_at_exit, save_training
from spritelab.training import (
    Clock,
    Distilling,
    Start,
    TrainingState,
    Update,
    checkpoints,
    distill,
    stream_seed,
)

FORMAT = 1
"""Version of a distillation's record; raised whenever old code could no longer read it."""

RECORD = "distillation.json"

COMPARED = 100
"""Sprites that teacher and student draw from the same noise, to say how alike they are."""

SHOWN = 10
"""Of them, how many are pictured."""


DECISIVE = (-1.2, 2.6)
"""λ between which a student's steps are spread, the first at its beginning. A Gaussian first leg
leads as far as the first as one evaluation would; beyond the last nothing is left to decide."""

BEGIN = -3.0
"""λ of the first step where no first leg leads: x is noise to 95 %. Of a teacher's walk, too."""


class DistillationRecord(Settings):
    """All that is needed to repeat a distillation, apart from the teacher itself."""

    format: int = FORMAT
    versions: dict[str, str] = Field(description="of Python, spritelab and what it computes with")
    platform: str
    settings: DistillSettings
    teacher: Parent = Field(description="which model it is")

    def check_teacher(self, source: str | Path, folder: Path) -> None:
        """Refuse another model in the place of the teacher.

        Args:
            source: the model.
            folder: of the distillation.

        Raises:
            ModelError: if it is another, or none.
        """
        if weights_hash(source) != self.teacher.weights_hash:
            raise ModelError(
                f"{source} is not the model that {folder} was begun with, {self.teacher.name}; "
                "bring that back, or start anew"
            )


@dataclass
class Distillation:
    """The folder of a distillation with its settings and its teacher, ready to be trained.

    Attributes:
        folder: where everything is.
        settings: what decides it.
        teacher: the model that walks.
        parent: the teacher, as the student's folder names it.
        times: the steps of the student.
        step, finished, stopped, interrupted, state: as of ``Run``.
        compared: how alike student and teacher were when last compared.
    """

    folder: Path
    settings: DistillSettings
    teacher: Model
    parent: Parent
    times: tuple[int, ...]
    step: int = 0
    finished: bool = False
    stopped: bool = False
    interrupted: bool = False
    state: TrainingState | None = field(default=None, repr=False)
    compared: Distilled = field(init=False)
    _stop: StopFlag = field(default_factory=StopFlag, init=False, repr=False)

    def __post_init__(self) -> None:
        how = self.of_teacher
        self.compared = Distilled(guidance=how.guidance, autoguidance=how.autoguidance)

    @property
    def of_teacher(self) -> SamplerSettings:
        """How the teacher draws, guided as the settings say.

        As it does unless told otherwise, or by DPM-Solver++ if that adds noise on the way, which no
        student can foresee.
        """
        own, said = self.teacher.config.sampling.flow, self.settings.guidance
        return self.teacher.sampler_settings(own if said is None else own.changed(guidance=said))

    @classmethod
    def open(cls, folder: Path, settings: DistillSettings, source: str | Path) -> Self:
        """What is in ``folder``, or will be.

        Raises:
            ModelError: if ``source`` is no model, or a broken one.
            SettingsError: if it has fewer steps than the student is to make, or is a student.
        """
        teacher = load_model(source, "cpu")
        if teacher.config.distilled is not None:
            raise SettingsError(f"{source} is a student itself; distil from its teacher")
        times = student_times(settings, teacher)
        return cls(folder, settings, teacher, parent_of(source, teacher.config), times)

    def stop(self) -> None:
        """Ask the training that goes on to stop, as ``Run.stop``."""
        self._stop.set()

    def train(
        self, stop_after: int | None = None, cpu: bool = False, clock: Clock = time.perf_counter
    ) -> Generator[Update, None, None]:
        """Train from the last checkpoint, or from the start, yielding after every update.

        Arguments, what may stop it and what happens then are as of ``Run.train``. It runs in one
        process.

        Raises:
            TrainingError: if another process trains it, or the loss or the weights are not finite.
            ModelError: if the last checkpoint is broken or not one of this distillation.
            StorageError: if something cannot be written; the last checkpoint is kept.
        """
        self._stop.clear()
        updates = self._train(stop_after, cpu, clock)
        close_at_exit(updates)
        return updates

    def _train(
        self, stop_after: int | None, cpu: bool, clock: Clock
    ) -> Generator[Update, None, None]:
        settings = self.settings.training
        with ExitStack() as stack:
            stack.enter_context(lock_run(self.folder))
            accelerator = make_accelerator(cpu, settings.mixed_precision)
            device = accelerator.device
            network = self.teacher.network.to(device)
            self.teacher = replace(self.teacher, network=network, device=device)
            state = TrainingState.start(deepcopy(network), settings, device)
            record = restore(self.folder, state, accelerator)
            self.state, self.step = state, state.step
            self.finished, self.stopped, self.interrupted = state.progress >= 1, False, False
            if self.finished or (stop_after is not None and state.step >= stop_after):
                self.stopped = not self.finished
                return
            updates = distill(state, self.distilling, self.draw, settings, accelerator, clock)
            stack.enter_context(self._stop.set_by_signals())
            losses = record.batch_losses if record is not None else ()
            log = stack.enter_context(open_log(self.folder, state.step, losses))
            for update in updates:
                self.finished = update.progress >= 1
                self.interrupted = not self.finished and self._stop.is_set()
                self.stopped = self.interrupted or (
                    not self.finished and stop_after is not None and update.step >= stop_after
                )
                log.update(update, settings.batch_size)
                if self.finished or update.step % settings.validate_every == 0:
                    self._validate(state, update, log)
                due = update.step % settings.checkpoint_every == 0
                saves = self.finished or self.stopped or due
                if saves:
                    self._save(state, log, accelerator)
                try:
                    yield update
                except BaseException:
                    # Closed, or dropped by a caller that left its loop; the state is whole here.
                    if not saves:
                        self._save(state, log, accelerator)
                    self.stopped = not self.finished
                    raise
                if self.stopped:
                    break

    @cached_property
    def distilling(self) -> Distilling:
        """What the student learns."""
        settings = self.settings
        return Distilling(
            self.teacher.network,
            self.teacher.head,
            self.times,
            settings.walked,
            self.of_teacher.guidance_weight,
            self._begin,
            None if self.of_teacher.autoguidance == 1 else self.teacher.guide,
            self.of_teacher.guidance_interval,
        )

    @property
    def _begin(self) -> int | None:
        """The teacher's first step, where a Gaussian first leg leads there."""
        schedule = self.teacher.schedule
        return None if self.teacher.moments is None else nearest_steps(schedule.lambdas, [BEGIN])[0]

    def draw(self, number: int) -> Start:
        """Where the chains of an update start: noise that no seed of a user's draws soon."""
        settings, n = self.settings.training, self.settings.training.batch_size
        seed = stream_seed(settings.seed, 4)
        request = self.teacher.request(n, seed, numbers=range(number * n, (number + 1) * n))
        generator = torch.Generator().manual_seed(stream_seed(settings.seed, 5, number))
        shown = torch.rand(n, generator=generator) >= settings.drop_context
        x, palettes = self.teacher.first_noise(request), request.encoded_palettes()
        request = replace(request, context=request.context * shown[:, None])
        palettes, context = None if palettes is None else palettes.to(x), request.context.to(x)
        if self.teacher.moments is None:
            return Start(x, context, palettes)
        # The student draws without guidance, its first leg included.
        led = self.teacher.first_leg(request, x, self.times[0])
        guided = self.teacher.leg_guidance(self.of_teacher)
        walked = self.teacher.first_leg(request, x, self.distilling.walked_from, guided)
        return Start(led, context, palettes, walked)

    @cached_property
    def _of_teacher(self) -> SpriteBatch:
        """What the teacher draws: see ``of_teacher``."""
        return self.teacher.sample(COMPARED, self.of_teacher)

    def _validate(self, state: TrainingState, update: Update, log: Log) -> None:
        drawn = self._model(state).sample(COMPARED)
        equal, difference = agreement(drawn.images, self._of_teacher.images)
        self.compared = self.compared.model_copy(
            update={"sprites": COMPARED, "equal": equal, "difference": difference}
        )
        log.record(
            {
                "step": update.step,
                "seconds": round(update.seconds, 3),
                "batch_loss": float(np.mean(log.batch_losses)),
                "learning_rate": update.learning_rate,
                "equal": equal,
                "difference": difference,
            }
        )

    def _save(self, state: TrainingState, log: Log, accelerator: Accelerator) -> None:
        save_training(self.folder, state, log.batch_losses, accelerator)
        self.step = state.step
        weights, config = state.average.weights, self.model_config(state.step)
        teacher = self.teacher
        save_model(
            self.folder / "model", weights, config, teacher.palettes, moments=teacher.moments
        )

    def _model(self, state: TrainingState) -> Model:
        """The student as it is now."""
        network, config = state.averaged(), self.model_config(state.step)
        return replace(self.teacher, network=network, config=config, folder=None, guide=None)

    def model_config(self, step: int) -> ModelConfig:
        """What the student says of itself at update ``step``: what its teacher says, and how."""
        config = self.teacher.config
        return config.model_copy(
            update={
                "format": ModelConfig.model_fields["format"].default,
                "version": spritelab.__version__,
                "sampling": SamplerSettings(
                    sampler="dpm",
                    times=self.times,
                    first_leg="none" if self.teacher.moments is None else "gaussian",
                ),
                "calibrated": (),
                "trained_on": config.trained_on.model_copy(update={"parent": self.parent}),
                "distilled": self.compared,
                "guide_step": None,
                "step": step,
            }
        )


def student_times(settings: DistillSettings, teacher: Model) -> tuple[int, ...]:
    """The steps of the student, descending.

    Raises:
        SettingsError: for more than there are, or one beyond the schedule.
    """
    schedule = teacher.schedule
    if settings.times is not None:
        SamplerSettings(sampler="dpm", times=settings.times).complete(schedule.timesteps)
        return settings.times
    start, stop = DECISIVE if teacher.moments is not None else (BEGIN, DECISIVE[1])
    wanted = np.linspace(start, stop, settings.steps, endpoint=False)
    visited = nearest_steps(schedule.lambdas, wanted)
    if len(visited) < settings.steps:
        raise SettingsError(
            f"the teacher's schedule has no {settings.steps} `steps` between λ = {start:g} and "
            f"{stop:g}; choose fewer, or name their `times`"
        )
    return tuple(visited)


def start_distillation(
    settings: DistillSettings, teacher: str | Path, folder: str | Path
) -> Distillation:
    """Make the folder of a new distillation.

    Args:
        settings: what decides it.
        teacher: the model: a run's folder, a model folder, or the name of one that comes along.
        folder: must not exist, or be empty.

    Raises:
        SettingsError: if the folder is taken, or the student's steps are none of the schedule's.
        ModelError: if ``teacher`` is no model, or a broken one.
        TrainingError: if another process begins in the same folder just now.
        StorageError: if the folder cannot be written.
    """
    folder = Path(folder)
    _check_alone()
    check_free(folder)
    storage.check_writable(folder)
    begun = Distillation.open(folder, settings, teacher)
    record = DistillationRecord(
        versions=versions_today(),
        platform=platform.platform(),
        settings=settings,
        teacher=begun.parent,
    )
    with lock_run(folder):
        check_free(folder)
        clear(folder)
        storage.write_record(folder / RECORD, record.model_dump(mode="json"))
    return begun


def resume_distillation(
    teacher: str | Path, folder: str | Path, overrides: Mapping[str, Any] | None = None
) -> Distillation:
    """Open a distillation that was begun, to train it further from its last checkpoint.

    Args:
        teacher: the model that it began with, wherever it is by now.
        folder: the distillation's.
        overrides: settings that the caller names; they must be those of the distillation.

    Raises:
        ModelError: if there is none, its record is broken, or ``teacher`` is another model.
        SettingsError: if an override contradicts it.
    """
    folder = Path(folder)
    _check_alone()
    record = read_distillation(folder)
    wanted = record.settings.override(dict(overrides or {}))
    if wanted != record.settings:
        before, after = flatten(record.settings.model_dump()), flatten(wanted.model_dump())
        name = next(key for key in after if before[key] != after[key])
        raise SettingsError(
            f"{name} is {before[name]} in {folder} and cannot become {after[name]} on the way; "
            "leave it out, or start anew"
        )
    record.check_teacher(teacher, folder)
    begun = Distillation.open(folder, record.settings, teacher)
    found = checkpoints(folder / CHECKPOINTS)
    begun.step = found[-1][0] if found else 0
    return begun


def read_distillation(folder: str | Path) -> DistillationRecord:
    """Read the record of the distillation in ``folder``.

    Raises:
        ModelError: if there is none, or it is broken or of a later format.
    """
    path = Path(folder) / RECORD
    if not path.is_file():
        raise ModelError(f"there is no distillation at {folder}; start one without `resume`")
    try:
        return DistillationRecord.parse(storage.read_record(path, FORMAT), str(path))
    except SettingsError as error:
        raise ModelError(f"{error}; mend it, or start anew") from None


def draw_same_noise(begun: Distillation) -> Path:
    """Draw ``same-noise.png``: the teacher's sprites and, below, the student's.

    Raises:
        ModelError: if there is no student yet.
        StorageError: if the picture cannot be written.
    """
    numbers = range(SHOWN)
    student = load_model(begun.folder).sample(numbers=numbers)
    teacher = begun.teacher.sample(how=begun.of_teacher, numbers=numbers)
    both = np.concatenate([teacher.images, student.images])
    picture = pictures.titled(
        pictures.grid(both, columns=SHOWN, scale=5),
        f"{begun.parent.name} ({teacher.nfe} evaluations), below its student ({student.nfe})",
    )
    return pictures.save_png(picture, begun.folder / "same-noise.png")


def _check_alone() -> None:
    if this_process().num_processes > 1:
        raise SettingsError("a student is distilled in one process; start it without a launcher")
