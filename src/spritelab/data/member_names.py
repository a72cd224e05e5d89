"""The names of files in an archive, whatever encoding the packer wrote them in.

Zip archives knew only the code page of MS-DOS for long, and most packers wrote that of the machine
they ran on: UTF-8 on Unix and macOS, Shift-JIS in Japan, an OEM page (here 437) elsewhere on
Windows, Latin-1 on old Unix. No field says which.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress

# What Japanese names are made of: hiragana, katakana, the marks 々〆ー・ and ideographs.
_JAPANESE = "\u3040-\u30ff\u3005\u3006\u4e00-\u9fff"
_WORDS = re.compile(f"([A-Za-z]?)[{_JAPANESE}]+([A-Za-z]?)")
_FOREIGN = re.compile(f"[^\x00-\x7f{_JAPANESE}\u3000\uff08\uff09\uff10-\uff19\uff5e]")

_UNICODE_PATH = 0x7075


def decode_names(raw: Sequence[bytes]) -> list[str]:
    """Decode names of one archive that nothing is said of, all in one encoding.

    UTF-8 if all of them are that. Else Shift-JIS (code page 932) if all of them are, with no
    characters beyond ASCII but those that Japanese is written in, and at most half of the words
    touch a Latin letter, as what ``Löwe`` looks like would. Else Latin-1 if every byte beyond ASCII
    is a letter in that, and code page 437 if one is none: there é, ä, ö and ü lie elsewhere.
    """
    with suppress(UnicodeDecodeError):
        return [name.decode("utf-8") for name in raw]
    with suppress(UnicodeDecodeError):
        names = [name.decode("cp932") for name in raw]
        if _is_japanese(names):
            return names
    beyond = {byte for name in raw for byte in name if byte > 0x7F}
    if min(beyond) >= 0xC0 and not beyond & {0xD7, 0xF7}:
        return [name.decode("latin-1") for name in raw]
    return [name.decode("cp437") for name in raw]


def unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name in a zip member's extra field 0x7075, *Info-ZIP Unicode Path*, if it has one.

    One whose checksum is not that of the ``raw`` name is out of date, and counts as none.
    """
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and len(field) >= 5 and field[0] == 1:
            (checksum,) = struct.unpack_from("<I", field, 1)
            if checksum == zlib.crc32(raw):
                with suppress(UnicodeDecodeError):
                    return field[5:].decode("utf-8")
    return None


def _is_japanese(names: Sequence[str]) -> bool:
    if any(_FOREIGN.search(name) for name in names):
        return False
    words = [word for name in names for word in _WORDS.finditer(name)]
    return 2 * sum(bool(word[1] or word[2]) for word in words) <= len(words)
