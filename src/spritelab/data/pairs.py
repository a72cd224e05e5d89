"""Labels that lie beside each image: the convention of WebDataset.

Files of one name, up to its first dot, are one sample: ``000017.png`` with ``000017.cls``, the
class as a number or a name, or with ``000017.json``, an object with its ``label`` (or ``class``)
and perhaps its ``group``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from spritelab.data.listing import Files
from spritelab.data.metadata import Row, row_of
from spritelab.data.text import count, some
from spritelab.errors import DataError
from spritelab.storage import parse_json

ENDS = (".cls", ".json")


def read_pairs(files: Files, images: Sequence[str]) -> tuple[dict[str, Row], set[str]]:
    """What the files beside images say of them.

    Args:
        files: all files.
        images: the paths that are to be read.

    Returns:
        The rows by the path of an image, and the files that were read for them; nothing unless
        every image has such a file.

    Raises:
        DataError: for a ``.cls`` that is no class, and for images without where others have one.
    """
    keys = {path: _key(path) for path in images}
    for end in ENDS:
        beside = {path: key + end for path, key in keys.items() if key + end in files}
        if end == ".cls" and 0 < len(beside) < len(images):
            lacking = sorted(keys.keys() - beside.keys())
            raise DataError(
                f"{count(len(lacking), 'image')} have no .cls beside them, as others have: "
                f"{some(lacking)}; leave them out by `exclude`"
            )
        if not beside or len(beside) < len(images):
            continue
        rows = {path: _row(files, name) for path, name in beside.items()}
        if all(row is not None and row.label is not None for row in rows.values()):
            return {path: row for path, row in rows.items() if row}, set(beside.values())
    return {}, set()


def _key(path: str) -> str:
    folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
    return str(folder / name.split(".")[0])


def _row(files: Files, name: str) -> Row | None:
    """What one file says; None for JSON that says something else."""
    try:
        text = files[name]().decode("utf-8").strip()
    except (DataError, OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read: {error}") from None
    if name.endswith(".cls"):
        if not text or len(text.splitlines()) > 1:
            raise DataError(f"{name} holds no class: it is one number or one name")
        return Row(text, None)
    try:
        record = parse_json(text)
    except ValueError:
        return None
    return row_of(record) if isinstance(record, dict) and "frames" not in record else None
