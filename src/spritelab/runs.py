"""One training run on disk: its settings, the loop, its log, its checkpoints and its pictures.

::

    runs/NAME/
      config.json       settings, versions and the data's hash: all that is needed to repeat it
      metrics.jsonl     one line a validation
      tensorboard/      the same and the loss of every update, for TensorBoard
      checkpoints/      what training goes on from
      model/            what is sampled and shared
      samples/          grids along the way
      *.png             loss curves, samples and denoising strips of both samplers
"""

from __future__ import annotations

import json
import platform
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import parse_flag_from_env

import spritelab
from spritelab import checkpoint, data, export
from spritelab.checkpoint import ModelConfig, TrainedOn
from spritelab.config import DataSettings, RunSettings
from spritelab.data import SpriteSet
from spritelab.diffusion import Schedule, build_schedule
from spritelab.errors import DataError, ModelError, SettingsError, TrainingError
from spritelab.generate import Model, Progress, load_model
from spritelab.pictures import draw_samples
from spritelab.storage import storing, write_file
from spritelab.training import Sprites, TrainingState, Update, stream_seed, train

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FORMAT = 1
"""Version of a run's folder."""


@dataclass
class Run:
    """A run's folder with its settings and its sprites, ready to be trained.

    Attributes:
        folder: where everything is.
        settings: what decides the run.
        train_sprites, held_out: the two sides of the split.
        step: updates made when it was last saved.
        finished: whether its length was reached.
        stopped: whether the last ``train`` stopped before the end, as it was asked to.
        interrupted: whether it was a Ctrl-C or a request to terminate that asked.
    """

    folder: Path
    settings: RunSettings
    train_sprites: SpriteSet
    held_out: SpriteSet
    step: int = 0
    finished: bool = False
    stopped: bool = False
    interrupted: bool = False
    _batch_losses: list[float] = field(default_factory=list, repr=False)

    def train(self, stop_after: int | None = None, cpu: bool = False) -> Iterator[Update]:
        """Train from the last checkpoint, or from the start, yielding after every update.

        Ctrl-C and a request to terminate are taken after the update in progress: the run is then
        saved, ``stopped`` is set and the iteration ends. So does ``stop_after``, which counts the
        run's updates from its very start. A second Ctrl-C interrupts at once.

        Args:
            stop_after: stop cleanly once the run has made this many updates.
            cpu: do not use an accelerator even if there is one.

        Raises:
            TrainingError: if the loss or the weights are no longer finite.
            StorageError: if something cannot be written; the last checkpoint is kept.
        """
        settings = self.settings.training
        accelerator = _accelerator(cpu, settings.mixed_precision)
        state, schedule = self._restore(accelerator)
        self.finished, self.stopped, self.interrupted = state.progress >= 1, False, False
        if self.finished or (stop_after is not None and state.step >= stop_after):
            self.stopped = not self.finished
            if accelerator.is_main_process:
                self._renew_model(state)
            return

        updates = train(
            state,
            schedule,
            Sprites.from_set(self.train_sprites, accelerator.device),
            Sprites.from_set(self.held_out, accelerator.device),
            settings,
            accelerator,
            mirror=self.settings.data.mirror,
        )
        writes = accelerator.is_main_process
        if writes:
            self._forget_after(state.step)
        with _stop_requests() as stop_requested, _tensorboard(self, state.step, writes) as board:
            for update in updates:
                self.finished = update.progress >= 1
                asked = _any_process(stop_requested(), accelerator)
                self.interrupted = not self.finished and asked
                self.stopped = self.interrupted or (
                    not self.finished and stop_after is not None and update.step >= stop_after
                )
                if writes:
                    self._log(update, board)
                    if (
                        self.finished
                        or self.stopped
                        or update.step % settings.checkpoint_every == 0
                    ):
                        self._save(state, accelerator)
                    if update.step % settings.sample_every == 0 and not self.finished:
                        self._sample_grid(state, schedule, board, accelerator.device)
                yield update
                if self.stopped:
                    break
        accelerator.wait_for_everyone()

    def _restore(self, accelerator: Accelerator) -> tuple[TrainingState, Schedule]:
        """Build the state of update 0 and bring it to the last checkpoint, if there is one."""
        settings = self.settings
        schedule = build_schedule(settings.schedule)
        torch.manual_seed(stream_seed(settings.training.seed, 3))
        network = checkpoint.make_network(self._model_config(0))
        state = TrainingState.start(network, settings.training, accelerator.device)
        self._batch_losses = []
        saved = checkpoint.checkpoints(self.folder / "checkpoints")
        if saved:
            tensors, record = checkpoint.load_checkpoint(saved[-1][1])
            try:
                state.load(tensors, record["step"], record["seconds"], record["progress"])
                self._batch_losses = list(record.get("batch_losses", ()))
                if accelerator.scaler is not None and record.get("scaler"):
                    accelerator.scaler.load_state_dict(record["scaler"])
            except (KeyError, RuntimeError, ValueError):
                raise ModelError(
                    f"the checkpoint {saved[-1][1]} is not one of this run; remove it to go on "
                    "from the one before"
                ) from None
        return state, schedule

    def _save(self, state: TrainingState, accelerator: Accelerator) -> None:
        tensors = state.tensors()
        if not all(bool(value.isfinite().all()) for value in tensors.values()):
            raise TrainingError(
                f"the weights are no longer finite at update {state.step}; the last good "
                "checkpoint is kept; start again with a lower --learning-rate"
            )
        record = {
            "seconds": state.seconds,
            "progress": state.progress,
            "batch_losses": self._batch_losses,
            "scaler": accelerator.scaler.state_dict() if accelerator.scaler is not None else None,
        }
        checkpoint.save_checkpoint(self.folder / "checkpoints", state.step, tensors, record)
        checkpoint.save_model(
            self.folder / "model", state.average.weights, self._model_config(state.step)
        )
        self.step = state.step

    def _renew_model(self, state: TrainingState) -> None:
        """Write the model again if a run that was killed while saving left an older one."""
        try:
            step = checkpoint.load_model_files(self.folder / "model").config.step
        except ModelError:
            step = None
        if step != state.step:
            checkpoint.save_model(
                self.folder / "model", state.average.weights, self._model_config(state.step)
            )

    def _model_config(self, step: int) -> ModelConfig:
        sprites = self.train_sprites
        alpha = sprites.images[..., 3:]
        return ModelConfig(
            version=spritelab.__version__,
            network=self.settings.network,
            schedule=self.settings.schedule,
            prediction=self.settings.training.prediction,
            size=sprites.size,
            channels=3 if sprites.channels == 3 else 4,
            class_names=sprites.class_names,
            hard_alpha=bool(((alpha == 0) | (alpha == 255)).all()),
            trained_on=TrainedOn(
                source=sprites.provenance.source,
                licence=sprites.provenance.licence,
                url=sprites.provenance.url,
                content_hash=sprites.content_hash,
                class_counts=tuple(
                    np.bincount(sprites.labels, minlength=len(sprites.class_names)).tolist()
                ),
            ),
            step=step,
        )

    def _log(self, update: Update, board: SummaryWriter | None) -> None:
        self._batch_losses.append(update.loss)
        if board is not None:
            board.add_scalar("loss/batch", update.loss, update.step)
            board.add_scalar("learning_rate", update.learning_rate, update.step)
        if update.validation is None:
            return
        record = {
            "step": update.step,
            "epoch": round(update.epoch, 4),
            "seconds": round(update.seconds, 3),
            "train_loss": update.validation.train_loss,
            "val_loss": update.validation.val_loss,
            "batch_loss": float(np.mean(self._batch_losses)),
            "learning_rate": update.learning_rate,
            "sprites_per_second": round(
                update.step * self.settings.training.batch_size / update.seconds, 1
            ),
        }
        self._batch_losses.clear()
        path = self.folder / "metrics.jsonl"
        with storing(path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if board is not None:
            board.add_scalar("loss/train", update.validation.train_loss, update.step)
            board.add_scalar("loss/held_out", update.validation.val_loss, update.step)

    def _forget_after(self, step: int) -> None:
        """Drop the log's lines beyond the checkpoint that training goes on from."""
        path = self.folder / "metrics.jsonl"
        if path.exists():
            kept = [record for record in read_metrics(self.folder) if record["step"] <= step]
            write_file(path, "".join(json.dumps(record) + "\n" for record in kept))

    def _sample_grid(
        self,
        state: TrainingState,
        schedule: Schedule,
        board: SummaryWriter | None,
        device: torch.device,
    ) -> None:
        """Draw 20 sprites with DDIM in at most 20 steps from the averaged weights."""
        model = Model(state.averaged(), schedule, self._model_config(state.step), device)
        batch = model.sample(20, sampler="ddim", steps=min(20, schedule.timesteps))
        path = self.folder / "samples" / f"step-{state.step:08d}.png"
        title = f"DDIM, {batch.steps} steps, after {state.step} updates"
        export.samples_picture(batch.images, path, title)
        if board is not None:
            grid = export.grid(batch.images, scale=4)
            board.add_image("samples", grid, state.step, dataformats="HWC")


def start_run(
    settings: RunSettings, folder: str | Path, *, sprites: SpriteSet | None = None
) -> Run:
    """Load the sprites and make the folder of a new run.

    Args:
        settings: what decides the run.
        folder: must not exist, or be empty.
        sprites: the sprites themselves, if ``settings.data.source`` is not to be read.

    Raises:
        SettingsError: if the folder is taken.
        DataError: if the sprites cannot be read or split.
    """
    folder = Path(folder)
    process = _process()
    if (
        process.is_main_process
        and folder.exists()
        and (not folder.is_dir() or any(folder.iterdir()))
    ):
        raise SettingsError(
            f"{folder} exists already; choose another --out, or go on with it by "
            f"'spritelab train --resume --out {folder}'"
        )
    settings = settings.override({"data.source": _absolute(settings.data.source)})
    run = _open(folder, settings, sprites)
    # A network that cannot have this size is refused before anything is written.
    checkpoint.make_network(run._model_config(0))
    whole = sprites if sprites is not None else run.train_sprites
    if process.is_main_process:
        record = {
            "format": FORMAT,
            "versions": {
                "spritelab": spritelab.__version__,
                "python": platform.python_version(),
                **{name: version(name) for name in ("torch", "numpy", "pillow", "accelerate")},
            },
            "platform": platform.platform(),
            "settings": settings.model_dump(mode="json"),
            "data": {
                "source": whole.provenance.source,
                "licence": whole.provenance.licence,
                "url": whole.provenance.url,
                "class_names": list(whole.class_names),
                "train": len(run.train_sprites),
                "held_out": len(run.held_out),
                "train_hash": run.train_sprites.content_hash,
                "held_out_hash": run.held_out.content_hash,
            },
        }
        write_file(folder / "config.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    process.wait_for_everyone()
    return run


def resume_run(
    folder: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    sprites: SpriteSet | None = None,
) -> Run:
    """Open a run that was begun, to train it further from its last checkpoint.

    Args:
        folder: the run's.
        overrides: settings that the caller names, such as ``{"training.steps": 100}``. They must
            be those of the run. ``data.source`` alone may differ, if the same sprites are there.
        sprites: the sprites themselves, if they were given as such.

    Raises:
        ModelError: if there is no run, or its configuration is broken or of a later format.
        SettingsError: if an override contradicts the run.
        DataError: if the sprites are no longer those of the run.
    """
    folder = Path(folder)
    record = _read_config(folder)
    settings = RunSettings.parse(record["settings"], f"{folder / 'config.json'}: settings")
    overrides = dict(overrides or {})
    moved_to = overrides.pop("data.source", None)
    wanted = settings.override(overrides)
    if wanted != settings:
        name, old, new = _first_difference(settings, wanted)
        raise SettingsError(
            f"{name} is {old} in {folder} and cannot become {new} on the way; "
            "leave it out, or start a new run"
        )
    if moved_to is not None:
        settings = settings.override({"data.source": _absolute(moved_to)})
    run = _open(folder, settings, sprites)
    saved = record["data"]
    if (run.train_sprites.content_hash, run.held_out.content_hash) != (
        saved["train_hash"],
        saved["held_out_hash"],
    ):
        raise DataError(
            f"the sprites in {settings.data.source} are not those that {folder} began with; "
            "bring them back, or start a new run"
        )
    found = checkpoint.checkpoints(folder / "checkpoints")
    run.step = found[-1][0] if found else 0
    return run


def draw_pictures(folder: str | Path, progress: Progress | None = None) -> list[Path]:
    """Draw a run's five pictures: the loss curves, and what ``pictures.draw_samples`` draws.

    Raises:
        ModelError: if the run has no model yet.
        StorageError: if a picture cannot be written.
    """
    folder = Path(folder)
    model = load_model(folder)
    records = read_metrics(folder)
    curves = [export.curves_picture(records, folder / "loss_curves.png")] if records else []
    return curves + draw_samples(model, folder, progress)


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """The run's validations so far, one mapping a line of ``metrics.jsonl``; none if none yet."""
    path = Path(folder) / "metrics.jsonl"
    records = []
    if path.exists():
        for line in path.read_text("utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except ValueError:
                # The line that a killed run was writing.
                continue
    return records


def load_run_sprites(settings: DataSettings) -> SpriteSet:
    """Read the sprites that ``settings`` describe, in the form that they describe."""
    return data.load(
        settings.source,
        size=settings.size,
        channels=settings.channels,
        background=settings.background,
        tile=settings.tile,
        margin=settings.margin,
        spacing=settings.spacing,
        labels=settings.labels,
        n=settings.count,
    )


def _open(folder: Path, settings: RunSettings, sprites: SpriteSet | None) -> Run:
    whole = sprites if sprites is not None else load_run_sprites(settings.data)
    train_sprites, held_out = whole.split(settings.data.held_out, settings.training.seed)
    return Run(folder, settings, train_sprites, held_out)


def _absolute(source: str) -> str:
    """A path that still holds when the run is resumed from another folder; names as they are."""
    path = Path(source)
    return str(path.resolve()) if source not in data.NAMES and path.exists() else source


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        record = json.loads(path.read_text("utf-8"))
        settings, sprites, form = record["settings"], record["data"], record["format"]
    except FileNotFoundError:
        raise ModelError(
            f"there is no run at {folder} (no config.json); start one without --resume"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is broken ({error}); start a new run") from None
    if form > FORMAT:
        raise ModelError(f"{path} has format {form}, this spritelab reads up to {FORMAT}")
    return {"settings": settings, "data": sprites}


def _first_difference(old: RunSettings, new: RunSettings) -> tuple[str, Any, Any]:
    def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
        for key, value in tree.items():
            if isinstance(value, Mapping):
                yield from flat(value, f"{prefix}{key}.")
            else:
                yield f"{prefix}{key}", value

    before, after = dict(flat(old.model_dump())), dict(flat(new.model_dump()))
    changed = [key for key in after if before.get(key) != after[key]]
    # A length that was put in says more than the one that it drove out.
    name = next((key for key in changed if after[key] is not None), changed[0])
    return name, before.get(name), after[name]


def _process() -> PartialState:
    """This process among those that train together; one alone if none were launched."""
    return PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))


def _accelerator(cpu: bool, mixed_precision: str) -> Accelerator:
    """Device and precision of one training.

    Accelerate fixes both for the life of a process; a notebook may train twice, in different ways.
    """
    AcceleratorState._reset_state(reset_partial_state=_process().num_processes == 1)
    return Accelerator(cpu=cpu, mixed_precision=mixed_precision)


def _any_process(flag: bool, accelerator: Accelerator) -> bool:
    """Whether the flag is up in any process: signals do not reach all of them at one update."""
    if accelerator.num_processes == 1:
        return flag
    return bool(accelerator.reduce(torch.tensor(float(flag), device=accelerator.device)) > 0)


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or request to terminate into a flag, read between updates."""
    requested = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        if requested.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        requested.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _tensorboard(run: Run, step: int, writes: bool) -> Iterator[SummaryWriter | None]:
    if not writes:
        yield None
        return
    from torch.utils.tensorboard import SummaryWriter

    # What an earlier sitting logged beyond its last checkpoint happens again.
    board = SummaryWriter(str(run.folder / "tensorboard"), purge_step=step + 1)
    try:
        yield board
    finally:
        board.close()
