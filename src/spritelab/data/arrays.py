"""Sprites in NumPy files: ``.npy`` and ``.npz``. Nothing is ever unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.config.bounds import MAX_CLASSES, MAX_NAME
from spritelab.data.mapping import IMAGES, map_images
from spritelab.data.spriteset import Provenance, SpriteSet
from spritelab.errors import DataError
from spritelab.pixels import Images
from spritelab.storage.arrays import UNREADABLE

SPRITES_FILE = "sprites_1788_16x16.npy"
SPRITES_LABELS_FILE = "sprite_labels_nc_1788_16x16.npy"
SPRITES_CLASSES = ("hero", "non-hero", "food", "spell", "side-facing")
"""The classes of the Sprites dataset, in the order of its one-hot columns."""

MAX_UNPACKED = 2**33
"""The most bytes that an ``.npz`` may unpack to."""
MAX_RATIO = 200
"""How much smaller than its arrays an ``.npz`` may be; sprites hardly pack to a tenth."""

_SPARED = 2**28  # bytes that may unpack out of however few
_ROWS = 4096  # sprites that are brought to bytes at a time
_MAGIC = b"\x93NUMPY"

Array = NDArray[Any]


def read_npy(path: Path, labels: Path | None = None, *, square: bool = True) -> SpriteSet:
    """Read sprites from a ``.npy`` file, and labels from another one if there is one.

    Images: ``[N,H,W,3]``, ``[N,H,W,4]``, or grey ``[N,H,W]`` / ``[N,H,W,1]``; H = W; of a kind that
    ``to_pixels`` takes. Labels: ``labels`` if given, else the file that lies beside the images:
    ``sprite_labels_nc_1788_16x16.npy`` for ``sprites_1788_16x16.npy``, ``NAME_labels.npy`` for any
    other ``NAME.npy``, else none; of a kind that ``to_labels`` takes. The dataset's own pair gets
    its five class names. H and W may differ unless they must be ``square``.

    Raises:
        DataError: for what cannot be read or does not fit together.
    """
    images = to_pixels(_load(path), path.name, square=square)
    beside = path.with_name(
        SPRITES_LABELS_FILE if path.name == SPRITES_FILE else f"{path.stem}_labels.npy"
    )
    labels_path = labels or (beside if beside.is_file() else None)
    if labels_path is None:
        return SpriteSet.from_arrays(images, provenance=Provenance(path.name))
    if not labels_path.is_file():
        raise DataError(f"there is no file of labels at {labels_path}")
    index, names = to_labels(_load(labels_path), len(images), labels_path.name)
    if labels_path.name == SPRITES_LABELS_FILE and len(names) == len(SPRITES_CLASSES):
        names = SPRITES_CLASSES
    return SpriteSet.from_arrays(images, index, names, provenance=Provenance(path.name))


def read_npz(path: Path, *, square: bool = True) -> SpriteSet:
    """Read sprites from a ``.npz`` file with the keys ``images``, ``labels``, ``class_names``.

    Only ``images`` must be there; ``groups`` (int ``[N]``), ``mirrorable`` (bool ``[K]``) and
    ``provenance`` (source, licence, url and notes) are read as well. The kinds of array are those
    of ``read_npy``; ``class_names`` is a vector of text. ``images`` that are stored as they are are
    mapped and not read, see ``packing``.

    Raises:
        DataError: for what cannot be read or does not fit together.
    """
    known = ("images", "labels", "class_names", "groups", "mirrorable", "provenance")
    try:
        with zipfile.ZipFile(path) as whole:
            mapped = map_images(path, whole)
            _check_unpacked(path, whole, () if mapped is None else (IMAGES,))
            for entry in whole.infolist():  # of an entry that is not opened nobody checks the name
                whole.open(entry).close()
        with np.load(path, allow_pickle=False) as archive:
            keys = list(archive.files)
            wanted = [key for key in known if key in keys and (key != "images" or mapped is None)]
            arrays = {key: archive[key] for key in wanted}
            if mapped is not None:
                arrays["images"] = mapped
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error
    if "images" not in arrays:
        held = ", ".join(keys) or "nothing"
        raise DataError(f"{path.name} has no key 'images'; it holds {held}")
    images = to_pixels(arrays["images"], path.name, square=square)
    origin = _provenance(arrays, path.name)
    if "labels" not in arrays:
        return SpriteSet.from_arrays(images, groups=_groups(arrays, path.name), provenance=origin)
    index, names = to_labels(arrays["labels"], len(images), path.name)
    if "class_names" in arrays:
        texts = arrays["class_names"]
        if texts.dtype.kind != "U" or texts.size > MAX_CLASSES:
            raise DataError(f"{path.name}: 'class_names' must be text, at most {MAX_CLASSES:,}")
        given = tuple(str(name) for name in texts.ravel())
        if len(given) < len(names) or len(set(given)) != len(given):
            raise DataError(
                f"{path.name}: {len(names)} classes need {len(names)} different names "
                f"in 'class_names', not {len(set(given))}"
            )
        names = given
    return SpriteSet.from_arrays(
        images,
        index,
        names,
        groups=_groups(arrays, path.name),
        mirrorable=_mirrorable(arrays, len(names), path.name),
        provenance=origin,
    )


def to_pixels(array: Array, name: str, *, square: bool = True) -> Images:
    """Bring an array of sprites to uint8 ``[N,H,W,C]``, C = 3 or 4; grey becomes RGB.

    Whole numbers must lie in 0 … 255 and are kept; floats must lie in [0, 1] and are scaled by 255
    and rounded.

    Raises:
        DataError: for anything else, since a wrong guess would spoil colours.
    """
    if array.ndim == 4 and array.shape[-1] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
        raise DataError(
            f"{name} has the shape {list(array.shape)}, channels first; "
            "save it as [N,H,W,C], with array.transpose(0, 2, 3, 1)"
        )
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3, 4):
        raise DataError(
            f"{name} must hold sprites, [N,H,W,3] or [N,H,W,4], not {list(array.shape)}"
        )
    if square and array.shape[1] != array.shape[2]:
        raise DataError(
            f"{name} must hold square sprites, [N,H,W,3] or [N,H,W,4], not {list(array.shape)}; "
            "`pad` sets others on a square"
        )
    if array.size == 0:
        raise DataError(f"{name} holds no sprite: its shape is {list(array.shape)}")
    levels = _levels(array, name)
    return levels.repeat(3, axis=-1) if levels.shape[-1] == 1 else levels


def _levels(array: Array, name: str) -> Images:
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name} holds {array.dtype}; save sprites as uint8")
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        if not (low >= 0 and high <= 1):  # so that NaN fails too
            raise DataError(
                f"{name} holds floats from {low:g} to {high:g}; "
                "save sprites as uint8, or as floats in [0, 1]"
            )
        levels = np.empty(array.shape, dtype=np.uint8)
        for row in range(0, len(array), _ROWS):  # a whole set in float64 would be eight times it
            part = array[row : row + _ROWS].astype(np.float64)
            levels[row : row + _ROWS] = np.rint(part * 255)
        return levels
    if low < 0 or high > 255:
        raise DataError(f"{name} holds levels from {low} to {high}; they must lie in 0 … 255")
    return array.astype(np.uint8)


def to_labels(array: Array, n: int, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Bring an array of labels to int64 ``[n]`` and the names of their classes.

    Takes whole numbers from 0 ``[n]`` or ``[n,1]``, one-hot rows ``[n,K]``, or text ``[n]``
    (classes sorted by name).

    Raises:
        DataError: for another length or kind.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or len(array) != n:
        held = f"{len(array):,} labels" if array.ndim in (1, 2) else f"shape {list(array.shape)}"
        raise DataError(f"{name}: {n:,} sprites need {n:,} labels, not {held}")
    if array.dtype.kind == "U" and array.ndim == 1:
        if array.dtype.itemsize > 4 * MAX_NAME:
            raise DataError(f"{name}: a class has a name of at most {MAX_NAME} characters")
        names, index = np.unique(array, return_inverse=True)
        return index.reshape(-1).astype(np.int64), tuple(str(text) for text in names)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name} holds {array.dtype}; labels are whole numbers, one-hot or text")
    if array.ndim == 2:
        one_hot = ((array == 0) | (array == 1)).all(axis=1) & (array.sum(axis=1) == 1)
        if not one_hot.all():
            row = int(np.argmin(one_hot))
            raise DataError(f"{name}: row {row} is not one-hot (a single 1 among zeros)")
        return array.argmax(axis=1).astype(np.int64), _class_names(array.shape[1], name)
    index = array.astype(np.int64)
    if not (index == array).all() or index.min(initial=0) < 0:
        raise DataError(f"{name}: labels must be whole numbers from 0")
    return index, _class_names(int(index.max(initial=0)) + 1, name)


def _class_names(classes: int, name: str) -> tuple[str, ...]:
    if classes > MAX_CLASSES:
        raise DataError(f"{name} has labels up to {classes - 1:,}; {MAX_CLASSES:,} are the limit")
    return tuple(f"class-{k}" for k in range(classes))


def _mirrorable(arrays: dict[str, Array], classes: int, name: str) -> tuple[bool, ...] | None:
    """Whether each class may be mirrored, where the file says so."""
    if "mirrorable" not in arrays:
        return None
    flags = arrays["mirrorable"]
    if flags.dtype != np.bool_ or flags.shape != (classes,):
        raise DataError(
            f"{name}: 'mirrorable' must hold one bool for each of {classes} classes, not "
            f"{flags.dtype} {list(flags.shape)}"
        )
    return tuple(flags.tolist())


def _provenance(arrays: dict[str, Array], name: str) -> Provenance:
    """Where the sprites come from: what the file says, or the file."""
    texts = arrays.get("provenance")
    if texts is None:
        return Provenance(name)
    if texts.dtype.kind != "U" or texts.shape != (len(fields(Provenance)),):
        raise DataError(f"{name}: 'provenance' must hold source, licence, url and notes as text")
    return Provenance(*map(str, texts))


def _groups(arrays: dict[str, Array], name: str) -> NDArray[np.int64] | None:
    groups = arrays.get("groups")
    if groups is None:
        return None
    if groups.ndim != 1 or groups.dtype.kind not in "iu" or len(groups) != len(arrays["images"]):
        raise DataError(f"{name}: 'groups' must be one whole number for each sprite")
    return groups.astype(np.int64)


def _load(path: Path) -> Array:
    """Read a ``.npy`` file whole, after its header has been held against its length."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError("no NumPy file")
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error
    try:
        return np.array(mapped)
    except MemoryError:
        size = mapped.nbytes / 2**30
        raise DataError(f"{path.name} holds {size:.1f} GiB, more than fit in memory") from None
    except UNREADABLE as error:
        raise DataError(_unreadable(path, error)) from error


def _check_unpacked(path: Path, archive: zipfile.ZipFile, mapped: Sequence[str]) -> None:
    """Refuse an ``.npz`` that would unpack into more than memory should hold."""
    read = [member for member in archive.infolist() if member.filename not in mapped]
    unpacked = sum(member.file_size for member in read)
    if unpacked > min(MAX_UNPACKED, max(_SPARED, MAX_RATIO * path.stat().st_size)):
        raise DataError(
            f"{path.name} unpacks to {unpacked / 2**30:.1f} GiB, which is too much for a file of "
            "its size"
        )


def _unreadable(path: Path, error: BaseException) -> str:
    text = str(error).lower()
    if "object" in text or "pickle" in text:
        return (
            f"{path.name} holds Python objects, which are never unpickled; "
            "save plain arrays of numbers"
        )
    if isinstance(error, PermissionError):
        return f"{path.name} cannot be opened ({error.strerror})"
    return f"{path.name} is not a whole NumPy file; save it again with numpy.save or numpy.savez"
