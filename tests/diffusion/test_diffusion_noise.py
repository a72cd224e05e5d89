"""A sprite's noise: as documented, its own, standard normal, and a function of its name alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import philox_oracle as oracle
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor

from spritelab.diffusion import Noise, Schedule, Step, ddim_steps, ddpm_steps, noise_like
from spritelab.diffusion.noise import philox
from spritelab.errors import SettingsError

FORMATS = Path(__file__).parents[2] / "docs" / "formats.md"
words = st.integers(0, 2**32 - 1)
SHAPE = (4, 16, 16)


def named(seeds: list[int], numbers: list[int], variations: list[int] | None = None) -> Noise:
    return Noise(
        torch.tensor(seeds),
        torch.tensor(numbers),
        None if variations is None else torch.tensor(variations),
    )


def like(n: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.empty(n, *SHAPE, dtype=dtype)


def rows_of_formats(columns: int) -> list[list[str]]:
    """The rows of the tables of test vectors that have so many columns."""
    text = FORMATS.read_text("utf-8").partition("**Test vectors**")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return [row for row in rows if len(row) == columns and re.match(r"[0-9a-f]", row[0])]


def ours(counter: list[int], key: list[int]) -> list[int]:
    found = philox([torch.tensor([c]) for c in counter], [torch.tensor([k]) for k in key])
    return [int(word) for word in found]


def test_the_documented_words() -> None:
    """Those of Random123, the reference implementation."""
    rows = rows_of_formats(3)
    assert len(rows) == 3
    for row in rows:
        key, counter, expected = ([int(word, 16) for word in cell.split()] for cell in row)
        assert ours(counter, key) == expected
        assert oracle.philox(counter, key) == expected


@given(st.lists(words, min_size=4, max_size=4), st.lists(words, min_size=2, max_size=2))
def test_philox_is_that_of_plain_integers(counter: list[int], key: list[int]) -> None:
    assert ours(counter, key) == oracle.philox(counter, key)


def test_the_documented_normals() -> None:
    rows = rows_of_formats(5)
    assert len(rows) == 4
    for row in rows:
        seed, number, stream, draw = (int(cell) for cell in row[:4])
        expected = [float(cell) for cell in row[4].split()]
        np.testing.assert_allclose(
            oracle.normals(seed, number, stream, draw, 4), expected, rtol=0, atol=1e-12
        )
        noise = named([seed], [number], [max(0, stream - 1)])
        got = noise.normal(draw, like(1))[0].flatten()[:4]
        np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("seed", "number"), [(0, 0), (2**63 - 1, 2**32 - 1), (2**32, 5)])
@pytest.mark.parametrize("count", [1, 3, 4, 7, 1024])
def test_every_normal_is_the_one_that_is_written_out(seed: int, number: int, count: int) -> None:
    got = named([seed], [number]).normal(3, torch.empty(1, count, dtype=torch.float64))
    expected = oracle.normals(seed, number, 0, 3, count)
    np.testing.assert_allclose(got[0].numpy(), expected, rtol=0, atol=1e-12)


def test_a_row_does_not_depend_on_its_batch() -> None:
    seeds, numbers = [3, 3, 0, 9], [0, 1, 1, 7]
    whole = named(seeds, numbers).normal(5, like(4, torch.float32))
    assert whole.dtype == torch.float32
    for k in range(4):
        alone = named([seeds[k]], [numbers[k]]).normal(5, like(1, torch.float32))
        assert torch.equal(whole[k], alone[0])
    part = named(seeds, numbers)[1:3].normal(5, like(2, torch.float32))
    assert torch.equal(whole[1:3], part)


def test_float32_is_float64_rounded() -> None:
    noise = named([1, 2], [3, 4])
    assert torch.equal(noise.normal(0, like(2)).float(), noise.normal(0, like(2, torch.float32)))


def test_draws_numbers_and_seeds_are_unrelated_standard_normals() -> None:
    n = 64
    base = named([0] * n, list(range(n))).normal(0, like(n)).flatten()
    others = [
        named([0] * n, list(range(n))).normal(1, like(n)),
        named([0] * n, list(range(n, 2 * n))).normal(0, like(n)),
        named([1] * n, list(range(n))).normal(0, like(n)),
        named([2**32] * n, list(range(n))).normal(0, like(n)),
        named([0] * n, list(range(n)), [1] * n).normal(1, like(n)),
    ]
    for values in (base, *(other.flatten() for other in others)):
        assert stats.kstest(values.numpy(), "norm").pvalue > 1e-4
    for other in others:
        correlation = float(torch.corrcoef(torch.stack([base, other.flatten()]))[0, 1])
        assert abs(correlation) < 5 / len(base) ** 0.5
    # Within a block too: Box and Muller's two come from one radius and one angle.
    quarters = base.reshape(-1, 4).T
    off = torch.corrcoef(quarters.square()) - torch.eye(4)
    assert off.abs().max() < 5 / quarters.shape[1] ** 0.5


def test_no_number_is_infinite_and_the_tails_end_where_they_must() -> None:
    """The smallest u is 2^-33: a radius of sqrt(66 ln 2)."""
    assert (66 * np.log(2)) ** 0.5 == pytest.approx(6.7637, abs=1e-4)
    values = named([0] * 200, list(range(200))).normal(0, like(200))
    assert bool(values.isfinite().all())
    assert values.abs().max() > 4


def test_variations_share_the_start_and_nothing_else() -> None:
    noise = named([4] * 4, [2] * 4, [0, 1, 1, 2])
    start, later = noise.normal(0, like(4)), noise.normal(8, like(4))
    assert all(torch.equal(start[0], row) for row in start)
    own = named([4], [2])
    assert torch.equal(later[0], own.normal(8, like(1))[0])
    assert torch.equal(later[1], later[2])
    assert not torch.isclose(later[0], later[1]).any()
    assert not torch.isclose(later[1], later[3]).any()


def test_the_class_has_a_stream_of_its_own() -> None:
    seeds, numbers = [0, 0, 2**40], [0, 9, 2**31]
    got = named(seeds, numbers).uniform()
    expected = [oracle.uniform(s, k) for s, k in zip(seeds, numbers, strict=True)]
    assert got.tolist() == expected
    many = named([7] * 4000, list(range(4000))).uniform()
    assert stats.kstest(many.numpy(), "uniform").pvalue > 1e-4


def test_lengths_that_differ() -> None:
    with pytest.raises(SettingsError, match="one seed, one number"):
        named([1, 2], [3])
    with pytest.raises(SettingsError, match="one variation"):
        named([1, 2], [3, 4], [0])
    with pytest.raises(SettingsError, match="3 sprites need noise for as many, not 2"):
        named([1, 2], [3, 4]).normal(0, like(3))


@pytest.mark.parametrize("sampler", [ddpm_steps, ddim_steps])
def test_a_chain_that_is_entered_draws_what_the_whole_one_draws(
    sampler: Callable[..., Iterator[Step]],
) -> None:
    """z belongs to the step from t, not to the place in a generator's stream."""
    schedule, noise = Schedule.cosine(100), named([1, 1], [0, 1])
    pairs = schedule.pairs(10)
    how = {"eta": 0.7} if sampler is ddim_steps else {}
    x_T = noise.normal(0, like(2))

    def run(x: Tensor, part: list[tuple[int, int]]) -> list[Tensor]:
        steps = sampler(lambda x, _: 0.3 * x, schedule, x, pairs=part, generator=noise, **how)
        return [step.x for step in steps]

    whole = run(x_T, pairs)
    entered = run(whole[5], pairs[6:])
    assert all(torch.equal(a, b) for a, b in zip(whole[6:], entered, strict=True))


