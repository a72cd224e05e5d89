"""The check for copying on real sprites: what must be found there, and what must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spritelab.data import SpriteSet, crawl
from spritelab.evaluation.features import pixel_features, protocol
from spritelab.evaluation.metrics import (
    NEAR,
    authentic_share,
    copying_score,
    edge_distances,
    find_copies,
    pixel_distances,
)
from spritelab.palette.oklab import from_oklab, to_oklab

ARCHIVE = Path(__file__).resolve().parents[4] / "shared" / "data" / crawl.FILE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ARCHIVE.is_file(), reason="the crawl archive is not beside the repo"),
]


@pytest.fixture(scope="module")
def sides() -> tuple[SpriteSet, SpriteSet]:
    """Training and held-out sprites, 16×16."""
    return crawl.read(ARCHIVE).resized(16).split(held_out=0.2, seed=0)


def test_training_sprites_as_samples_are_copies(sides: tuple[SpriteSet, SpriteSet]) -> None:
    training, held_out = sides
    rng = np.random.default_rng(0)
    drawn = rng.choice(len(training), len(held_out), replace=False)
    found = find_copies(training.images[drawn], training.images)
    assert found.share == 1
    assert found.distance.max() == 0
    real = pixel_features(training.images)
    score = copying_score(real[drawn], pixel_features(held_out.images), real)
    assert score < -5
    distinct = protocol.distinct(training.images)
    assert authentic_share(real[drawn], real[distinct]) == 0


def test_held_out_sprites_as_samples_are_new(sides: tuple[SpriteSet, SpriteSet]) -> None:
    training, held_out = sides
    found = find_copies(held_out.images, training.images)
    assert found.share < 0.01
    assert np.median(found.distance) > 20
    features = pixel_features(held_out.images)
    order = np.random.default_rng(1).permutation(len(features))
    half = len(features) // 2
    score = copying_score(
        features[order[:half]], features[order[half:]], pixel_features(training.images)
    )
    assert abs(score) < 3


def test_near_copies_are_found_where_held_out_sprites_are_not(
    sides: tuple[SpriteSet, SpriteSet],
) -> None:
    """A tenth of the pixels replaced by others of the set, and hues turned by a third or more."""
    training, held_out = (side.images for side in sides)
    rng = np.random.default_rng(0)
    chosen = training[rng.choice(len(training), 150, replace=False)]
    confetti, turned = chosen.copy(), chosen.copy()
    replaced = rng.random(chosen.shape[:3]) < 0.1
    visible = training[training[..., 3] > 0]
    confetti[replaced] = visible[rng.integers(0, len(visible), replaced.sum())]
    for sprite, angle in zip(turned, rng.uniform(2, 4, len(turned)), strict=True):
        lab = to_oklab(sprite[..., :3].reshape(-1, 3))
        rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        lab[:, 1:] = lab[:, 1:] @ rotation
        sprite[..., :3] = from_oklab(lab).reshape(16, 16, 3)

    assert find_copies(confetti, training).share == 0
    floors = [d(held_out, training) for d in (pixel_distances, edge_distances)]
    found = pixel_distances(confetti, training), edge_distances(turned, training)
    for ours, floor in zip(found, floors, strict=True):
        assert (ours <= NEAR).mean() > 0.8
        assert (floor <= NEAR).mean() < 0.1
        assert np.median(ours) < 0.5 * np.median(floor)
