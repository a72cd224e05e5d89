"""Shards part the sprites at batches, whatever their number, and launchers name them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from spritelab.diffusion.noise import philox
from spritelab.errors import SettingsError
from spritelab.generate import Shard
from spritelab.generate.shards.ranges import grain_of


@pytest.mark.parametrize(("count", "grain"), [(10_000_000, 1024), (1000, 64), (65, 64), (20, 64)])
@pytest.mark.parametrize("of", [1, 2, 8, 64])
def test_the_shards_make_up_all_sprites_each_once(count: int, grain: int, of: int) -> None:
    parts = [Shard(index, of).numbers(count, grain) for index in range(of)]
    assert parts[0].start == 0
    assert parts[-1].stop == count
    assert all(one.stop == next_.start for one, next_ in pairwise(parts))
    assert all(part.start % grain == 0 for part in parts if len(part))
    # As even as whole grains allow.
    sizes = [-(-len(part) // grain) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_grain_is_whole_batches() -> None:
    assert [grain_of(size) for size in (1, 48, 64, 1024)] == [64, 192, 64, 1024]


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({"RANK": "3", "WORLD_SIZE": "8"}, Shard(3, 8)),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "2"}, Shard(1, 2)),
        (
            {
                "SLURM_ARRAY_TASK_ID": "4",
                "SLURM_ARRAY_TASK_COUNT": "8",
                "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_PROCID": "0",
                "SLURM_NTASKS": "1",
            },
            Shard(3, 8),
        ),
    ],
)
def test_a_launcher_says_which(environment: dict[str, str], shard: Shard) -> None:
    assert Shard.parse("auto", environment) == shard


@pytest.mark.parametrize(("first", "last", "count"), [(3, 3, 1), (0, 0, 1), (1, 7, 2)])
def test_an_array_of_some_tasks_alone(first: int, last: int, count: int) -> None:
    """``sbatch --array=3``, for one that was killed, must not be taken for the only shard."""
    array = {"ID": first, "COUNT": count, "MIN": first, "MAX": last}
    environment = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in array.items()}
    with pytest.raises(SettingsError, match="does not say of how many they are; give `shard`"):
        Shard.parse("auto", environment)


@pytest.mark.parametrize("text", ["8/8", "3", "-1/8", "a/b", "0/0", "1/8/2", ""])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(SettingsError, match="`shard`"):
        Shard.parse(text, {})


def test_no_launcher() -> None:
    with pytest.raises(SettingsError, match="no launcher says"):
        Shard.parse("auto", {"RANK": "3"})
    with pytest.raises(SettingsError, match="is no rank"):
        Shard.parse("auto", {"RANK": "x", "WORLD_SIZE": "8"})


def test_noise_of_ten_million_numbers_never_meets() -> None:
    """Philox is a bijection of its 128-bit counter: other numbers have other words. Here those at
    the ends of ten million and of 2^32 numbers, of seeds that differ in the high or low word."""
    low = torch.arange(20_000)
    numbers = torch.cat([low, low + 9_980_000, low + (2**32 - 20_000)])
    zero = torch.zeros_like(numbers)
    words = []
    for seed in (0, 1, 2**32, 2**63 - 1):
        key = [torch.full_like(numbers, seed & 0xFFFFFFFF), torch.full_like(numbers, seed >> 32)]
        words.append(torch.stack(philox([zero, zero, numbers, zero], key), dim=1))
    assert len(torch.unique(torch.cat(words), dim=0)) == 4 * len(numbers)
