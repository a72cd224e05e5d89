"""Sprites drawn for an evaluation, kept in blocks that outlive an interruption.

Sprite k of seed s is the same however many are drawn, so a file that holds the first 500 is gone
on with when 1,000 are asked for. Only uint8 arrays are kept, never a PNG a sprite.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spritelab.config import PaletteSource, SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import DataError, SettingsError
from spritelab.generate import Model, ModelConfig, TrainingPalettes, model_identity
from spritelab.generate.identity import guide_identity
from spritelab.palette import index_sprites
from spritelab.pictures import evenly
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.storage import digest
from spritelab.storage.arrays import load_arrays, save_arrays

DRAWING = 2
"""Raised whenever the same model, settings and seed would give other sprites than before."""

_WITHOUT = {"first_leg": "none", "guidance_interval": None, "autoguidance": 1.0}
"""Settings that do not name a file where they are without effect, as before there were any."""

BLOCK_CPU, BLOCK = 256, 4096
"""Sprites drawn before they are kept, on a CPU and on an accelerator."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The first N sprites of a seed.

    Attributes:
        images: uint8 ``[N,H,W,C]``.
        labels: int64 ``[N]``, into the model's classes.
        seconds: float64 ``[N]``, the time each took: its block's, shared out evenly.
    """

    images: Images
    labels: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.images)

    def first(self, n: int) -> Samples:
        """The first n of them."""
        return Samples(self.images[:n], self.labels[:n], self.seconds[:n])


@dataclass(frozen=True, eq=False)
class Strip:
    """One sprite coming out of the noise: ``t`` of F frames, and x_t and x̂_0 ``[F,H,W,C]``."""

    how: SamplerSettings
    t: tuple[int, ...]
    x_t: Images
    x0_hat: Images


class SampleStore:
    """The sprites that one model draws, kept in one folder and drawn when they are not there.

    Attributes:
        folder: of the files; None keeps nothing.
        palettes: whose palettes the model draws in; None for a model without a palette head.
    """

    def __init__(
        self, model: Model, folder: Path | None = None, palettes: PaletteSource = "training"
    ) -> None:
        """Nothing is drawn yet.

        Args:
            model: what draws.
            folder: of the files.
            palettes: whose palettes those of ``model`` are.
        """
        self.folder = folder
        self.palettes = None if model.palettes is None else palettes
        self._model = model

    @property
    def config(self) -> ModelConfig:
        """What the model says of itself."""
        return self._model.config

    @property
    def device(self) -> torch.device:
        """What draws."""
        return self._model.device

    @cached_property
    def identity(self) -> str:
        """Of the model, see ``model_identity``."""
        return model_identity(self._model)

    @cached_property
    def _guide(self) -> str:
        return guide_identity(self._model)

    def file(self, how: SamplerSettings, seed: int) -> Path | None:
        """The file for the sprites of one seed, drawn as ``how`` says."""
        chain = how.canonical
        noise = chain.variance or ("ode" if chain.eta is None else f"eta{chain.eta:g}")
        name = f"{chain.sampler}-{chain.steps:04d}-{noise}-seed{seed}"
        return self._path(name, chain, seed)

    def count(self, how: SamplerSettings, seed: int) -> int:
        """How many sprites of one seed are kept."""
        kept = self._load(self.file(how, seed))
        return 0 if kept is None else len(kept)

    def draw(self, how: SamplerSettings, seed: int, n: int, progress: Progress = SILENT) -> Samples:
        """The first n sprites of a seed, each of the class that its own noise chooses.

        Args:
            how: complete settings of the sampler.
            seed: decides x_T, the classes and all further noise, whatever the settings.
            n: how many.
            progress: told of the network evaluations, counted in sprites × steps, without those of
                sprites that were kept.

        Raises:
            StorageError: if the file cannot be written; and what ``Model.sample`` raises.
        """
        assert how.steps is not None, "complete the settings first"
        file = self.file(how, seed)
        drawn = self._load(file)
        block = BLOCK_CPU if self.device.type == "cpu" else BLOCK
        start = done = 0 if drawn is None else len(drawn)
        while drawn is None or done < n:
            batch = self._model.sample(
                how=how.canonical,
                seed=seed,
                numbers=range(done, min(n, done + block)),
                progress=progress.part(
                    before=(done - start) * how.steps, total=(n - start) * how.steps
                ),
            )
            seconds = np.full(len(batch), batch.seconds / len(batch))
            new = Samples(batch.images, batch.labels, seconds)
            drawn = new if drawn is None else _joined(drawn, new)
            done = len(drawn)
            if file is not None:
                save_arrays(file, images=drawn.images, labels=drawn.labels, seconds=drawn.seconds)
        return drawn.first(n)

    def strip(self, how: SamplerSettings, seed: int, frames: int) -> Strip:
        """The first sprite of a seed as it comes out of the noise, in at most so many frames."""
        file = self._path(f"strip-{how.sampler}-{how.steps:04d}", how, seed, frames)
        found = load_arrays(file, "t", "x_t", "x0_hat") if file is not None else None
        if found is None:
            every = list(self._model.trace(1, how.canonical, seed=seed))
            chosen = [every[i] for i in evenly(len(every), frames)]
            found = {
                "t": np.array([frame.t for frame in chosen]),
                "x_t": np.stack([frame.x_t[0] for frame in chosen]),
                "x0_hat": np.stack([frame.x0_hat[0] for frame in chosen]),
            }
            if file is not None:
                save_arrays(file, **found)
        return Strip(how, tuple(found["t"].tolist()), found["x_t"], found["x0_hat"])

    def variations(self, how: SamplerSettings, seed: int, sprites: int, draws: int) -> Images:
        """The first sprites of a seed, each drawn several times with DDIM.

        All drawings of a sprite start from its x_T and are of its class, and each adds noise of its
        own on the way: with η = 0 all are equal.

        Args:
            how: complete settings of DDIM, with any η.
            seed: of the sprites.
            sprites: how many, S.
            draws: of each, R ≥ 2.

        Returns:
            uint8 ``[S,R,H,W,C]``.

        Raises:
            SettingsError: for another sampler, or a single draw.
        """
        if how.eta is None or draws < 2:
            raise SettingsError("drawing again from one x_T takes DDIM and at least 2 drawings")
        name = f"variety-{how.sampler}-{how.steps:04d}"
        file = self._path(name, how, seed, sprites, draws)
        found = load_arrays(file, "images") if file is not None else None
        if found is None:
            batch = self._model.sample(
                how=how,
                seed=seed,
                numbers=np.repeat(np.arange(sprites), draws).tolist(),
                variations=[*range(1, draws + 1)] * sprites,
            )
            shape = (sprites, draws, *batch.images.shape[1:])
            found = {"images": batch.images.reshape(shape)}
            if file is not None:
                save_arrays(file, **found)
        return found["images"]

    def seconds_an_evaluation(self, n: int) -> float:
        """Time a small batch: the seconds of one network evaluation where n sprites are drawn."""
        batch = min(n, 64 if self.device.type == "cpu" else 1024)
        few = min(3, self._model.schedule.timesteps)
        ddim = SamplerSettings(sampler="ddim")
        self._model.sample(batch, ddim, steps=1)
        return self._model.sample(batch, ddim, steps=few).seconds / (batch * few)

    def _path(self, name: str, how: SamplerSettings, seed: int, *sizes: int) -> Path | None:
        if self.folder is None:
            return None
        key = digest(self.identity, DRAWING, self._described(how), seed, *sizes)[:12]
        return self.folder / f"{name}-{key}.npz"

    def _described(self, how: SamplerSettings) -> dict[str, Any]:
        """All that ``how`` says, and the moments by which its first leg leads, if it has one."""
        said = how.model_dump(mode="json", exclude={"guided_steps"})
        for name, without in _WITHOUT.items():
            if said[name] == without:
                del said[name]
        if how.autoguidance != 1:
            said["guide"] = self._guide
        if how.first_leg != "gaussian" or self._model.moments is None:
            return said
        tensors = self._model.moments.tensors()
        return said | {name: value.tolist() for name, value in tensors.items()}

    def _load(self, file: Path | None) -> Samples | None:
        """What is kept in ``file``, or None if there is nothing that the model could have drawn."""
        found = load_arrays(file, "images", "labels", "seconds") if file is not None else None
        if found is None:
            return None
        shape = (self.config.size, self.config.size, self.config.channels)
        images, lengths = found["images"], {len(part) for part in found.values()}
        if images.dtype != np.uint8 or images.shape[1:] != shape or len(lengths) > 1:
            return None
        return Samples(images, found["labels"], found["seconds"])


def borrow_from(sprites: SpriteSet, model: Model) -> Model:
    """A model that borrows its palettes from ``sprites``, not from its training sprites.

    Each drawing borrows from a sprite of its class, as its seed decides. Palettes of more colours
    than the model was made for are reduced.

    Raises:
        SettingsError: if the model has no palette head.
        DataError: if there are no sprites.
    """
    if model.palettes is None:
        raise SettingsError("this model has no palette head; leave `palettes` out")
    if not len(sprites):
        raise DataError("nothing is held out that could lend its palettes; leave `palettes` out")
    indexed = index_sprites(sprites.images, model.palettes.most)
    return replace(model, palettes=TrainingPalettes.of(indexed, sprites.labels))


def _joined(a: Samples, b: Samples) -> Samples:
    return Samples(
        np.concatenate([a.images, b.images]),
        np.concatenate([a.labels, b.labels]),
        np.concatenate([a.seconds, b.seconds]),
    )
