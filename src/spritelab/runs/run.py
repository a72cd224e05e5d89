"""A run that can be trained: the loop with its log, its checkpoints and its grids of samples."""

from __future__ import annotations

import time
import warnings
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
from accelerate import Accelerator

from spritelab.config import RunSettings
from spritelab.data import SpriteSet
from spritelab.devices import StopFlag, any_process, make_accelerator
from spritelab.diffusion import Moments, Schedule, build_schedule
from spritelab.errors import ModelError
from spritelab.generate import (
    Model,
    ModelConfig,
    Parent,
    TrainingPalettes,
    load_model_files,
    make_network,
    save_model,
    training_moments,
)
from spritelab.palette import IndexedSprites, fitting_size, index_sprites
from spritelab.runs.lock import lock_run
from spritelab.runs.log import open_log
from spritelab.runs.pictures import draw_grid
from spritelab.runs.record import describe_model
from spritelab.runs.restoring import restore
from spritelab.runs.saving import close_at_exit, save_training
from spritelab.runs.trackers import Loggers, Trackers, check_loggers, open_trackers
from spritelab.storage import digest, tidy
from spritelab.training import (
    Clock,
    DeviceSprites,
    TrainingState,
    Update,
    ViewsWatch,
    build_objective,
    stream_seed,
    total_steps,
    train,
)


