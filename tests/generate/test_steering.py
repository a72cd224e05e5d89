"""Steering: what must be equal is equal, what must stay stays, and mistakes are one line."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch

from spritelab.config import SamplerSettings
from spritelab.diffusion import Noise, Schedule, TurnedNoise, visited_pairs
from spritelab.errors import DataError, SettingsError
from spritelab.generate import Model, load_model
from spritelab.generate.steering import inpainting, redrawing, rows
from spritelab.pixels import Images
from tiny import tiny_set

FEW: dict[str, Any] = {"sampler": "dpm", "steps": 3, "batch_size": 1}


@pytest.fixture(scope="module")
def shipped() -> Model:
    """A model with a palette head."""
    return load_model("builtin-16", "cpu")


@pytest.fixture(params=["tiny", "palette"])
def model(request: pytest.FixtureRequest, tiny_model: Model, shipped: Model) -> Model:
    """A model of each kind."""
    return tiny_model if request.param == "tiny" else shipped


def sprite() -> Images:
    image: Images = tiny_set(1).images[0]
    return image


def test_slerp_stays_on_the_sphere_and_ends_exactly() -> None:
    a, b = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    b = b * a.norm() / b.norm()
    row = rows.slerp(a, b, torch.linspace(0, 1, 5))
    assert torch.equal(row[0], a)
    assert torch.equal(row[4], b)
    torch.testing.assert_close(row.flatten(1).norm(dim=1), a.norm().expand(5))
    middle = (a + b) / (2 * math.cos(math.acos(float((a * b).sum() / a.norm() ** 2)) / 2))
    torch.testing.assert_close(row[2], middle)


def test_the_ends_of_a_row_are_the_plain_sprites(model: Model) -> None:
    row = model.interpolate(4, numbers=(3, 5), seed=2, **FEW)
    plain = model.sample(numbers=[3, 5], seed=2, **FEW)
    np.testing.assert_array_equal(row.images[[0, 3]], plain.images)
    assert (row.images[1] != row.images[0]).any()
    assert (row.numbers == [3, 3, 5, 5]).all()


def test_a_mix_ends_in_its_classes(model: Model) -> None:
    classes = model.class_names[:2]
    row = model.mix(classes, 3, number=4, **FEW)
    plain = model.sample(numbers=[4, 4], label=list(classes), **FEW)
    np.testing.assert_array_equal(row.images[[0, 2]], plain.images)
    assert row.labels.tolist() == [0, -1, 1]
    assert row.asked[1] == f"{classes[0]}=0.5,{classes[1]}=0.5"


def test_a_row_needs_a_sampler_without_noise(tiny_model: Model) -> None:
    with pytest.raises(SettingsError, match="give `sampler` dpm, or ddim with `eta` 0"):
        tiny_model.interpolate(3, sampler="ddpm", steps=3)


def test_a_row_of_a_model_that_draws_by_ddpm(tiny_model: Model) -> None:
    """Unless told otherwise it follows the flow, and what is said besides is heeded."""
    own = SamplerSettings(sampler="ddpm", steps=5, guidance=2.0)
    config = tiny_model.config.model_copy(update={"sampling": own})
    noisy = dataclasses.replace(tiny_model, config=config)
    asked = tiny_model.interpolate(3, sampler="dpm", steps=3, guidance=2.0)
    row = noisy.interpolate(3, steps=3)
    assert (row.how, row.how.sampler) == (asked.how, "dpm")
    np.testing.assert_array_equal(row.images, asked.images)
    assert noisy.interpolate(2, sampler="ddim", steps=3).how.sampler == "ddim"


def test_no_move_is_the_sprite_itself(model: Model) -> None:
    how: dict[str, Any] = {"sampler": "ddpm", "steps": 4, "batch_size": 1}
    plain = model.sample(numbers=[2], **how).images[0]
    still = model.vary(2, amount=0, number=2, **how).images
    np.testing.assert_array_equal(still, np.stack([plain, plain]))
    moved = model.vary(2, amount=1, number=2, **how).images
    assert (moved[0] != plain).any()
    assert (moved[0] != moved[1]).any()


def test_a_small_move_moves_what_is_added_on_the_way_too(model: Model) -> None:
    """Or DDPM would lead back to the sprite: half of its noise would be the sprite's own."""
    how: dict[str, Any] = {"sampler": "ddpm", "steps": 4}
    plain = model.sample(numbers=[2], **how).images[0].astype(int)
    small, large = (
        np.abs(model.vary(4, amount=amount, number=2, **how).images - plain).mean()
        for amount in (0.05, 0.6)
    )
    assert 0 < small < large
    request = model.request(2, 0, [2, 2], [1, 2])
    like = model.first_noise(request)
    for angle, draw in ((0.0, 0), (0.0, 7), (math.pi / 2, 7), (0.3, 0), (0.3, 7)):
        noise = request.noise
        turned = TurnedNoise(noise.seeds, noise.numbers, noise.variations, angle)[0:2]
        own = Noise(noise.seeds, noise.numbers).normal(draw, like)
        other = noise.start_of_variation(like) if draw == 0 else noise.normal(draw, like)
        mixed = math.cos(angle) * own + math.sin(angle) * other
        torch.testing.assert_close(turned.normal(draw, like), mixed)


