"""All measures of a set or a part of it, the reference, the floor and the ratios to it."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import evaluation_runs
from spritelab.data import SpriteSet
from spritelab.data.duplicates import exact_copies
from spritelab.errors import DataError, SettingsError
from spritelab.evaluation import measures as m
from spritelab.evaluation.embedding import Embedded, embed
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.metrics import (
    NEAR,
    authentic_share,
    classifier_two_sample_test,
    edge_distances,
    frechet_distance,
    kernel_distance,
    neighbour_measures,
    pixel_distances,
    pixel_statistics,
)
from spritelab.evaluation.reference import LEAST, Reference, build_reference
from spritelab.evaluation.scores import Distance, distance_ratio, make_floor, read_score, score
from spritelab.pixels import Images

PIXELS = Extractor("pixels")


def split() -> tuple[SpriteSet, SpriteSet]:
    return evaluation_runs.sprites().split(evaluation_runs.HELD_OUT, 0)


@pytest.fixture(scope="module")
def reference() -> Reference:
    training, held_out = split()
    return build_reference(training, held_out, PIXELS)


def noisy(n: int, seed: int = 0, levels: int = 60) -> tuple[Images, m.Indices]:
    """Training sprites with noise in their colours: neither copies nor strangers."""
    training, _ = split()
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(training), n)
    noise = rng.integers(-levels, levels + 1, training.images[rows].shape)
    noise[..., 3] = 0
    changed = np.clip(training.images[rows].astype(int) + noise, 0, 255).astype(np.uint8)
    return changed, training.labels[rows]


def embedded(reference: Reference, n: int = 90, seed: int = 0) -> Embedded:
    return embed(*noisy(n, seed), reference)


def test_a_whole_set_is_measured_as_the_formulas_say(reference: Reference) -> None:
    sprites = embedded(reference)
    found = m.measure(reference, sprites)
    near = neighbour_measures(reference.features, sprites.features)
    assert found.precision == pytest.approx(near.precision)
    assert found.recall == pytest.approx(near.recall)
    assert found.density == pytest.approx(near.density)
    assert found.coverage == pytest.approx(near.coverage)
    assert 0 < found.recall < 1
    assert found.frechet == frechet_distance(reference.features, sprites.features)
    assert found.kid_subset == 45
    assert (found.kid, found.kid_std) == kernel_distance(
        reference.features, sprites.features, subset_size=45
    )
    assert found.authentic == authentic_share(sprites.features, reference.features)
    assert 0 < found.authentic < 1
    pixel = pixel_distances(sprites.images, reference.training.images)
    edge = edge_distances(sprites.images, reference.training.images)
    assert (found.pixel_distance, found.edge_distance) == (np.median(pixel), np.median(edge))
    assert found.near_copies == (pixel <= NEAR).mean() < 1
    assert found.recoloured_copies == (edge <= NEAR).mean() < 1
    assert (found.told_apart, found.told_apart_error) == classifier_two_sample_test(
        reference.features, sprites.features
    )
    assert found.n == 90


def test_a_part_is_measured_as_if_it_stood_alone(reference: Reference) -> None:
    sprites = embedded(reference)
    of = np.flatnonzero(sprites.labels == 1)
    against = np.flatnonzero(reference.labels == 1)
    found = m.measure(reference, sprites, against, of)
    alone = reference.features[against], sprites.features[of]
    near = neighbour_measures(*alone)
    assert dataclasses.asdict(near).items() <= dataclasses.asdict(found).items()
    assert found.frechet == frechet_distance(*alone)
    assert found.n == len(of) < 90
    assert found.stray_pixels == pixel_statistics(sprites.images[of])["stray_pixels"]
    assert found.pixel_distance == np.median(sprites.pixel_distances[of])
    assert found.told_apart == classifier_two_sample_test(*alone)[0]


def test_copies_among_the_real_ones_make_no_empty_neighbourhoods() -> None:
    training, _ = split()
    once = build_reference(training, None, PIXELS)
    twice = build_reference(
        training.select(np.arange(2 * len(training)) % len(training)),
        None,
        PIXELS,
        distinct=False,
    )
    one, other = (m.measure(real, embedded(real)) for real in (once, twice))
    assert (other.precision, other.recall, other.density, other.coverage) == (
        one.precision,
        one.recall,
        one.density,
        one.coverage,
    )


def test_copies_among_the_real_sprites_count_once_unless_told() -> None:
    training, held_out = split()
    assert len(np.unique(exact_copies(training.images))) == len(training)
    twice, twice_held_out = (
        part.select(np.arange(2 * len(part)) % len(part)) for part in (training, held_out)
    )
    once = build_reference(training, held_out, PIXELS)
    found = build_reference(twice, twice_held_out, PIXELS)
    assert found.identity == once.identity
    assert (len(found), len(found.training)) == (len(training), len(training))
    assert found.held_out is not None
    assert len(found.held_out) == len(held_out)
    every = build_reference(twice, twice_held_out, PIXELS, distinct=False)
    assert every.held_out is not None
    assert (len(every), len(every.held_out)) == (2 * len(training), 2 * len(held_out))
    assert len(np.unique(every.copy_groups)) == len(training)


def test_training_sprites_as_samples_are_found_out(reference: Reference) -> None:
    training = reference.training
    known = embed(training.images, training.labels, reference)
    floor = make_floor(reference, len(training))
    found = score(reference, known, floor)
    assert found.whole.copies == found.whole.near_copies == found.whole.recoloured_copies == 1
    assert found.whole.pixel_distance == found.whole.edge_distance == 0
    assert abs(found.whole.told_apart - 0.5) < 4 * found.whole.told_apart_error
    assert found.whole.authentic == 0
    assert found.whole.frechet == pytest.approx(0, abs=1e-6)
    assert found.copying_score is not None
    assert found.copying_score < -3
    assert found.halves is not None
    assert floor.halves is not None
    assert found.halves.frechet < floor.halves.frechet


def test_near_copies_are_found_by_their_pixels_or_by_their_edges(reference: Reference) -> None:
    """A tenth of the pixels replaced, and colours exchanged: neither is a copy, both are near."""
    images, labels = reference.training.images, reference.training.labels
    floor = make_floor(reference, len(images)).held_out
    assert floor is not None
    confetti = images.copy()
    some = np.random.default_rng(0).random(images.shape[:3]) < 0.1
    confetti[some, :3] = 255 - confetti[some, :3]
    exchanged = images[..., [1, 2, 0, 3]]
    one, other = (m.measure(reference, embed(x, labels, reference)) for x in (confetti, exchanged))
    assert one.copies < 0.1
    assert one.near_copies > 0.9 > floor.near_copies
    assert one.pixel_distance < floor.pixel_distance
    assert other.recoloured_copies > 0.9 > other.near_copies


def test_copies_of_real_sprites_share_their_number(reference: Reference) -> None:
    images = np.concatenate([reference.images[[5, 3]], noisy(20)[0], noisy(20)[0]])
    found = embed(images, np.zeros(len(images), dtype=np.int64), reference).copy_groups
    assert found[:2].tolist() == reference.copy_groups[[5, 3]].tolist()
    assert not np.isin(found[2:], reference.copy_groups).any()
    np.testing.assert_array_equal(found[2:22], found[22:])


def test_held_out_sprites_as_samples_are_the_floor(reference: Reference) -> None:
    """Everything that is said of them in the floor's place is said of them as samples: ratio 1."""
    real = reference.held_out
    assert real is not None
    floor = make_floor(reference, len(real))
    found = score(reference, embed(real.images, real.labels, reference), floor)
    assert floor.held_out is not None
    assert found.matched == floor.held_out
    assert found.whole == floor.held_out
    assert found.copying_score == 0
    ratios = m.ratio(found.matched, floor.held_out)
    assert ratios["frechet"] == ratios["recall"] == ratios["colours"] == 1


