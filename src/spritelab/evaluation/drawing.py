"""Sprites drawn for an evaluation, in blocks that outlive an interruption.

Sprite k of seed s is the same however many are drawn, so a file that holds the first 500 is gone
on with when 1,000 are asked for. Only uint8 arrays are kept, never a PNG a sprite.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spritelab.generate import Model
from spritelab.generate.setting import Setting
from spritelab.pixels import Images
from spritelab.progress import Progress as Told
from spritelab.storage import digest
from spritelab.storage.arrays import load_arrays, save_arrays

DRAWING = 2
"""Raised whenever the same model, setting and seed would give other sprites than before."""

BLOCK_CPU, BLOCK = 256, 4096
"""Sprites drawn before they are kept, on a CPU and on an accelerator."""

Progress = Callable[[int], None]
"""Called with the network evaluations done so far, counted in sprites × steps."""


@dataclass(frozen=True, eq=False)
class Drawn:
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

    def first(self, n: int) -> Drawn:
        """The first n of them."""
        return Drawn(self.images[:n], self.labels[:n], self.seconds[:n])


def drawn_file(folder: Path, identity: str, setting: Setting, seed: int) -> Path:
    """The file for the sprites of one setting and seed; ``identity`` is the model's."""
    chain = setting.same_chain
    noise = chain.variance or ("ode" if chain.eta is None else f"eta{chain.eta:g}")
    key = digest(identity, DRAWING, asdict(chain), seed)[:12]
    return folder / f"{chain.sampler}-{chain.steps:04d}-{noise}-seed{seed}-{key}.npz"


def draw(
    model: Model,
    setting: Setting,
    seed: int,
    n: int,
    file: Path | None = None,
    progress: Progress | None = None,
) -> Drawn:
    """Draw the first n sprites of a seed, each of the class that its own seed chooses.

    Args:
        model: what draws.
        setting: how.
        seed: decides x_T, the classes and all further noise, whatever the setting.
        n: how many.
        file: where they are kept, block by block, and taken from; None keeps nothing.
        progress: see ``Progress``.

    Raises what ``Model.sample`` raises, and ``StorageError`` if ``file`` cannot be written.
    """
    drawn = load_drawn(file, model) if file is not None else None
    block = BLOCK_CPU if model.device.type == "cpu" else BLOCK
    start = 0 if drawn is None else len(drawn)
    while drawn is None or len(drawn) < n:
        done = 0 if drawn is None else len(drawn)

        def tell(evaluations: int, _: int | None, __: str, before: int = done - start) -> None:
            if progress is not None:
                progress(before * setting.steps + evaluations)

        numbers = range(done, min(n, done + block))
        batch = model.sample(
            seed=seed, numbers=numbers, progress=Told(tell), **setting.same_chain.request
        )
        seconds = np.full(len(batch), batch.seconds / len(batch))
        new = Drawn(batch.images, batch.labels, seconds)
        drawn = new if drawn is None else _joined(drawn, new)
        if file is not None:
            save_arrays(file, images=drawn.images, labels=drawn.labels, seconds=drawn.seconds)
    return drawn.first(n)


def load_drawn(file: Path, model: Model) -> Drawn | None:
    """What is kept in ``file``, or None if there is nothing that ``model`` could have drawn."""
    found = load_arrays(file, "images", "labels", "seconds")
    if found is None:
        return None
    shape = (model.size, model.size, model.channels)
    lengths = {len(part) for part in found.values()}
    if found["images"].dtype != np.uint8 or found["images"].shape[1:] != shape or len(lengths) > 1:
        return None
    return Drawn(found["images"], found["labels"], found["seconds"])


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


def _joined(a: Drawn, b: Drawn) -> Drawn:
    return Drawn(
        np.concatenate([a.images, b.images]),
        np.concatenate([a.labels, b.labels]),
        np.concatenate([a.seconds, b.seconds]),
    )
