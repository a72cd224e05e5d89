"""Sprites and masks that are given: read, checked, and asked for again as a ``Request``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from spritelab import data, palette, pixels
from spritelab.data import SpriteSet
from spritelab.data.atlases import decode_frames, is_aseprite
from spritelab.data.decode import SUFFIXES
from spritelab.data.listing import read_one
from spritelab.errors import DataError, SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.palettes import LENDS_NONE, colours_nearest, fit_channels
from spritelab.generate.request import NO_CLASS, Label, Request, make_request
from spritelab.palette import IndexedSprites, Palette
from spritelab.pixels import Images

if TYPE_CHECKING:
    from spritelab.generate.trained import TrainedNetwork

Sprites = Images | SpriteSet | SpriteBatch | str | os.PathLike[str]
"""Sprites of one's own: uint8 ``[H,W,C]`` or ``[N,H,W,C]``, a set, a batch, or a path: a picture,
an ``.aseprite`` file, or whatever else ``data.load`` reads."""

Mask = NDArray[np.bool_] | Images | str | os.PathLike[str]
"""Pixels to be drawn: bool ``[H,W]`` or ``[N,H,W]``; or a picture, in which they are white."""


@dataclass(frozen=True, eq=False)
class Given:
    """Sprites that were given.

    Attributes:
        images: uint8 ``[N,H,W,C]`` of the model's size and channels, hidden colours cleared.
        names: what ``samples.json`` calls each.
        labels: the class of each, ``none`` where it is none that the model knows.
    """

    images: Images
    names: tuple[str, ...]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

    def repeat(self, n: int) -> Given:
        """Each sprite n times, one after the other."""
        rows = np.repeat(np.arange(len(self)), n)
        names, labels = (tuple(one[i] for i in rows) for one in (self.names, self.labels))
        return Given(self.images[rows], names, labels)


def read_given(sprites: Sprites, model: TrainedNetwork) -> Given:
    """Read sprites that a model is to start from.

    RGB sprites are opaque to an RGBA model; RGBA sprites are laid on white for an RGB model.

    Raises:
        DataError: if they cannot be read, or are not of the model's size.
    """
    images, names, classes = _read(sprites)
    pixels.check_images(images)
    height, width = images.shape[1:3]
    if not len(images):
        raise DataError("there are no sprites in what was given; give at least one")
    if (height, width) != (model.size, model.size):
        what = names[0] if names else "the sprite"
        raise DataError(
            f"{what} is {width}×{height} pixels, and this model draws {model.size}×{model.size}; "
            "give a sprite of that size"
        )
    images = pixels.clear_hidden(pixels.with_channels(images, model.channels))
    none = (NO_CLASS,) * len(images)
    labels = tuple(c if c in model.class_names else NO_CLASS for c in classes) or none
    return Given(images, tuple(names) or ("an array",) * len(images), labels)


def _read(sprites: Sprites) -> tuple[Images, Sequence[str], Sequence[str]]:
    """The images, their names and their classes, the last two empty where nothing says them."""
    if isinstance(sprites, SpriteBatch):
        names = [f"sprite {k} of seed {s}" for s, k in zip(sprites.seeds, sprites.numbers)]  # noqa: B905
        return sprites.images, names, [_class(sprites.class_names, k) for k in sprites.labels]
    if isinstance(sprites, SpriteSet):
        classes = [_class(sprites.class_names, k) for k in sprites.labels]
        return sprites.images, sprites.ids, classes
    if isinstance(sprites, np.ndarray):
        return (sprites[None] if sprites.ndim == 3 else sprites), (), ()
    path = Path(sprites)
    if not is_aseprite(path.name) and path.suffix.lower() not in SUFFIXES:
        return _read(data.load(sprites))
    try:
        content = read_one(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; give a picture") from None
    try:
        frames = decode_frames(path.name, content)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    several = len(frames) > 1
    names = [f"{path.name}, frame {k}" if several else path.name for k in range(len(frames))]
    return frames, names, ()


def _class(names: Sequence[str], k: int) -> str:
    return names[k] if k >= 0 else NO_CLASS


def read_mask(mask: Mask, n: int, size: int) -> NDArray[np.bool_]:
    """Which pixels are to be drawn: bool ``[N,H,W]``.

    Raises:
        DataError: if it cannot be read, is of another size, or neither one for all nor N.
    """
    if isinstance(mask, np.ndarray) and mask.dtype == np.bool_:
        found = np.asarray(mask[None] if mask.ndim == 2 else mask, dtype=np.bool_)
    else:
        images, _, _ = _read(cast("Sprites", mask))
        pixels.check_images(images)
        # Light and opaque: 0 in a grey picture is black, and what is clear is not painted on.
        found = pixels.composite(images, (0, 0, 0)).mean(axis=-1) >= 128
    if found.shape[1:] != (size, size):
        height, width = found.shape[1:]
        raise DataError(f"`mask` is {width}×{height} pixels; the sprites are {size}×{size}")
    if len(found) not in (1, n):
        raise DataError(f"`mask` has {len(found)} pictures for {n} sprites; give one, or {n}")
    return np.broadcast_to(found, (n, size, size))


def request_of(
    given: Given,
    model: TrainedNetwork,
    seed: int | Sequence[int] = 0,
    numbers: Sequence[int] | None = None,
    label: Label = None,
    palette: Palette | None = None,
    *,
    own_colours: bool = False,
) -> Request:
    """Ask for as many sprites as were given, each of its own class and in its own colours.

    Args:
        given: the sprites.
        model: that is to draw.
        seed, numbers: name their noise.
        label: of another class, see ``Model.sample``.
        palette: of these colours each takes those that are nearest to its own.
        own_colours: keep the sprite's own beside those of ``palette``.

    Warns:
        UserWarning: for sprites of more colours than the model has room for: it sees fewer.

    Raises:
        SettingsError: as ``Model.sample``.
    """
    label = list(given.labels) if label is None else label
    counts = model.config.trained_on.class_counts
    n = len(given)
    named = make_request(n, seed, numbers, None, label, model.class_names, counts)
    if model.palettes is None:
        if palette is not None:
            raise SettingsError("this model has no palette head; leave `palette` out")
        return named
    indexed = index_given(given, model)
    palettes = [indexed.palette(i) for i in range(n)]
    if palette is not None:
        offered = fit_channels(palette, model.palettes)
        palettes = [
            join([own, offered], model.palettes.most)
            if own_colours
            else colours_nearest(offered, own)
            for own in palettes
        ]
    lenders = np.full(len(given), LENDS_NONE, dtype=np.int64)
    return replace(named, palettes=tuple(palettes), lenders=lenders)


def index_given(given: Given, model: TrainedNetwork) -> IndexedSprites:
    """The sprites as a model with a palette head sees them."""
    assert model.palettes is not None
    most = model.palettes.most
    many = palette.palette_sizes(given.images)
    if (many > most).any():
        i = int(many.argmax())
        warnings.warn(
            f"{given.names[i]} has {many[i]} colours, and this model draws in at most {most}: "
            "it sees the sprite in the nearest of so many",
            stacklevel=2,
        )
    return palette.index_sprites(given.images, most)


def as_seen(given: Given, request: Request) -> Images:
    """The sprites in the colours that ``request`` draws in: each pixel in the nearest of them."""
    if request.palettes is None:
        return given.images
    drawn_in = zip(given.images, request.palettes, strict=True)
    return np.stack([palette.apply(one[None], own)[0] for one, own in drawn_in])


def join(palettes: Sequence[Palette], most: int) -> Palette:
    """All colours of several palettes, reduced to ``most`` where there are more."""
    colours = np.concatenate([one.colours for one in palettes])
    return palette.learn_palette(colours[None, None], most)
