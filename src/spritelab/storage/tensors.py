"""Named tensors as ``.safetensors``, with a digest by which a damaged file is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from spritelab.errors import ModelError
from spritelab.storage.files import regular, write_file

HASH = "modelspec.hash_sha256"
"""Where the metadata hold the SHA-256 of all that follows the header, after ``0x``: ModelSpec's."""

HEADER_HASH = "spritelab.header_sha256"
"""Where the metadata hold that of the header itself, see ``_header_hash``: of the names, types and
shapes of the tensors, and of all other metadata."""

_METADATA = "__metadata__"
_BROKEN = (OSError, SafetensorError, ValueError, OverflowError, MemoryError, RuntimeError)
_LENGTH = 8  # bytes that say how long the header is


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, str] | None = None
) -> Path:
    """Write named tensors, whole or not at all, and return the path.

    Args:
        path: of the file.
        tensors: by name.
        about: what the file's header says beside them, as text.

    Raises:
        StorageError: if the file cannot be written; an older one is then kept.
    """
    # Through bytes and not save_file, so that a full disk is an OSError like any other.
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    packed = memoryview(safetensors.torch.save(plain))
    start = _LENGTH + int.from_bytes(packed[:_LENGTH], "little")
    content = packed[start:]
    said = {**(about or {}), HASH: f"0x{hashlib.sha256(content).hexdigest()}"}
    header = {_METADATA: said, **json.loads(bytes(packed[_LENGTH:start]))}
    said[HEADER_HASH] = f"0x{_header_hash(header)}"
    # Put together here: the library writes metadata in any order; equal weights are equal files.
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _LENGTH)  # so that the tensors lie at multiples of eight
    return write_file(path, len(text).to_bytes(_LENGTH, "little") + text + content)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors, on the CPU.

    Raises:
        ModelError: if the file is missing, broken, or not what its digest says. One without a
            digest, as others and older versions write it, is taken as it is.
    """
    try:
        with safe_open(regular(path), framework="pt") as file:
            said = file.metadata() or {}
        if HASH in said and said[HASH] != f"0x{_content_hash(path)}":
            raise ModelError(
                f"{path} is broken (its content is not that of its digest); copy or train it again"
            )
        if HEADER_HASH in said and said[HEADER_HASH] != f"0x{_header_hash(_header(path))}":
            raise ModelError(
                f"{path} is broken (its header is not that of its digest); copy or train it again"
            )
        return safetensors.torch.load_file(path)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; the folder is not complete") from None
    except _BROKEN as error:
        raise _broken(path, error) from None


def tensor_shapes(path: Path) -> dict[str, tuple[torch.dtype, tuple[int, ...]]]:
    """Type and shape of every tensor in a file, from its header alone.

    Raises:
        ModelError: if the file is missing or broken.
    """
    try:
        with safe_open(regular(path), framework="pt") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {
                name: (_DTYPES.get(part.get_dtype(), torch.bool), tuple(part.get_shape()))
                for name, part in parts.items()
            }
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; the folder is not complete") from None
    except _BROKEN as error:
        raise _broken(path, error) from None


_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
}
"""By their names in a header, the types that are written; any other counts as bool."""


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        header: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(_LENGTH), "little")))
    return header


def _header_hash(header: Mapping[str, Any]) -> str:
    """SHA-256 of a header without this hash, as JSON with sorted keys."""
    said = {key: value for key, value in header[_METADATA].items() if key != HEADER_HASH}
    return hashlib.sha256(
        json.dumps({**header, _METADATA: said}, sort_keys=True).encode()
    ).hexdigest()


def _content_hash(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(int.from_bytes(file.read(_LENGTH), "little"), 1)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _broken(path: Path, error: Exception) -> ModelError:
    return ModelError(f"{path} is broken ({error}); copy or train it again")
