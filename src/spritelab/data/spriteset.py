"""``SpriteSet``: a whole data set in memory, with what must be known to use it honestly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spritelab import pictures, pixels
from spritelab.config import Anchor
from spritelab.config.bounds import MAX_CLASSES, MAX_NAME
from spritelab.data import duplicates
from spritelab.data.fitting import fit
from spritelab.data.layout import says_direction
from spritelab.data.listing import LeftOut, readable
from spritelab.data.rows import blocks, mapped_rows, numbered, take, take_ids
from spritelab.data.splits import split_indices
from spritelab.errors import DataError, SettingsError
from spritelab.pictures import Ground, Picture
from spritelab.pixels import Colour, Images
from spritelab.storage.arrays import save_arrays

IN_MEMORY = "memory"
"""The ``Provenance.source`` of sprites that were given as arrays."""


@dataclass(frozen=True)
class Provenance:
    """Where sprites come from and on what terms; written into every model trained on them."""

    source: str
    licence: str = "unknown"
    url: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", readable(self.source))


@dataclass(frozen=True, eq=False)
class SpriteSet:
    """Sprites, labels and names, all of one size; a notebook shows them, class by class.

    ``sprites[3]``, ``sprites[:10]`` and ``sprites[sprites.labels == 2]`` are sets too.

    Attributes:
        images: uint8 ``[N,H,W,C]``, C = 3 (RGB) or 4 (RGBA, straight alpha; the colour of fully
            transparent pixels is black). Of a packed file, rows of it that are read when they are
            looked at (``rows.MappedRows``).
        labels: int64 ``[N]``, an index into ``class_names``.
        class_names: K names.
        ids: N names, one a sprite: a file's path, a row, a cell of a sheet.
        groups: int64 ``[N]``; sprites of one group show one thing (two views of a hero, frames of
            an animation) and never sit on both sides of a split. Copies are found besides.
        mirrorable: K flags; False where a mirror image would be a wrong sprite (side-facing).
        provenance: where the sprites come from.
        left_out: what the reader of the files did not take, and why.
        notes: what it decided by itself, in sentences for the user.
    """

    images: Images
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    ids: tuple[str, ...]
    groups: NDArray[np.int64]
    mirrorable: tuple[bool, ...]
    provenance: Provenance = field(default_factory=lambda: Provenance(IN_MEMORY))
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pixels.check_images(self.images)
        n = len(self.images)
        for name, length in (
            ("labels", len(self.labels)),
            ("ids", len(self.ids)),
            ("groups", len(self.groups)),
        ):
            if length != n:
                raise DataError(f"{n} sprites need {n} {name}, not {length}")
        if len(self.mirrorable) != len(self.class_names):
            raise DataError("every class needs one flag in 'mirrorable'")
        if len(self.class_names) > MAX_CLASSES:
            raise DataError(f"{len(self.class_names):,} classes; {MAX_CLASSES:,} are the limit")
        if long := next((name for name in self.class_names if len(name) > MAX_NAME), None):
            raise DataError(
                f"the class {long[:20]!r}… has a name of {len(long):,} characters; {MAX_NAME} are "
                "the limit"
            )
        if n and not 0 <= int(self.labels.min()) <= int(self.labels.max()) < len(self.class_names):
            raise DataError(f"labels must lie in 0 … {len(self.class_names) - 1}")

    @classmethod
    def from_arrays(
        cls,
        images: Images,
        labels: NDArray[np.int64] | None = None,
        class_names: Sequence[str] | None = None,
        *,
        ids: Sequence[str] | None = None,
        groups: NDArray[np.int64] | None = None,
        mirrorable: Sequence[bool] | None = None,
        provenance: Provenance | None = None,
    ) -> SpriteSet:
        """Build a set from arrays, filling in what is not given.

        Without labels all sprites are of one class, ``sprite``. Without names the classes are
        ``class-0`` … . Without groups every sprite is its own. Without flags every class may be
        mirrored except those whose name says a direction (see ``says_direction``).
        """
        n, mapped = len(images), mapped_rows(images) is not None
        if labels is None:
            labels = np.zeros(n, dtype=np.int64)
            class_names = class_names or ("sprite",)
        if class_names is None:
            class_names = tuple(f"class-{k}" for k in range(int(labels.max(initial=0)) + 1))
        return cls(
            images=images if mapped else pixels.clear_hidden(np.ascontiguousarray(images)),
            labels=np.asarray(labels, dtype=np.int64),
            class_names=tuple(class_names),
            ids=(numbered(n) if mapped else tuple(str(i) for i in range(n)))
            if ids is None
            else tuple(ids),
            groups=np.arange(n, dtype=np.int64) if groups is None else groups.astype(np.int64),
            mirrorable=tuple(mirrorable)
            if mirrorable is not None
            else tuple(not says_direction(name) for name in class_names),
            provenance=provenance or Provenance(IN_MEMORY),
        )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        n, height, width, channels = self.images.shape
        kind, k = "RGBA" if channels == 4 else "RGB", len(self.class_names)
        return (
            f"<SpriteSet: {n:,} {kind} {'sprite' if n == 1 else 'sprites'} of {width}×{height}, "
            f"{k} {'class' if k == 1 else 'classes'}, from {self.provenance.source}>"
        )

    def _repr_png_(self) -> bytes:
        return pictures.encode_png(self.contact_sheet()) if len(self) else b""

    def _repr_html_(self) -> str:
        sheet = np.asarray(self.contact_sheet()) if len(self) else None
        return pictures.sheet_html(sheet, repr(self).strip("<>"))

    def __getitem__(self, rows: int | slice | NDArray[np.integer] | NDArray[np.bool_]) -> SpriteSet:
        """The sprites at ``rows``, of the same classes."""
        return self.select(np.atleast_1d(np.arange(len(self), dtype=np.int64)[rows]))

    def __iter__(self) -> Iterator[SpriteSet]:
        """Each sprite as a set of one."""
        return (self[i] for i in range(len(self)))

    @property
    def size(self) -> int:
        """Height and width in pixels; sprites are square."""
        return int(self.images.shape[1])

    @property
    def channels(self) -> int:
        """3 (RGB) or 4 (RGBA)."""
        return int(self.images.shape[-1])

    @cached_property
    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of shape, pixels, labels and class names."""
        digest = hashlib.sha256()
        digest.update(repr((self.images.shape, self.class_names)).encode())
        for block in blocks(self.images):
            digest.update(block.data)
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        return digest.hexdigest()

    @cached_property
    def has_hard_alpha(self) -> bool:
        """Whether every pixel is opaque or fully transparent."""
        alphas = (block[..., 3:] for block in blocks(self.images))
        return all(bool(((alpha == 0) | (alpha == 255)).all()) for alpha in alphas)

    def grid(
        self,
        columns: int | None = None,
        scale: int = 4,
        gap: int = 8,
        *,
        background: Ground | None = "checker",
    ) -> Picture:
        """All sprites as one picture; the arguments are those of ``pictures.grid``."""
        return pictures.to_pil(
            pictures.grid(self.images, columns, scale, gap, background=background)
        )

    def contact_sheet(self, columns: int = 16, rows: int = 2, scale: int = 3) -> Picture:
        """Name, count and some sprites of every class; see ``pictures.contact_sheet``."""
        return pictures.to_pil(
            pictures.contact_sheet(self.images, self.labels, self.class_names, columns, rows, scale)
        )

    def to_pil(self) -> list[Picture]:
        """The sprites as pictures of pillow, each of its own size, with their transparency."""
        return [pictures.to_pil(image) for image in self.images]

    def save(self, path: str | Path) -> Path:
        """Write the set to an ``.npz`` file that ``load_sprites`` reads, and return its path.

        It holds all but the ids.

        Raises:
            SettingsError: if the name ends in anything else.
            StorageError: if it cannot be written; what was there before is untouched.
        """
        path = Path(path)
        if path.suffix.lower() != ".npz":
            raise SettingsError(f"sprites are written as .npz: {path.name!r} must end so")
        save_arrays(
            path,
            images=self.images,
            labels=self.labels,
            class_names=np.array(self.class_names, dtype=np.str_),
            groups=self.groups,
            mirrorable=np.array(self.mirrorable, dtype=bool),
            provenance=np.array(astuple(self.provenance), dtype=np.str_),
        )
        return path

    def select(self, indices: NDArray[np.int64]) -> SpriteSet:
        """Return the sprites at ``indices`` (int64 ``[M]``), in that order."""
        return replace(
            self,
            images=take(self.images, indices),
            labels=self.labels[indices],
            ids=take_ids(self.ids, indices),
            groups=self.groups[indices],
        )

    def with_channels(self, channels: int, background: Colour = pixels.WHITE) -> SpriteSet:
        """Return the set as RGB (3), laid on ``background``, or as RGBA (4)."""
        return replace(self, images=pixels.with_channels(self.images, channels, background))

    def resized(self, size: int, *, pad: bool = False, anchor: Anchor = "centre") -> SpriteSet:
        """Return the set at ``size`` × ``size`` pixels.

        Larger sprites shrink by an alpha-weighted area average, smaller ones grow by repeating
        pixels, or are padded with transparent ones; only by whole factors.

        Args:
            size: of the new sprites.
            pad: set smaller sprites on a transparent square, in place of making them larger.
            anchor: where on it they stand.

        Raises:
            DataError: for any other size.
        """
        if self.images.shape[1:3] == (size, size):
            return self
        images = fit(self.images, size, pad=pad, anchor=anchor)
        if images is None:
            raise DataError(
                f"{self.images.shape[2]}×{self.size} sprites do not become {size}×{size} by a "
                f"whole factor; choose a `size` that divides {self.size} or is a multiple of it, "
                "or `pad` them"
            )
        return replace(self, images=images)

    @property
    def mirrorable_sprites(self) -> NDArray[np.bool_]:
        """Bool ``[N]``; whether the class of a sprite may be mirrored."""
        flags: NDArray[np.bool_] = np.array(self.mirrorable, dtype=bool)[self.labels]
        return flags

    def mirror_copies(self) -> NDArray[np.int64]:
        """Number the sprites so that copies, mirrored ones included where allowed, share a number.

        Returns:
            int64 ``[N]``, numbered by first appearance.
        """
        return duplicates.mirror_copies(self.images, self.mirrorable_sprites)

    def leak_groups(self) -> NDArray[np.int64]:
        """Number the sprites so that those which must stay on one side of a split share a number.

        That is the finest partition that keeps together copies (see ``mirror_copies``) and members
        of one of ``groups``.

        Returns:
            int64 ``[N]``, numbered by first appearance.
        """
        return duplicates.leak_groups(self.images, self.mirrorable_sprites, self.groups)

    def split(self, held_out: float = 0.1, seed: int = 0) -> tuple[SpriteSet, SpriteSet]:
        """Split into training and held-out sprites without a leak, each in the set's own order.

        Sprites that share a leak group (see ``leak_groups``) stay together; every class gives about
        the share ``held_out`` of its groups. See ``spritelab.data.splits``.

        Raises:
            SettingsError: for a share outside (0, 1).
            DataError: if all sprites form one group, so that one side would be empty.
        """
        training, outside = split_indices(
            self.images,
            self.labels,
            self.class_names,
            self.leak_groups(),
            held_out=held_out,
            seed=seed,
        )
        return self.select(training), self.select(outside)
