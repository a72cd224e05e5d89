"""The palette head: its x̂_0 against posteriors that are counted out, and what no order changes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.diffusion import (
    Noise,
    PaletteHead,
    Palettes,
    Schedule,
    ddim_steps,
    ddpm_steps,
    denoiser,
    dpm_steps,
    evidence,
    q_sample,
)
from spritelab.diffusion.oklab import from_oklab
from spritelab.diffusion.oklab import to_oklab as to_oklab_tensor
from spritelab.errors import SettingsError
from spritelab.palette import to_oklab

SCHEDULE = Schedule.cosine()
TIMES = (0, 1, 50, 200, 500, 800, 950, 999)
COLOURS = torch.tensor(
    [[-1.0, -1, -1, -1], [-0.6, 0.2, 0.1, 1], [0.9, 0.3, -0.4, 1]], dtype=torch.float64
)
PIXELS = (2, 2)


def toy() -> tuple[Tensor, Tensor]:
    """All 81 sprites of 2×2 pixels in three colours, int64 ``[81,2,2]``, and their chances."""
    sprites = torch.tensor(list(itertools.product(range(3), repeat=4))).view(-1, *PIXELS)
    chances = torch.rand(81, generator=torch.Generator().manual_seed(3), dtype=torch.float64) ** 4
    return sprites, chances / chances.sum()


def palettes(count: int) -> Palettes:
    return Palettes(COLOURS.repeat(count, 1, 1), torch.ones(count, 3, dtype=torch.bool))


def log_likelihoods(x_t: Tensor, t: int) -> Tensor:
    """log N(x_t,i ; a·c_j, s²·I) without its constant, by its definition: ``[B,3,2,2]``."""
    bar = SCHEDULE.alpha_bar(t)
    gaps = x_t[:, None] - math.sqrt(bar) * COLOURS[None, :, :, None, None]
    return -gaps.square().sum(dim=2) / (2 * (1 - bar))


def perfect_scores(x_t: Tensor, t: int) -> Tensor:
    """log p(k_i = j | x_t without pixel i), counted over all sprites: float64 ``[B,3,2,2]``."""
    sprites, chances = toy()
    chosen = torch.nn.functional.one_hot(sprites.flatten(1), 3).double()  # [81,4,3]
    each = torch.einsum("bjp,spj->bsp", log_likelihoods(x_t, t).flatten(2), chosen)
    others = each.sum(dim=2, keepdim=True) - each + chances.log()[None, :, None]
    weights = torch.where(chosen[None] > 0, others[..., None], -torch.inf)
    return weights.logsumexp(dim=1).transpose(1, 2).reshape(len(x_t), 3, *PIXELS)


def posterior_mean(x_t: Tensor, t: int) -> Tensor:
    """E[x_0 | x_t] over all sprites: float64 ``[B,4,2,2]``."""
    sprites, chances = toy()
    chosen = torch.nn.functional.one_hot(sprites.flatten(1), 3).double()
    each = torch.einsum("bjp,spj->bs", log_likelihoods(x_t, t).flatten(2), chosen)
    weights = (each + chances.log()).softmax(dim=1)
    return torch.einsum("bs,spj,jc->bcp", weights, chosen, COLOURS).reshape(-1, 4, *PIXELS)


def noisy(t: int, count: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(t)
    sprites, chances = toy()
    rows = torch.multinomial(chances, count, replacement=True, generator=generator)
    x0 = palettes(count).draw(sprites[rows])
    eps = torch.randn(x0.shape, generator=generator, dtype=torch.float64)
    return q_sample(SCHEDULE, x0, torch.full((count,), t), eps)


@pytest.mark.parametrize("t", TIMES)
def test_with_perfect_scores_x0_hat_is_the_posterior_mean(t: int) -> None:
    x_t = noisy(t)
    head = PaletteHead(SCHEDULE).of(palettes(len(x_t)))
    times = torch.full((len(x_t),), t)
    got = head.x0_hat(perfect_scores(x_t, t), x_t, times)
    torch.testing.assert_close(got, posterior_mean(x_t, t), rtol=0, atol=1e-9)


@pytest.mark.parametrize("t", TIMES)
def test_without_scores_each_pixel_knows_itself_alone(t: int) -> None:
    x_t = noisy(t)
    head = PaletteHead(SCHEDULE).of(palettes(len(x_t)))
    times = torch.full((len(x_t),), t)
    nothing = torch.zeros(len(x_t), 3, *PIXELS, dtype=torch.float64)
    weights = log_likelihoods(x_t, t).softmax(dim=1)
    expected = torch.einsum("bjhw,jc->bchw", weights, COLOURS)
    torch.testing.assert_close(head.x0_hat(nothing, x_t, times), expected, rtol=0, atol=1e-9)


def test_evidence_is_the_log_likelihood_up_to_what_all_colours_share() -> None:
    x_t = noisy(300)
    got = evidence(SCHEDULE, palettes(len(x_t)), x_t, torch.full((len(x_t),), 300))
    gap = got - log_likelihoods(x_t, 300)
    torch.testing.assert_close(gap, gap[:, :1].expand_as(gap), rtol=0, atol=1e-9)


def test_loss_is_the_cross_entropy_of_the_true_indices() -> None:
    t = 400
    x_t = noisy(t, 5)
    indices = toy()[0][[3, 17, 40, 66, 80]]
    own = palettes(5)
    head = PaletteHead(SCHEDULE).of(own)
    output = torch.randn(5, 3, *PIXELS, generator=torch.Generator().manual_seed(1)).double()
    times = torch.full((5,), t)
    p = (output + log_likelihoods(x_t, t)).softmax(dim=1)
    expected = -p.gather(1, indices[:, None]).log().mean(dim=(1, 2, 3))
    got = head.loss(output, x_t, own.draw(indices), x_t, times)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-9)


def test_no_order_of_a_palette_changes_a_sprite() -> None:
    x_t = noisy(600)
    times = torch.full((len(x_t),), 600)
    scores = torch.randn(len(x_t), 3, *PIXELS, generator=torch.Generator().manual_seed(2)).double()
    own = palettes(len(x_t))
    order = torch.tensor([2, 0, 1])
    turned = Palettes(own.colours[:, order], own.used[:, order])
    torch.testing.assert_close(turned.features, own.features[:, order], rtol=0, atol=1e-12)
    one, other = PaletteHead(SCHEDULE).of(own), PaletteHead(SCHEDULE).of(turned)
    for read in ("x0_hat", "x0_mode"):
        expected = getattr(one, read)(scores, x_t, times)
        got = getattr(other, read)(scores[:, order], x_t, times)
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


def test_entries_that_are_not_used_are_never_drawn() -> None:
    x_t = noisy(999)
    own = palettes(len(x_t))
    more = Palettes(
        torch.cat([own.colours, torch.full((len(x_t), 2, 4), 0.5, dtype=torch.float64)], dim=1),
        torch.cat([own.used, torch.zeros(len(x_t), 2, dtype=torch.bool)], dim=1),
    )
    torch.testing.assert_close(more.features[:, :3], own.features, rtol=0, atol=1e-12)
    scores = torch.zeros(len(x_t), 5, *PIXELS, dtype=torch.float64)
    scores[:, 3:] = 1e6
    times = torch.full((len(x_t),), 999)
    head = PaletteHead(SCHEDULE).of(more)
    assert not head.probabilities(scores, x_t, times)[:, 3:].any()
    expected = PaletteHead(SCHEDULE).of(own).x0_hat(scores[:, :3], x_t, times)
    torch.testing.assert_close(head.x0_hat(scores, x_t, times), expected, rtol=0, atol=1e-12)


def test_a_head_without_palettes_says_so() -> None:
    x = torch.zeros(1, 4, 2, 2)
    with pytest.raises(SettingsError, match="palettes"):
        PaletteHead(SCHEDULE).x0_hat(torch.zeros(1, 3, 2, 2), x, torch.tensor([5]))


def draw(count: int, sampler: str) -> Tensor:
    """Indices of sprites drawn with perfect scores: int64 ``[count,2,2]``."""
    head = PaletteHead(SCHEDULE).of(palettes(count))

    def perfect(seen: Tensor, t: Tensor, *_: Tensor | None) -> Tensor:
        return perfect_scores(seen[:, :4], int(t[0]))

    denoise = denoiser(perfect, head)
    noise = Noise(torch.zeros(count, dtype=torch.int64), torch.arange(count))
    x_T = noise.normal(0, torch.empty(count, 4, *PIXELS, dtype=torch.float64))
    steps = {
        "ddpm": lambda: ddpm_steps(denoise, SCHEDULE, x_T, 100, generator=noise),
        "ddim": lambda: ddim_steps(denoise, SCHEDULE, x_T, 100),
        "dpm": lambda: dpm_steps(denoise, SCHEDULE, x_T, 40),
    }[sampler]()
    for step in steps:
        x = step.x
    drawn = palettes(count).nearest(x)
    # Every pixel ends exactly on the palette.
    assert torch.equal(palettes(count).draw(drawn), x)
    return drawn


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm"])
def test_samplers_draw_what_the_sprites_are(sampler: str) -> None:
    """All three draw the 81 sprites as often as they are, within five standard errors."""
    count = 3000
    drawn = draw(count, sampler)
    sprites, chances = toy()
    powers = torch.tensor([27, 9, 3, 1])
    assert torch.equal((sprites.flatten(1) * powers).sum(dim=1), torch.arange(81))
    seen = torch.bincount((drawn.flatten(1) * powers).sum(dim=1), minlength=81) / count
    error = (chances * (1 - chances) / count).sqrt()
    # A chain of finitely many steps is off by a little more than chance.
    assert ((seen - chances).abs() < 5 * error + 0.01).all()
    assert (seen - chances).abs().sum() / 2 < 0.08


def test_oklab_of_tensors_is_that_of_arrays() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, size=(500, 3), dtype=np.uint8)
    levels = torch.from_numpy(rgb).double() / 255
    lab = to_oklab_tensor(levels)
    np.testing.assert_allclose(lab.numpy(), to_oklab(rgb), atol=1e-12)
    torch.testing.assert_close(from_oklab(lab), levels, rtol=0, atol=1e-6)


def test_features_of_a_palette() -> None:
    features = palettes(1).features[0]
    assert features[:, 3].tolist() == [-1, 1, 1]  # alpha
    assert features[:, 4].tolist() == [-1, 0, 1]  # rank: transparent first, then dark to light
    assert features[:, 5].tolist() == [1, 0, 0]  # transparent
    torch.testing.assert_close(features[:, 6], torch.full((3,), math.log(3) / 2 - 1).double())
