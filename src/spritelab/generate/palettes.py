"""Where the palette of a sprite comes from: lent by a training sprite, or given by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab.config.bounds import MAX_PALETTE
from spritelab.diffusion import Noise, Palettes
from spritelab.errors import ModelError, SettingsError
from spritelab.palette import IndexedSprites, Palette, nearest_points, to_points
from spritelab.pixels import Images, with_channels
from spritelab.storage.tensors import read_tensors, tensor_shapes

LENDS_NONE = -1
"""In the place of a lender's number: the sprite was given a palette of its own."""


@dataclass(frozen=True, eq=False)
class TrainingPalettes:
    """The palettes of a model's training sprites, in their order.

    Attributes:
        colours: uint8 ``[N,P,C]``; the first ``sizes[i]`` are the palette of sprite i.
        sizes: int64 ``[N]``.
        labels: int64 ``[N]``, an index into the model's classes.
    """

    colours: Images
    sizes: NDArray[np.int64]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, indexed: IndexedSprites, labels: NDArray[np.int64]) -> TrainingPalettes:
        """The palettes of ``indexed`` sprites."""
        return cls(indexed.colours, indexed.sizes, labels)

    @classmethod
    def read(cls, path: Path, channels: int) -> TrainingPalettes:
        """Read the file that holds what ``tensors`` gave, for a model of so many channels.

        Raises:
            ModelError: if it is missing, broken or none such.
        """
        found = tensor_shapes(path)
        if missing := {"colours", "sizes", "labels"} - found.keys():
            raise ModelError(f"the palettes in {path} have no {min(missing)}; copy the model again")
        (kind, shape), (sizes_kind, sizes_shape), (labels_kind, labels_shape) = (
            found[name] for name in ("colours", "sizes", "labels")
        )
        whole = {torch.int16, torch.int32, torch.int64}
        fits = (
            kind == torch.uint8
            and len(shape) == 3
            and shape[0] > 0
            and 0 < shape[1] <= MAX_PALETTE
            and shape[2] == channels
            and {sizes_kind, labels_kind} <= whole
            and sizes_shape == labels_shape == shape[:1]
        )
        tensors = read_tensors(path) if fits else {}
        sizes = tensors.get("sizes", torch.zeros(1))
        if not 1 <= int(sizes.min()) <= int(sizes.max()) <= MAX_PALETTE or sizes.max() > shape[1]:
            raise ModelError(f"the palettes in {path} do not fit together; copy the model again")
        # Copied, or they would lie in the file itself, which another program may write.
        return cls(
            tensors["colours"].numpy().copy(),
            tensors["sizes"].to(torch.int64, copy=True).numpy(),
            tensors["labels"].to(torch.int64, copy=True).numpy(),
        )

    def tensors(self) -> dict[str, Tensor]:
        """What is stored of them."""
        return {
            "colours": torch.from_numpy(np.ascontiguousarray(self.colours)),
            "sizes": torch.from_numpy(self.sizes.astype(np.int16)),
            "labels": torch.from_numpy(self.labels.astype(np.int32)),
        }

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def most(self) -> int:
        """P: colours of the largest palette that the model was made for."""
        return int(self.colours.shape[1])

    @property
    def have_transparent(self) -> bool:
        """Whether the transparent colour is among them; it is the first of a palette."""
        return self.colours.shape[2] == 4 and bool((self.colours[:, 0, 3] == 0).any())

    @property
    def room(self) -> int:
        """Colours that a given palette may have, beside the transparent one that it is given."""
        return max(1, self.most - self.have_transparent)

    def palette(self, i: int) -> Palette:
        """The palette of training sprite ``i``."""
        return Palette(self.colours[i, : self.sizes[i]])

    def lenders(self, noise: Noise, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Each sprite's lender, int64 ``[B]``: a training sprite of its class, as its seed decides.

        For no class, or one without training sprites, it is any training sprite.
        """
        chances = noise.uniform(draw=1).numpy()
        lenders = np.empty(len(labels), dtype=np.int64)
        for label in np.unique(labels):
            able = np.flatnonzero(self.labels == label)
            able = able if len(able) else np.arange(len(self))
            rows = labels == label
            lenders[rows] = able[(chances[rows] * len(able)).astype(np.int64)]
        return lenders


def colours_nearest(palette: Palette, lent: Palette) -> Palette:
    """The colours of ``palette`` that are nearest to some colour of ``lent``, in OKLab with alpha.

    No sprite uses every colour of a palette that is made for a whole game. What a training sprite
    lends here is not its colours but which colours go together, and how many.
    """
    nearest = nearest_points(to_points(lent.colours), to_points(palette.colours))
    return Palette(palette.colours[np.unique(nearest)])


def fit_palette(palette: Palette, palettes: TrainingPalettes) -> Palette:
    """Make a palette one that a model of these training palettes can draw in.

    Raises:
        SettingsError: if that leaves no colour, or more than the model was made for.
    """
    fitted = fit_channels(palette, palettes)
    if len(fitted) > palettes.most:
        raise SettingsError(
            f"`palette` has {len(fitted)} colours (the transparent one counted); this model draws "
            f"a sprite in at most {palettes.most}"
        )
    return fitted


def fit_channels(palette: Palette, palettes: TrainingPalettes) -> Palette:
    """Give a palette the channels of these training palettes.

    For an RGBA model it gets the transparent colour, if it has none and the training sprites have
    it; for an RGB model colours are laid on white, and transparent ones left out.

    Raises:
        SettingsError: if that leaves no colour.
    """
    colours = palette.colours[1:] if palette.has_transparent else palette.colours
    if not len(colours):
        raise SettingsError("every colour of `palette` is transparent; give one that can be seen")
    channels = palettes.colours.shape[2]
    seen = with_channels(colours, channels)
    clear = np.zeros((1, 4), dtype=np.uint8)
    if channels == 4 and (palettes.have_transparent or palette.has_transparent):
        return Palette(np.concatenate([clear, seen]))
    return Palette(seen)


def encode_palettes(palettes: Sequence[Palette], most: int) -> Palettes:
    """Take the palettes of B sprites, each of at most ``most`` colours, to model values."""
    colours = np.zeros((len(palettes), most, palettes[0].channels), dtype=np.uint8)
    for row, palette in zip(colours, palettes, strict=True):
        row[: len(palette)] = palette.colours
    return Palettes.encode(colours, np.array([len(palette) for palette in palettes]))
