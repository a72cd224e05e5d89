"""Sprites drawn for an evaluation, in blocks that outlive an interruption.

Sprite k of seed s is the same however many are drawn, so a file that holds the first 500 is gone
on with when 1,000 are asked for. Only uint8 arrays are kept, never a PNG a sprite.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spritelab.config import SamplerSettings
from spritelab.generate import Model
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress
from spritelab.storage import digest
from spritelab.storage.arrays import load_arrays, save_arrays

DRAWING = 2
"""Raised whenever the same model, settings and seed would give other sprites than before."""

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


def samples_file(folder: Path, identity: str, how: SamplerSettings, seed: int) -> Path:
    """The file for the sprites of one seed, drawn as ``how`` says; ``identity`` is the model's."""
    chain = how.canonical
    noise = chain.variance or ("ode" if chain.eta is None else f"eta{chain.eta:g}")
    key = digest(identity, DRAWING, chain.model_dump(mode="json"), seed)[:12]
    return folder / f"{chain.sampler}-{chain.steps:04d}-{noise}-seed{seed}-{key}.npz"


def draw(
    model: Model,
    how: SamplerSettings,
    seed: int,
    n: int,
    file: Path | None = None,
    progress: Progress = SILENT,
) -> Samples:
    """Draw the first n sprites of a seed, each of the class that its own seed chooses.

    Args:
        model: what draws.
        how: complete settings of the sampler.
        seed: decides x_T, the classes and all further noise, whatever the settings.
        n: how many.
        file: where they are kept, block by block, and taken from; None keeps nothing.
        progress: told of the network evaluations, counted in sprites × steps, without those of
            sprites that were kept.

    Raises:
        StorageError: if ``file`` cannot be written; and what ``Model.sample`` raises.
    """
    assert how.steps is not None, "complete the settings first"
    drawn = load_samples(file, model) if file is not None else None
    block = BLOCK_CPU if model.device.type == "cpu" else BLOCK
    start = done = 0 if drawn is None else len(drawn)
    while drawn is None or done < n:
        batch = model.sample(
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


def load_samples(file: Path, model: Model) -> Samples | None:
    """What is kept in ``file``, or None if there is nothing that ``model`` could have drawn."""
    found = load_arrays(file, "images", "labels", "seconds")
    if found is None:
        return None
    shape = (model.size, model.size, model.channels)
    lengths = {len(part) for part in found.values()}
    if found["images"].dtype != np.uint8 or found["images"].shape[1:] != shape or len(lengths) > 1:
        return None
    return Samples(found["images"], found["labels"], found["seconds"])


def model_identity(model: Model) -> str:
    """SHA-256, in hexadecimal, of the weights and of all else that decides what a model draws.

    The kind of device counts too: its arithmetic and its speed are its own.
    """
    config = model.config.model_dump(mode="json", exclude={"version", "step"})
    found = hashlib.sha256(json.dumps([config, model.device.type], sort_keys=True).encode())
    for name, tensor in sorted(model.network.state_dict().items()):
        values = tensor.detach().cpu().contiguous().numpy()
        found.update(f"{name} {values.dtype} {values.shape}".encode())
        found.update(values.data)
    return found.hexdigest()


def _joined(a: Samples, b: Samples) -> Samples:
    return Samples(
        np.concatenate([a.images, b.images]),
        np.concatenate([a.labels, b.labels]),
        np.concatenate([a.seconds, b.seconds]),
    )