@dataclass
class Run:
    """A run's folder with its settings and its sprites, ready to be trained.

    Attributes:
        folder: where everything is.
        settings: what decides the run.
        train_sprites, held_out: the two sides of the split.
        parent: the model whose weights it began from, if it began from one.
        step: updates made when it was last saved.
        finished: whether its length was reached.
        stopped: whether the last ``train`` stopped before the end, as it was asked to.
        interrupted: whether it was ``stop`` or a signal, such as Ctrl-C, that asked.
        is_main: whether this process is the one, of those that train together, that writes.
        state: network, average and optimiser while ``train`` is consumed; whole at every update.
    """

    folder: Path
    settings: RunSettings
    train_sprites: SpriteSet
    held_out: SpriteSet
    parent: Parent | None = None
    step: int = 0
    finished: bool = False
    stopped: bool = False
    interrupted: bool = False
    is_main: bool = True
    state: TrainingState | None = field(default=None, repr=False)
    _stop: StopFlag = field(default_factory=StopFlag, init=False, repr=False)

    def __repr__(self) -> str:
        return (
            f"<Run: {len(self.train_sprites):,} sprites, {len(self.held_out):,} held out, "
            f"{self.step:,} updates, in {self.folder}>"
        )

    @cached_property
    def palettes(self) -> TrainingPalettes | None:
        """Those of the training sprites, if it is the colours of palettes that are predicted."""
        indexed = self._indexed[0]
        return None if indexed is None else TrainingPalettes.of(indexed, self.train_sprites.labels)

    @cached_property
    def moments(self) -> Moments:
        """Those of the training sprites."""
        return training_moments(self.train_sprites, self.settings.data.mirror, self.palettes)

    @cached_property
    def _indexed(self) -> tuple[IndexedSprites | None, IndexedSprites | None]:
        """Both sides of the split as palettes and indices, if that is how they are learnt."""
        if self.settings.training.prediction != "palette":
            return None, None
        most = self.settings.data.palette
        if not isinstance(most, int):
            most = fitting_size(self.train_sprites.images)
        training, held_out = (side.images for side in (self.train_sprites, self.held_out))
        return index_sprites(training, most), index_sprites(held_out, most)

    def stop(self) -> None:
        """Ask the training that goes on to stop; may be called in any thread.

        It stops after the update in progress, as after Ctrl-C. A request made before ``train`` is
        called is forgotten.
        """
        self._stop.set()

    def train(
        self,
        stop_after: int | None = None,
        cpu: bool = False,
        clock: Clock = time.perf_counter,
        loggers: Loggers = (),
    ) -> Generator[Update, None, None]:
        """Train from the last checkpoint, or from the start, yielding after every update.

        It can be stopped before the end in four ways: by ``stop``, from any thread; by Ctrl-C, a
        request to terminate or a closed terminal, where it runs in the main thread; by
        ``stop_after``; and by closing the generator, as leaving a ``for`` loop by ``break`` or an
        exception does. Each lets the update in progress end and saves the run; ``stopped`` is set
        and a later ``train`` goes on from there. A second Ctrl-C interrupts at once.

        Args:
            stop_after: stop once the run has made this many updates, counted from its very start.
            cpu: do not use an accelerator even if there is one.
            clock: gives the seconds of the run and decides when so many minutes are over;
                ``time.process_time`` for a comparison on a machine that others use, too.
            loggers: who is told besides TensorBoard, see ``trackers``.

        Warns:
            UserWarning: if a small set is shown too often, see ``training.ViewsWatch``; if the last
                checkpoint is broken, so that it goes on from the one before.

        Raises:
            TrainingError: if another process trains this run, or the loss or the weights are no
                longer finite.
            SettingsError: if the run is to stop when it memorises, and nothing is held out; for a
                logger that is unknown or cannot begin.
            MissingExtraError: for a logger whose package is missing.
            ModelError: if every checkpoint is broken or not one of this run.
            StorageError: if something cannot be written; the last checkpoint is kept.
        """
        self._stop.clear()
        updates = self._train(stop_after, cpu, clock, check_loggers(loggers))
        close_at_exit(updates)
        return updates

    def _train(
        self, stop_after: int | None, cpu: bool, clock: Clock, loggers: Loggers
    ) -> Generator[Update, None, None]:
        settings = self.settings.training
        with ExitStack() as stack:
            stack.enter_context(lock_run(self.folder))
            if self.is_main:
                tidy(self.folder)  # nobody else writes here now
            accelerator = make_accelerator(cpu, settings.mixed_precision)
            state, schedule, batch_losses = self._restore(accelerator)
            self.state = state
            self.finished, self.stopped, self.interrupted = state.progress >= 1, False, False
            if self.finished or (stop_after is not None and state.step >= stop_after):
                self.stopped = not self.finished
                if accelerator.is_main_process:
                    self._renew_model(state)
                return

            views = ViewsWatch(len(self.train_sprites), settings)
            if line := views.planned(total_steps(settings, len(self.train_sprites))):
                warnings.warn(line, stacklevel=2)
            updates = train(
                state,
                build_objective(settings, schedule),
                DeviceSprites.from_set(self.train_sprites, accelerator.device, self._indexed[0]),
                DeviceSprites.from_set(self.held_out, accelerator.device, self._indexed[1]),
                settings,
                accelerator,
                mirror=self.settings.data.mirror,
                clock=clock,
            )
            stack.enter_context(self._stop.set_by_signals())
            # Only the first of several processes writes.
            log = None
            if accelerator.is_main_process:
                told = stack.enter_context(self._trackers(accelerator, loggers))
                log = stack.enter_context(open_log(self.folder, state.step, batch_losses, told))
            for update in updates:
                self.finished = update.progress >= 1
                asked = any_process(self._stop.is_set())
                self.interrupted = not self.finished and asked
                self.stopped = self.interrupted or (
                    not self.finished and stop_after is not None and update.step >= stop_after
                )
                due = update.step % settings.checkpoint_every == 0
                saves = self.finished or self.stopped or due
                if log is not None:
                    kept_step = state.least.step if state.least is not None else None
                    log.update(update, settings.batch_size, kept_step)
                    if saves:
                        self.save_state(state, log.batch_losses, accelerator)
                    if update.step % settings.sample_every == 0 and not self.finished:
                        model = Model(
                            state.averaged(),
                            schedule,
                            self.model_config(update.step),
                            accelerator.device,
                            self.palettes,
                            moments=self.moments,
                        )
                        log.picture(draw_grid(model, self.folder), update.step)
                    if line := views.made(update.step, update.progress):
                        warnings.warn(line, stacklevel=2)
                if saves:
                    self.step = update.step
                try:
                    yield update
                except BaseException:
                    # Closed, or dropped by a caller that left its loop; the state is whole here.
                    if log is not None and not saves:
                        self.save_state(state, log.batch_losses, accelerator)
                    self.step, self.stopped = update.step, not self.finished
                    raise
                if self.stopped:
                    break
            accelerator.wait_for_everyone()

    def _trackers(
        self, accelerator: Accelerator, loggers: Loggers
    ) -> AbstractContextManager[Trackers]:
        """Those of this session; a run that goes on is the same run there, where they can tell."""
        settings = self.settings.model_dump(mode="json")
        place = str(self.folder.resolve())
        key = digest(place, settings, self.train_sprites.content_hash)[:16]
        return open_trackers(accelerator, loggers, self.folder.resolve().name, settings, key)

    def _restore(self, accelerator: Accelerator) -> tuple[TrainingState, Schedule, list[float]]:
        """Build the state of update 0 and bring it to the last checkpoint, if there is one.

        Also returns the losses of the batches since the last validation.
        """
        settings = self.settings
        schedule = build_schedule(settings.schedule)
        torch.manual_seed(stream_seed(settings.training.seed, 3))
        network = make_network(self.model_config(0))
        state = TrainingState.start(network, settings.training, accelerator.device)
        record = restore(self.folder, state, accelerator)
        if record is None and self.parent is not None:
            raise ModelError(
                f"{self.folder} has no checkpoint left, and so none of the weights of "
                f"{self.parent.name} that it began from; start a new run"
            )
        return state, schedule, [] if record is None else list(record.batch_losses)

    def save_state(
        self,
        state: TrainingState,
        batch_losses: Sequence[float] = (),
        accelerator: Accelerator | None = None,
    ) -> None:
        """Write a checkpoint and the model: as it is now, or that of the least held-out loss.

        Args:
            state: network, average and optimiser.
            batch_losses: of the updates since the last validation.
            accelerator: whose scaler of gradients, if it has one, belongs to the state.

        Raises:
            TrainingError: if the weights are not finite; nothing is written then.
            StorageError: if something cannot be written; the last checkpoint is kept.
        """
        save_training(self.folder, state, batch_losses, accelerator)
        self._save_model(state)

    def _save_model(self, state: TrainingState) -> None:
        (step, weights), guide = state.kept(), state.kept_guide()
        save_model(
            self.folder / "model",
            weights,
            self.model_config(step, None if guide is None else guide.step),
            self.palettes,
            moments=self.moments,
            guide=None if guide is None else guide.weights,
        )

    def _renew_model(self, state: TrainingState) -> None:
        """Write the model again if a run that was killed while saving left an older one."""
        try:
            step = load_model_files(self.folder / "model").config.step
        except ModelError:
            step = None
        if step != state.kept()[0]:
            self._save_model(state)

    def model_config(self, step: int, guide: int | None = None) -> ModelConfig:
        """What a model of this run at update ``step``, with a ``guide`` of it, says of itself."""
        return describe_model(self.settings, self.train_sprites, step, self.parent, guide)