@pytest.mark.parametrize(("sampler", "how"), [(ddpm_steps, {}), (ddim_steps, {"eta": 1.0})])
def test_the_step_from_t_adds_draw_t_plus_1(
    sampler: Callable[..., Iterator[Step]], how: dict[str, float]
) -> None:
    """As docs/formats.md says. From x = 0 with ε̂ = 0 nothing but σz is left."""
    schedule, noise = Schedule.cosine(100), named([5, 5], [0, 3])
    ab_t, ab_prev = schedule.alpha_bar(40), schedule.alpha_bar(10)
    sigma = ((1 - ab_prev) / (1 - ab_t) * (1 - ab_t / ab_prev)) ** 0.5
    x = torch.zeros_like(like(2))
    (step,) = sampler(lambda x, _: 0 * x, schedule, x, pairs=[(40, 10)], generator=noise, **how)
    torch.testing.assert_close(step.x, sigma * noise.normal(41, like(2)), rtol=0, atol=1e-12)


def test_torch_generators_still_serve() -> None:
    x = like(2)
    one = noise_like(x, torch.Generator().manual_seed(0), 0)
    assert torch.equal(one, noise_like(x, torch.Generator().manual_seed(0), 77))
    generators = [torch.Generator().manual_seed(k) for k in (5, 6)]
    rows = noise_like(x, generators, 0)
    same = torch.randn(SHAPE, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    assert torch.equal(rows[1], same)
    with pytest.raises(SettingsError, match="2 sprites need 2 generators, not 1"):
        noise_like(x, generators[:1], 0)
