"""Tables that lie beside images and say what they are.

``metadata.csv`` and ``metadata.jsonl`` are the ImageFolder convention of Hugging Face datasets:
each row names an image by ``file_name``, relative to the table, and may give its ``label`` (or
``class``) and its ``group``, a name shared by sprites that show one thing. Other columns are left
alone. ``samples.json`` is what ``spritelab sample`` writes.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from spritelab.data.listing import Files
from spritelab.data.text import count, some
from spritelab.errors import DataError
from spritelab.storage import check_undamaged, parse_json

NAMES = ("metadata.csv", "metadata.jsonl")
SAMPLES = "samples.json"
"""The list that lies beside sprites that were drawn by a model."""

_FILE_COLUMNS = ("file_name", "filename", "file", "image", "path")
_LABEL_COLUMNS = ("label", "class", "labels", "class_name", "category")


@dataclass(frozen=True)
class Row:
    """What a table says of one image; None where it says nothing."""

    label: str | None
    group: str | None


@dataclass(frozen=True)
class Metadata:
    """What all tables of a source say.

    Attributes:
        rows: by the path of an image.
        pictures: images beside a ``samples.json`` that does not list them: grids, strips.
        notes: sentences for the user.
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    pictures: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def is_table(path: str) -> bool:
    """Whether a file is one that ``read_metadata`` reads."""
    return PurePosixPath(path).name.lower() in (*NAMES, SAMPLES)


def read_metadata(files: Files, images: Collection[str], present: Collection[str]) -> Metadata:
    """Read every table among ``files``.

    Args:
        files: all files.
        images: the paths that are to be read.
        present: those and the ones that were left out on purpose, which a table may still list.

    Raises:
        DataError: if a file cannot be parsed or has no ``file_name``, if an image is listed twice,
            is missing or lies outside, if images are not listed, or if only some rows have a label.
    """
    images, present = set(images), set(present)
    listed, pictures = _read_samples(files, images)
    tables = [path for path in files if PurePosixPath(path).name.lower() in NAMES]
    if not tables:
        return Metadata(listed, pictures)
    rows: dict[str, Row] = {}
    columns: dict[str, None] = {}
    for table in tables:
        for number, record in _records(table, _read(files, table)):
            columns.update(dict.fromkeys(record))
            path = _image_path(table, number, record)
            if path in rows:
                raise DataError(f"{table} line {number}: {path} is listed twice; keep one row")
            rows[path] = row_of(record)
    where = some(tables)
    if missing := sorted(rows.keys() - present):
        n = count(len(missing), "image")
        raise DataError(f"{where} lists {n} that cannot be found: {some(missing)}")
    rows = {path: row for path, row in rows.items() if path in images}
    if unlisted := sorted(images - rows.keys() - listed.keys() - pictures):
        n = count(len(unlisted), "image")
        raise DataError(
            f"{where} leaves out {n}: {some(unlisted)}; list them, or leave them out by `exclude`"
        )
    unlabelled = sorted(path for path, row in rows.items() if row.label is None)
    if 0 < len(unlabelled) < len(rows):
        raise DataError(f"{where} gives no label to {some(unlabelled)}; label all rows or none")
    notes = []
    if rows and unlabelled:
        has = ", ".join(columns)
        notes.append(f"{where} has no column `label`, but {has}: folders are the classes")
    return Metadata({**listed, **rows}, pictures, tuple(notes))


def parse_samples(content: bytes, name: str | Path) -> Any:
    """What a ``samples.json`` of this name holds.

    Raises:
        DataError: if it is no JSON, or not what its digest says.
    """
    try:
        record = parse_json(content.decode("utf-8"))
    except ValueError as error:
        raise broken_samples(name, error) from None
    check_undamaged(name, record, DataError)
    return record


def broken_samples(name: str | Path, error: Exception) -> DataError:
    """What is said of a ``samples.json`` that cannot be read."""
    return DataError(f"{name} is broken ({error}); remove it to read the folder as images")


def _read_samples(files: Files, images: Collection[str]) -> tuple[dict[str, Row], frozenset[str]]:
    """The rows of every ``samples.json``, and the images beside one that it does not list.

    Raises:
        DataError: for one that is no JSON, or not what its digest says.
    """
    listed: dict[str, Row] = {}
    pictures: set[str] = set()
    for table in (path for path in files if PurePosixPath(path).name == SAMPLES):
        folder = PurePosixPath(table).parent
        record = parse_samples(_read(files, table), table)
        try:
            sprites = {str(folder / s["file_name"]): s.get("label") for s in record["sprites"]}
        except (KeyError, TypeError, AttributeError):
            continue  # some other program's file of that name
        beside = {path for path in images if PurePosixPath(path).parent == folder}
        for path in beside & sprites.keys():
            listed[path] = Row(label=_text(sprites[path]), group=None)
        pictures |= beside - sprites.keys()
    return listed, frozenset(pictures)


def _read(files: Files, table: str) -> bytes:
    try:
        return files[table]()
    except (DataError, OSError) as error:
        raise DataError(f"{table} cannot be read: {error}") from error


def _records(table: str, data: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the line number and the columns of each row, their names as ``_column`` writes them."""
    try:
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
        if table.lower().endswith(".csv"):
            reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
            for record in reader:
                yield reader.line_num, {_column(k): v for k, v in record.items() if k is not None}
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
        yield number, {_column(key): value for key, value in row.items()}


def _delimiter(text: str) -> str:
    """What parts the columns: spreadsheets of some countries write semicolons, some write tabs."""
    header = text.partition("\n")[0]
    return next((sign for sign in (",", ";", "\t") if sign in header), ",")


def _column(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _image_path(table: str, number: int, record: Mapping[str, Any]) -> str:
    name = next((text for key in _FILE_COLUMNS if (text := _text(record.get(key)))), None)
    if name is None:
        raise DataError(f"{table} line {number} has no 'file_name'; every row must name its image")
    relative = PurePosixPath(name.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts:
        raise DataError(f"{table} line {number}: {name} leads out of the folder")
    return str(PurePosixPath(table).parent / relative)


def row_of(record: Mapping[str, Any]) -> Row:
    """What a record says of its image, its columns as tables name them."""
    return Row(label=_label(record), group=_text(record.get("group")))


def _label(record: Mapping[str, Any]) -> str | None:
    for column in _LABEL_COLUMNS:
        if (label := _text(record.get(column))) is not None:
            return label
    return None


def _text(value: object) -> str | None:
    """Return a cell as text; None for an empty one."""
    text = "" if value is None else str(value).strip()
    return text or None
