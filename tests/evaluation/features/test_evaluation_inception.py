"""The FID's InceptionV3 against pytorch-fid's own, both filled with weights by one rule."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from evaluation_rules import fill, pictures, tensor_named
from spritelab import pixels
from spritelab.errors import DownloadError, ModelError
from spritelab.evaluation.features import inception, inception_features, pytorch_fid_features
from spritelab.evaluation.features.inception import FIDInception, fetch_weights, load_inception

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "inception.npz")
FLOAT32_TOLERANCE = 2e-6 * float(GOLDEN["float64"].max())

pytestmark = pytest.mark.filterwarnings("ignore:.*what it gives is no FID")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of the published form, classifier included, filled by rule."""
    state = fill(FIDInception().state_dict())
    state["fc.weight"] = tensor_named("fc.weight", (1008, 2048))
    state["fc.bias"] = tensor_named("fc.bias", (1008,))
    path = tmp_path_factory.mktemp("weights") / inception.WEIGHTS_NAME
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def network(weights: Path) -> FIDInception:
    return load_inception(weights)


def run(network: FIDInception, dtype: torch.dtype) -> np.ndarray:
    """Features of the golden pictures, read as pytorch-fid reads files."""
    with torch.inference_mode():
        batches = [torch.from_numpy(p).permute(0, 3, 1, 2).float().div(255) for p in pictures()]
        features = [network.to(dtype)(x.to(dtype)) for x in batches]
    network.float()
    return torch.cat(features).numpy()


@pytest.mark.slow
def test_equals_pytorch_fid_in_float64(network: FIDInception) -> None:
    np.testing.assert_allclose(run(network, torch.float64), GOLDEN["float64"], rtol=1e-11, atol=0)


def test_equals_pytorch_fid_to_float32_rounding(network: FIDInception) -> None:
    ours = run(network, torch.float32)
    assert np.abs(ours - GOLDEN["float64"]).max() < FLOAT32_TOLERANCE
    assert np.abs(ours - GOLDEN["float32"]).max() < FLOAT32_TOLERANCE


def padded_mean(x: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=True)


@pytest.mark.parametrize(
    ("name", "variant"),
    [("_mean3x3", padded_mean), ("_max3x3", inception._mean3x3), ("_max3x3", padded_mean)],
)
def test_the_golden_features_tell_the_pooling_variants_apart(
    network: FIDInception,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variant: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    monkeypatch.setattr(inception, name, variant)
    x = torch.from_numpy(pictures()[2]).permute(0, 3, 1, 2).float().div(255)
    with torch.inference_mode():
        ours = network(x).numpy()
    assert np.abs(ours - GOLDEN["float64"][-1:]).max() > 100 * FLOAT32_TOLERANCE


def test_pytorch_fid_features_take_the_sprite_as_it_is(weights: Path) -> None:
    features = pytorch_fid_features(pictures()[0], weights)
    assert features.dtype == np.float32
    assert features.shape == (1, 2048)
    assert np.abs(features - GOLDEN["float64"][:1]).max() < FLOAT32_TOLERANCE


def test_inception_features_repeat_pixels_eighteen_times(weights: Path) -> None:
    sprites = pictures()[0]
    ours = inception_features(sprites, weights)
    enlarged = pytorch_fid_features(pixels.upscale(sprites, 18), weights)
    np.testing.assert_array_equal(ours, enlarged)
    assert np.abs(ours - GOLDEN["float64"][:1]).max() > 100 * FLOAT32_TOLERANCE


def test_loading_leaves_the_random_state_alone(weights: Path) -> None:
    before = torch.get_rng_state()
    load_inception(weights)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_file_of_other_weights_warns(weights: Path) -> None:
    with pytest.warns(UserWarning, match="is not the published"):
        load_inception(weights)


class Unsafe:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return print, ("run on loading",)


def save_text(path: Path) -> None:
    path.write_text("not weights")


def save_empty(path: Path) -> None:
    path.touch()


def save_code(path: Path) -> None:
    torch.save({"Conv2d_1a_3x3.conv.weight": Unsafe()}, path)


def save_tensor(path: Path) -> None:
    torch.save(torch.zeros(3), path)


def save_one_name(path: Path) -> None:
    torch.save({"Conv2d_1a_3x3.conv.weight": torch.zeros(32, 3, 3, 3)}, path)


def save_shape(path: Path) -> None:
    torch.save({"Conv2d_1a_3x3.conv.weight": torch.zeros(32, 4, 3, 3)}, path)


@pytest.mark.parametrize(
    "save", [save_text, save_empty, save_code, save_tensor, save_one_name, save_shape]
)
def test_a_wrong_file_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], save: Callable[[Path], None]
) -> None:
    path = tmp_path / "weights.pth"
    save(path)
    with pytest.raises(ModelError, match="is not an Inception weights file") as caught:
        load_inception(path)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""  # nothing that the file carries is run


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no weights file .*missing\.pth"):
        load_inception(tmp_path / "missing.pth")


def test_offline_says_where_to_put_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens on port 9 of this machine, so the connection is refused at once.
    monkeypatch.setattr(inception, "WEIGHTS_URL", "http://127.0.0.1:9/weights.pth")
    with pytest.raises(DownloadError) as caught:
        fetch_weights(cache=tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert "http://127.0.0.1:9/weights.pth" in message
    assert str(tmp_path / inception.WEIGHTS_NAME) in message
    assert list(tmp_path.iterdir()) == []


def test_a_file_put_into_the_cache_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / inception.WEIGHTS_NAME
    path.write_bytes(b"stand-in")
    with pytest.raises(DownloadError, match="SHA-256 is not 6726825d"):
        fetch_weights(cache=tmp_path)
    digest = hashlib.sha256(b"stand-in").hexdigest()
    monkeypatch.setattr(inception, "WEIGHTS_SHA256", digest)
    assert fetch_weights(cache=tmp_path) == path