def test_a_floor_of_fewer_sprites_is_matched(reference: Reference) -> None:
    """The Fréchet distance of few sprites is higher; only at the floor's n do the two compare."""
    floor = make_floor(reference, 150)
    found = score(reference, embedded(reference, 150), floor)
    assert floor.held_out is not None
    assert found.matched is not None
    assert found.matched.n == floor.held_out.n == len(reference.held_out or ())
    assert found.matched.frechet > 1.1 * found.whole.frechet
    assert found.matched.kid == pytest.approx(found.whole.kid, abs=3 * found.whole.kid_std)
    assert floor.halves is not None
    assert floor.halves.n == len(reference) // 2
    few = make_floor(reference, 30)
    assert few.held_out is not None
    assert few.held_out.n == 30


def test_a_score_survives_json(reference: Reference) -> None:
    found = score(reference, embedded(reference), make_floor(reference, 90))
    assert found.classes
    assert read_score(json.loads(json.dumps(found.as_dict()))) == found


def test_parts_are_disjoint_and_of_the_size_asked() -> None:
    parts = m.parts(100, 30, 3, seed=1)
    assert [len(part) for part in parts] == [30, 30, 30]
    assert len(np.unique(np.concatenate(parts))) == 90
    more = m.parts(100, 30, 5, seed=1)
    assert len(more) == 5
    assert all(len(np.unique(part)) == 30 for part in more)
    with pytest.raises(DataError, match="draw more"):
        m.parts(10, 11, 1, seed=0)


