"""What is kept on disk: whole files, JSON records, arrays and tensors; nothing is ever unpickled.

The names here are quick to load. Arrays (``spritelab.storage.arrays``) load numpy and tensors
(``spritelab.storage.tensors``) load torch, so both are imported from their own modules.
"""

from spritelab.storage.aside import is_aside, tidy
from spritelab.storage.files import (
    check_file,
    check_replaceable,
    check_writable,
    filling,
    flush_folder,
    read_file,
    regular,
    storing,
    write_file,
    writing,
)
from spritelab.storage.records import (
    ListDigest,
    check_undamaged,
    digest,
    is_damaged,
    is_sealed,
    load_json,
    parse_json,
    read_json,
    read_record,
    sealed,
    to_json,
    write_json,
    write_record,
)

__all__ = [
    "ListDigest",
    "check_file",
    "check_replaceable",
    "check_undamaged",
    "check_writable",
    "digest",
    "filling",
    "flush_folder",
    "is_aside",
    "is_damaged",
    "is_sealed",
    "load_json",
    "parse_json",
    "read_file",
    "read_json",
    "read_record",
    "regular",
    "sealed",
    "storing",
    "tidy",
    "to_json",
    "write_file",
    "write_json",
    "write_record",
    "writing",
]