def test_moved_noise_is_as_large_as_before(tiny_model: Model) -> None:
    request = tiny_model.request(64, 0, [1] * 64, range(1, 65), None, None)
    x_T = tiny_model.first_noise(request)
    other = request.noise.start_of_variation(x_T)
    assert abs(float((x_T * other).mean())) < 0.02
    assert float(other.std()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("strength", [0.1, 0.5, 1.0])
def test_a_chain_is_entered_at_its_strength(strength: float) -> None:
    schedule = Schedule.cosine(1000)
    for how in (SamplerSettings(sampler="dpm"), SamplerSettings(sampler="ddim", steps=20)):
        pairs = redrawing.pairs_from(strength, how, schedule)
        plain = visited_pairs(how, schedule)
        assert pairs[0][0] == min(round(1000 * strength) - 1, plain[0][0])
        assert pairs[-1][1] == -1
        assert {t for t, _ in pairs[1:]} <= {t for t, _ in plain}


@pytest.mark.parametrize("strength", [0, -0.1, 1.1, math.nan])
def test_strength_out_of_range(tiny_model: Model, strength: float) -> None:
    with pytest.raises(SettingsError, match="`strength` must lie above 0"):
        tiny_model.redraw(sprite(), strength)


def test_little_strength_changes_nothing_of_a_palette_sprite(shipped: Model) -> None:
    drawn = shipped.redraw(sprite(), 0.02, 2, steps=3)
    np.testing.assert_array_equal(drawn.images, np.stack([sprite(), sprite()]))
    assert drawn.nfe <= 3


@pytest.mark.parametrize("resamplings", [1, 2])
def test_known_pixels_stay(model: Model, resamplings: int) -> None:
    mask = np.zeros((16, 16), dtype=bool)
    mask[:, 9:] = True
    drawn = model.inpaint(sprite(), mask, 2, resamplings=resamplings, jump=1, **FEW)
    for image in drawn.images:
        np.testing.assert_array_equal(image[~mask], sprite()[~mask])
    assert (drawn.images[0][mask] != sprite()[mask]).any()
    assert drawn.nfe == 2 * resamplings + 1


def test_transparent_pixels_are_drawn_without_a_mask(model: Model) -> None:
    known = sprite()[..., 3] > 0
    drawn = model.inpaint(sprite(), resamplings=1, **FEW).images[0]
    np.testing.assert_array_equal(drawn[known], sprite()[known])


@pytest.mark.parametrize("jump", [1, 2, 3, 20])
def test_passes_walk_every_step_as_often_as_asked(jump: int) -> None:
    pairs = visited_pairs(SamplerSettings(sampler="dpm"), Schedule.cosine(100))
    walked = [pair for piece in inpainting.passes(pairs, jump, 3) for pair in piece]
    assert len(walked) == len(inpainting.walked(pairs, 3))
    assert all(walked.count(pair) == (1 if pair[1] == -1 else 3) for pair in pairs)


def test_a_silhouette_is_kept(model: Model) -> None:
    drawn = model.outline(sprite(), 2, resamplings=1, **FEW).images
    for image in drawn:
        np.testing.assert_array_equal(image[..., 3], sprite()[..., 3])
    assert (drawn[0] != drawn[1]).any()


def test_an_implicit_inversion_comes_back(shipped: Model) -> None:
    plain = shipped.sample(2, label="food").images
    found = shipped.invert(plain, steps=10, iterations=6)
    assert found.equal > 0.99
    assert found.drawn.nfe == 10 + 9 * 6
    assert found.error.mean_levels < 1
    noisy = shipped.invert(plain, steps=10, noisy=True, iterations=1)
    assert float(noisy.noise.std()) == pytest.approx(1, abs=0.2)
    assert float(found.noise.std()) < 0.9


def test_sprites_of_another_size_are_refused(model: Model) -> None:
    with pytest.raises(DataError, match="is 8×8 pixels, and this model draws 16×16"):
        model.redraw(np.zeros((8, 8, 4), dtype=np.uint8))


def test_what_makes_no_sense_is_refused(tiny_model: Model) -> None:
    opaque = np.full((16, 16, 4), 255, dtype=np.uint8)
    with pytest.raises(SettingsError, match="no pixel is transparent; give a `mask`"):
        tiny_model.inpaint(opaque)
    with pytest.raises(SettingsError, match="needs opaque and transparent pixels"):
        tiny_model.outline(opaque)
    with pytest.raises(SettingsError, match="`sampler=ddim` and `eta=0`"):
        tiny_model.invert(opaque, sampler="dpm")
    with pytest.raises(SettingsError, match="two `sprites`, not 1"):
        tiny_model.interpolate(3, sprites=opaque)
    with pytest.raises(SettingsError, match="`amount` must lie in 0 … 1"):
        tiny_model.vary(2, amount=2)


def test_more_colours_than_there_is_room_for(shipped: Model) -> None:
    colourful = np.full((16, 16, 4), 255, dtype=np.uint8)
    colourful[..., 0] = np.arange(256).reshape(16, 16)
    with pytest.warns(UserWarning, match="has 256 colours, and this model draws in at most"):
        shipped.redraw(colourful, 0.1, steps=2)
