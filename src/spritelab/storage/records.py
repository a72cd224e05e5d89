"""Records as JSON: written in one form, and read so that garbage of any kind is an error."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spritelab.errors import ModelError, SpritelabError
from spritelab.storage.files import read_file, write_file

MAX_RECORD = 2**28
"""The most bytes of a JSON file."""


_EDITED = (
    "is damaged, or was edited (its content is not that of its digest); take another copy, or, if "
    "it was edited on purpose, remove the digest from it"
)


class NewerFormatError(ModelError):
    """A file that a later spritelab wrote."""


def to_json(record: Mapping[str, Any]) -> str:
    """The text of a record as it is kept in files: indented, as UTF-8, with a last line break."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def write_json(path: str | Path, record: Mapping[str, Any]) -> Path:
    """Write a record as JSON, whole or not at all, and return its path.

    Raises:
        StorageError: if the file cannot be written; an older one is then kept.
    """
    return write_file(path, to_json(record))


def parse_json(text: str) -> Any:
    """The value that ``text`` holds.

    Raises:
        ValueError: if it is not JSON, nests too deeply to be read, or holds a whole number of more
            digits than Python reads (4,300), or text that is no Unicode.
    """
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():  # perhaps half of a surrogate pair, which no file can hold
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("it holds text that is no Unicode") from None
    except RecursionError:
        raise ValueError("it nests too deeply") from None
    return value


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        OSError: if the file cannot be read, is no file, or has more than ``MAX_RECORD`` bytes;
            ``FileNotFoundError`` if there is none.
        ValueError: if it is no UTF-8, or as ``parse_json``.
    """
    return parse_json(read_file(path, MAX_RECORD).decode("utf-8"))


def load_json(path: Path) -> dict[str, Any] | None:
    """Read a record that can be made again: None if there is none.

    Warns:
        UserWarning: for a file that cannot be read or holds no record, which counts as none.
    """
    try:
        record = read_json(path)
        if not isinstance(record, dict):
            raise ValueError("it holds no record")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        warnings.warn(f"{path} is broken ({_reason(error)}); it is made again", stacklevel=2)
        return None
    return record


def _reason(error: Exception) -> str:
    """What an error says, without the number of the system's errors."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def write_record(path: str | Path, record: Mapping[str, Any]) -> Path:
    """Write a record for ``read_record``, with the digest by which a damaged one is known.

    Raises:
        StorageError: if the file cannot be written; an older one is then kept.
    """
    # The digest is of what is read again: of a name that is no Unicode the file holds a question
    # mark (see ``write_file``).
    return write_json(path, sealed(json.loads(to_json(record).encode("utf-8", "replace"))))


def read_record(path: Path, newest: int, sealed_since: int | None = None) -> dict[str, Any]:
    """Read a record that names the version of its format; its digest is checked and left out.

    Args:
        path: of the file.
        newest: the latest ``format`` that the caller reads.
        sealed_since: the format from which on there is a digest; None: one that is missing, as in
            files of older versions and of people, is not missed.

    Raises:
        ModelError: if the file is missing or broken, its format is missing, or its content is not
            that of its digest.
        NewerFormatError: if its format is later.
    """
    try:
        record = read_json(path)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; the folder is not complete") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is broken ({_reason(error)}); copy or train it again") from None
    if not isinstance(record, dict) or type(record.get("format")) is not int:
        raise ModelError(f"{path} is not one of spritelab's files: it names no format")
    if record["format"] > newest:
        raise NewerFormatError(
            f"{path} has format {record['format']}, this spritelab reads up to {newest}; upgrade it"
        )
    missed = sealed_since is not None and record["format"] >= sealed_since
    # A record that must have a digest and has none is not what its digest says.
    check_undamaged(path, {"digest": None, **record} if missed else record, ModelError)
    return {key: value for key, value in record.items() if key != "digest"}


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with a ``digest`` of all else in it, for ``is_sealed``."""
    return {**record, "digest": digest(dict(record))}


def is_sealed(record: Mapping[str, Any]) -> bool:
    """Whether a record is what its ``digest`` says; False if it has none."""
    rest = {key: value for key, value in record.items() if key != "digest"}
    return record.get("digest") == digest(rest)


def is_damaged(record: Any) -> bool:
    """Whether a record is not what its ``digest`` says; False if it has none, or is no record."""
    return isinstance(record, dict) and "digest" in record and not is_sealed(record)


def check_undamaged(name: str | Path, record: Any, error: type[SpritelabError]) -> None:
    """Refuse a record that ``is_damaged``.

    Args:
        name: of the file that it was read from.
        record: what was read.
        error: what is raised.
    """
    if is_damaged(record):
        raise error(f"{name} {_EDITED}")


def digest(*parts: Any) -> str:
    """SHA-256, in hexadecimal, of anything that JSON can hold."""
    return hashlib.sha256(_canonical(parts).encode()).hexdigest()


class ListDigest:
    """The ``digest`` of a record with a list that is too long to be held: item by item.

    Args:
        record: all of it but the list.
        key: of the list.
    """

    def __init__(self, record: Mapping[str, Any], key: str) -> None:
        named = [(name, f"{json.dumps(name)}: {_canonical(record[name])}") for name in record]
        before = [text for name, text in sorted(named) if name < key]
        after = [text for name, text in sorted(named) if name > key]
        self._after = "".join(f", {text}" for text in after)
        self._comma = ""
        self._hash = hashlib.sha256(b"[{")
        self._hash.update(", ".join([*before, f"{json.dumps(key)}: ["]).encode())

    def add(self, item: Any) -> None:
        """Append an item of the list."""
        self._hash.update(f"{self._comma}{_canonical(item)}".encode())
        self._comma = ", "

    def hexdigest(self) -> str:
        """What ``digest`` gives of the record with the list of all items; to be asked once."""
        self._hash.update(f"]{self._after}}}]".encode())
        return self._hash.hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
