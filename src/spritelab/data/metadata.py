"""``metadata.csv`` and ``metadata.jsonl``: the ImageFolder convention of Hugging Face datasets.

Each row names an image by ``file_name``, relative to the metadata file, and may give its ``label``
(or ``class``) and its ``group``, a name shared by sprites that show one thing. Other columns are
left alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from spritelab.data.archives import Files
from spritelab.data.text import count, some
from spritelab.errors import DataError
from spritelab.storage import parse_json

NAMES = ("metadata.csv", "metadata.jsonl")
_LABEL_COLUMNS = ("label", "class")


@dataclass(frozen=True)
class Row:
    """What a metadata file says of one image; None where it says nothing."""

    label: str | None
    group: str | None


def read_metadata(files: Files, images: Iterable[str]) -> dict[str, Row] | None:
    """Read every metadata file among ``files``; None if there is none.

    Returns:
        A row for each of ``images`` (paths).

    Raises:
        DataError: if a file cannot be parsed or has no ``file_name``, if an image is listed twice,
            is missing or lies outside, if images are not listed, or if only some rows have a label.
    """
    tables = [path for path in files if PurePosixPath(path).name in NAMES]
    if not tables:
        return None
    rows: dict[str, Row] = {}
    for table in tables:
        try:
            data = files[table]()
        except (DataError, OSError) as error:
            raise DataError(f"{table} cannot be read: {error}") from error
        for number, record in _records(table, data):
            path = _image_path(table, number, record)
            if path in rows:
                raise DataError(f"{table} line {number}: {path} is listed twice; keep one row")
            rows[path] = Row(label=_label(record), group=_text(record.get("group")))
    where = some(tables)
    images = set(images)
    if missing := sorted(rows.keys() - images):
        listed = count(len(missing), "image")
        raise DataError(f"{where} lists {listed} that cannot be found: {some(missing)}")
    if unlisted := sorted(images - rows.keys()):
        left = count(len(unlisted), "image")
        raise DataError(f"{where} leaves out {left}: {some(unlisted)}; list or remove them")
    unlabelled = sorted(path for path, row in rows.items() if row.label is None)
    if 0 < len(unlabelled) < len(rows):
        raise DataError(f"{where} gives no label to {some(unlabelled)}; label all rows or none")
    return rows


def _records(table: str, data: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the line number and the columns of each row."""
    try:
        text = data.decode("utf-8-sig")
        if table.endswith(".csv"):
            reader = csv.DictReader(io.StringIO(text, newline=""))
            for record in reader:
                yield reader.line_num, record
            return
        rows = [
            (number, parse_json(line))
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip()
        ]
    except (ValueError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as UTF-8 rows ({error})") from error
    for number, row in rows:
        if not isinstance(row, dict):
            raise DataError(f"{table} line {number} is not a JSON object")
        yield number, row


def _image_path(table: str, number: int, record: Mapping[str, Any]) -> str:
    name = _text(record.get("file_name"))
    if name is None:
        raise DataError(f"{table} line {number} has no 'file_name'; every row must name its image")
    relative = PurePosixPath(name.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts:
        raise DataError(f"{table} line {number}: {name} leads out of the folder")
    return str(PurePosixPath(table).parent / relative)


def _label(record: Mapping[str, Any]) -> str | None:
    for column in _LABEL_COLUMNS:
        if (label := _text(record.get(column))) is not None:
            return label
    return None


def _text(value: object) -> str | None:
    """Return a cell as text; None for an empty one."""
    text = "" if value is None else str(value).strip()
    return text or None
