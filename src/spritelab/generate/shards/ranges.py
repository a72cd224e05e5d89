"""Which part of the sprites falls to which worker."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from spritelab.errors import SettingsError

GRAIN = 64
"""Sprites that are never parted: the batch of a CPU, and whole batches of every extractor of
features."""

_TASKS, _LAST = "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MAX"
_RANKS = (
    ("RANK", "WORLD_SIZE", "0"),
    ("SLURM_ARRAY_TASK_ID", _TASKS, "SLURM_ARRAY_TASK_MIN"),
    ("SLURM_PROCID", "SLURM_NTASKS", "0"),
)
"""Where launchers say which worker this is and of how many: torchrun, a Slurm array, srun."""


@dataclass(frozen=True)
class Shard:
    """Part ``index``, 0 … ``of`` - 1, of so many.

    Raises:
        SettingsError: if there is no such part.
    """

    index: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.of:
            last = f"0/{self.of} … {self.of - 1}/{self.of}" if self.of > 0 else "0/1 and so on"
            raise SettingsError(
                f"`shard` counts from 0: there is no {self.index}/{self.of}; the shards are {last}"
            )

    @classmethod
    def parse(cls, text: str, environment: Mapping[str, str] | None = None) -> Shard:
        """Read ``3/8``, or ``auto``: what the launcher of this process says.

        Args:
            text: of these.
            environment: where launchers say it; that of the process if not given.

        Raises:
            SettingsError: for anything else, and for ``auto`` where no launcher says it, or a Slurm
                array of some tasks alone.
        """
        if text == "auto":
            return cls._launched(os.environ if environment is None else environment)
        if not (found := re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip())):
            raise SettingsError(f"`shard` is written as 3/8, counted from 0, or auto, not {text!r}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def _launched(cls, environment: Mapping[str, str]) -> Shard:
        for rank, of, first in _RANKS:
            if rank in environment and of in environment:
                try:
                    number, count = int(environment[rank]), int(environment[of])
                    lowest = int(environment.get(first, "0"))
                    last = int(environment.get(_LAST, lowest + count - 1))
                except ValueError:
                    raise SettingsError(
                        f"{rank}={environment[rank]!r} of {of}={environment[of]!r} is no rank; "
                        "give `shard` as 3/8"
                    ) from None
                if of == _TASKS and (count == 1 or last - lowest + 1 != count):
                    raise SettingsError(
                        "a Slurm array of some tasks, which are run again, does not say of how "
                        "many they are; give `shard` as 3/8"
                    )
                return cls(number - lowest, count)
        raise SettingsError(
            "no launcher says which `shard` this is (torchrun, srun and Slurm arrays do); "
            "give it as 3/8"
        )

    @property
    def folder(self) -> str:
        """What its folder is called: ``shard-00003-of-00008``."""
        return f"shard-{self.index:05d}-of-{self.of:05d}"

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"

    def numbers(self, count: int, grain: int) -> range:
        """Its own of the sprites 0 … ``count`` - 1, cut at multiples of ``grain`` alone.

        The shards of every ``of`` make up all sprites, in order and each once. With fewer grains
        than shards some are empty.
        """
        grains = -(-count // grain)
        first, stop = (grains * i // self.of * grain for i in (self.index, self.index + 1))
        return range(min(first, count), min(stop, count))


def grain_of(batch_size: int) -> int:
    """Sprites that are never parted where so many are drawn at a time."""
    return math.lcm(batch_size, GRAIN)
