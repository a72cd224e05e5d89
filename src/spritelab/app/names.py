"""Names of files: those of a job, and those that come from outside."""

from __future__ import annotations

import re
import secrets

JOB, LOCK, LOG = "job.json", "job.lock", "log.txt"
PID, PHASE, LIVE, OUTCOME = "pid", "phase", "live.jsonl", "outcome.json"

_PLAIN = re.compile(r"\w[\w .+-]{0,39}")
_ID = re.compile(r"[0-9a-f]{16}")


PLAIN_NAME = "1 to 40 letters, digits, spaces and . _ + -; a letter or a digit is the first"
"""What a name may be, in words."""


def is_plain_name(name: str) -> bool:
    """Whether a run may be called so: up to 40 letters, digits, spaces and ``. _ + -``.

    It leads nowhere, is not hidden, and is the name of one folder on every system.
    """
    return _PLAIN.fullmatch(name) is not None and name[-1] not in " ."


def plain_name(name: str, otherwise: str) -> str:
    """The last part of a path as a plain name, with what is not plain left out."""
    last = re.split(r"[/\\]", name)[-1]
    kept = re.sub(r"[^\w .+-]+", "-", last).strip(" .-_+")[-40:].strip(" .-_+")
    return kept if kept and is_plain_name(kept) else otherwise


def new_id() -> str:
    """A name that nobody guesses."""
    return secrets.token_hex(8)


def is_id(text: str) -> bool:
    """Whether it may be such a name."""
    return _ID.fullmatch(text) is not None