def test_mean_spread_and_ratio(reference: Reference) -> None:
    one = m.measure(reference, embedded(reference))
    other = dataclasses.replace(one, frechet=one.frechet + 4.0, copies=0.5)
    assert m.mean([one, other]).frechet == pytest.approx(one.frechet + 2)
    deviation = m.spread([one, other])
    assert deviation is not None
    assert deviation.frechet == pytest.approx(4 / np.sqrt(2))  # two values, N - 1
    assert deviation.recall == 0
    assert m.spread([one]) is None
    floor = dataclasses.replace(one, frechet=one.frechet / 2, copies=0.0, kid=1.0, kid_std=2.0)
    found = m.ratio(one, floor)
    assert found["frechet"] == 2
    assert found["copies"] is None  # nothing can be said beside 0
    assert found["kid"] is None  # a floor within its own deviation of 0
    clear = m.ratio(one, dataclasses.replace(floor, kid=one.kid / 3, kid_std=0.0))
    assert clear["kid"] == pytest.approx(3)
    assert distance_ratio(Distance(9, 6.0, 1.0, 0.1), Distance(9, 3.0, 0.5, 0.6)) == {
        "frechet": 2.0,
        "kid": None,
    }


@pytest.mark.parametrize("mirror", [False, True])
def test_mirrored_training_is_measured_against_mirrored_sprites(mirror: bool) -> None:
    training, held_out = split()
    real = build_reference(training, held_out, PIXELS, mirror=mirror)
    turned = (real.images != real.training.images).any(axis=(1, 2, 3))
    arrows = real.labels == real.class_names.index("side-facing")
    symmetric = (training.images == training.images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert not turned[arrows].any()
    if not mirror:
        assert not turned.any()
        assert len(real.with_mirrors) == len(real)
        return
    may = ~arrows & ~symmetric
    assert 0.3 < turned[may].mean() < 0.7
    assert len(real.with_mirrors) == len(real) + may.sum()
    assert real.held_out is not None
    assert (real.held_out.images != held_out.images).any(axis=(1, 2, 3)).mean() > 0.1
    # A mirrored training sprite is no new sprite, whichever way round the reference shows it.
    flipped = training.images[may][:, :, ::-1]
    assert embed(flipped, training.labels[may], real).authentic.sum() == 0


def test_a_twin_in_the_mirror_is_no_neighbour() -> None:
    """Else its nearness would make every copy of a nearly symmetric sprite look authentic."""
    training = split()[0].select(np.arange(60))
    plain = build_reference(training, None, PIXELS)
    both = build_reference(training, None, PIXELS, mirror=True)
    turned = PIXELS(training.images[:, :, ::-1])
    flags = np.array(training.mirrorable)[training.labels]
    everyone = np.concatenate([plain.features, turned[flags]]).astype(np.float64)
    owner = np.concatenate([np.arange(len(plain)), np.flatnonzero(flags)])
    distances = np.linalg.norm(plain.features[:, None].astype(np.float64) - everyone, axis=-1)
    distances[np.arange(len(plain))[:, None] == owner] = np.inf
    np.testing.assert_allclose(both.nearest_own[: len(plain)], distances.min(axis=1), rtol=1e-5)


def test_at_most_so_many_training_sprites() -> None:
    training, held_out = split()
    real = build_reference(training, held_out, PIXELS, most=50)
    assert len(real) == 50
    assert len(real.training) == len(training)
    again = build_reference(training, held_out, PIXELS, most=50)
    assert again.identity == real.identity != build_reference(training, held_out, PIXELS).identity


def test_too_little_to_measure(reference: Reference) -> None:
    training, held_out = split()
    with pytest.raises(DataError, match=f"at least {LEAST} training sprites"):
        build_reference(training.select(np.arange(19)), held_out, PIXELS)
    plain = np.repeat(np.arange(30, dtype=np.uint8), 16 * 16 * 3).reshape(30, 16, 16, 3)
    with pytest.raises(DataError, match="one plain colour"):
        build_reference(SpriteSet.from_arrays(plain), None, PIXELS)
    with pytest.raises(DataError, match="draw more with `n`"):
        m.measure(reference, embedded(reference), of=np.arange(LEAST - 1))
    few = build_reference(training, held_out.select(np.arange(5)), PIXELS)
    assert few.held_out is None
    assert make_floor(few, 100).held_out is None


def test_features_are_chosen_by_name() -> None:
    with pytest.raises(SettingsError, match="unknown features 'vgg'"):
        Extractor("vgg")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="`weights` goes with inception"):
        Extractor("effnet", weights=Path("x.pth"))
    assert Extractor("effnet").frechet_name == "FD-EffNet"
