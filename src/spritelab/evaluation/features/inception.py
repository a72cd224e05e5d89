"""InceptionV3 as used for the FID, and the reading of its published weights.

The network is the one of Szegedy et al. 2016 ("Rethinking the Inception architecture for computer
vision") with the departures of the TensorFlow graph that Heusel et al. 2017 measured FID with.
pytorch-fid repeats them, and so do we:

- average pools inside the blocks leave padded zeros out of the mean;
- the last block pools by maximum where the paper takes the mean;
- there is no auxiliary classifier, and the features are the means of the last block's channels.

Submodules carry the names of the weights file, ``pt_inception-2015-12-05-6726825d.pth``.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from spritelab.data.download import fetch
from spritelab.errors import DownloadError, ModelError
from spritelab.progress import SILENT, Progress

WEIGHTS_NAME = "pt_inception-2015-12-05-6726825d.pth"
WEIGHTS_URL = (
    f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{WEIGHTS_NAME}"
)
_MOST = 95_628_359  # bytes: those that it has
WEIGHTS_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
INPUT_SIZE = 299


class _Conv(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(
        self,
        c_in: int,
        c_out: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(c_out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return functional.relu(x, inplace=True)


def _mean3x3(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1, count_include_pad=False)


def _max3x3(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, kernel_size=3, stride=1, padding=1)


class _Mixed5(nn.Module):
    """35×35: branches 1×1, 5×5, double 3×3 and pooling."""

    def __init__(self, c_in: int, c_pool: int) -> None:
        super().__init__()
        self.branch1x1 = _Conv(c_in, 64, 1)
        self.branch5x5_1 = _Conv(c_in, 48, 1)
        self.branch5x5_2 = _Conv(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = _Conv(c_in, 64, 1)
        self.branch3x3dbl_2 = _Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, padding=1)
        self.branch_pool = _Conv(c_in, c_pool, 1)

    def forward(self, x: Tensor) -> Tensor:
        b5x5 = self.branch5x5_2(self.branch5x5_1(x))
        b3x3 = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), b5x5, b3x3, self.branch_pool(_mean3x3(x))], dim=1)


class _Mixed6a(nn.Module):
    """35×35 → 17×17."""

    def __init__(self, c_in: int) -> None:
        super().__init__()
        self.branch3x3 = _Conv(c_in, 384, 3, stride=2)
        self.branch3x3dbl_1 = _Conv(c_in, 64, 1)
        self.branch3x3dbl_2 = _Conv(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        b3x3 = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), b3x3, functional.max_pool2d(x, 3, stride=2)], dim=1)


class _Mixed6(nn.Module):
    """17×17: branches 1×1, 7×7 and double 7×7 in separable halves, and pooling."""

    def __init__(self, c_in: int, c7: int) -> None:
        super().__init__()
        wide, high = (1, 7), (7, 1)
        pad_wide, pad_high = (0, 3), (3, 0)
        self.branch1x1 = _Conv(c_in, 192, 1)
        self.branch7x7_1 = _Conv(c_in, c7, 1)
        self.branch7x7_2 = _Conv(c7, c7, wide, padding=pad_wide)
        self.branch7x7_3 = _Conv(c7, 192, high, padding=pad_high)
        self.branch7x7dbl_1 = _Conv(c_in, c7, 1)
        self.branch7x7dbl_2 = _Conv(c7, c7, high, padding=pad_high)
        self.branch7x7dbl_3 = _Conv(c7, c7, wide, padding=pad_wide)
        self.branch7x7dbl_4 = _Conv(c7, c7, high, padding=pad_high)
        self.branch7x7dbl_5 = _Conv(c7, 192, wide, padding=pad_wide)
        self.branch_pool = _Conv(c_in, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(_mean3x3(x))], dim=1)


class _Mixed7a(nn.Module):
    """17×17 → 8×8."""

    def __init__(self, c_in: int) -> None:
        super().__init__()
        self.branch3x3_1 = _Conv(c_in, 192, 1)
        self.branch3x3_2 = _Conv(192, 320, 3, stride=2)
        self.branch7x7x3_1 = _Conv(c_in, 192, 1)
        self.branch7x7x3_2 = _Conv(192, 192, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = _Conv(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = _Conv(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        b3x3 = self.branch3x3_2(self.branch3x3_1(x))
        b7x7 = self.branch7x7x3_2(self.branch7x7x3_1(x))
        b7x7 = self.branch7x7x3_4(self.branch7x7x3_3(b7x7))
        return torch.cat([b3x3, b7x7, functional.max_pool2d(x, 3, stride=2)], dim=1)


class _Mixed7(nn.Module):
    """8×8: branches that end in a 1×3 and a 3×1 side by side; the pool differs between the two."""

    def __init__(self, c_in: int, max_pool: bool) -> None:
        super().__init__()
        self.max_pool = max_pool
        wide, high = (1, 3), (3, 1)
        pad_wide, pad_high = (0, 1), (1, 0)
        self.branch1x1 = _Conv(c_in, 320, 1)
        self.branch3x3_1 = _Conv(c_in, 384, 1)
        self.branch3x3_2a = _Conv(384, 384, wide, padding=pad_wide)
        self.branch3x3_2b = _Conv(384, 384, high, padding=pad_high)
        self.branch3x3dbl_1 = _Conv(c_in, 448, 1)
        self.branch3x3dbl_2 = _Conv(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = _Conv(384, 384, wide, padding=pad_wide)
        self.branch3x3dbl_3b = _Conv(384, 384, high, padding=pad_high)
        self.branch_pool = _Conv(c_in, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        once = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        pooled = _max3x3(x) if self.max_pool else _mean3x3(x)
        branches = [
            self.branch1x1(x),
            self.branch3x3_2a(once),
            self.branch3x3_2b(once),
            self.branch3x3dbl_3a(twice),
            self.branch3x3dbl_3b(twice),
            self.branch_pool(pooled),
        ]
        return torch.cat(branches, dim=1)


class FIDInception(nn.Module):
    """Images, float ``[N,3,H,W]`` in [0, 1], to features ``[N,2048]``.

    Any height and width: the network itself resizes to 299×299 (bilinear, corners not aligned, no
    antialiasing) and scales to [-1, 1].
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Conv(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = _Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = _Conv(32, 64, 3, padding=1)
        self.Conv2d_3b_1x1 = _Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = _Conv(80, 192, 3)
        self.Mixed_5b = _Mixed5(192, c_pool=32)
        self.Mixed_5c = _Mixed5(256, c_pool=64)
        self.Mixed_5d = _Mixed5(288, c_pool=64)
        self.Mixed_6a = _Mixed6a(288)
        self.Mixed_6b = _Mixed6(768, c7=128)
        self.Mixed_6c = _Mixed6(768, c7=160)
        self.Mixed_6d = _Mixed6(768, c7=160)
        self.Mixed_6e = _Mixed6(768, c7=192)
        self.Mixed_7a = _Mixed7a(768)
        self.Mixed_7b = _Mixed7(1280, max_pool=False)
        self.Mixed_7c = _Mixed7(2048, max_pool=True)

    def forward(self, images: Tensor) -> Tensor:
        size = (INPUT_SIZE, INPUT_SIZE)
        x = functional.interpolate(images, size=size, mode="bilinear", align_corners=False)
        x = 2 * x - 1
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = functional.max_pool2d(x, 3, stride=2)
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))
        x = functional.max_pool2d(x, 3, stride=2)
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6a(x)
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        features: Tensor = x.mean(dim=(2, 3))
        return features


def load_inception(weights: str | Path | None = None) -> FIDInception:
    """Build the network, ready to evaluate, from pytorch-fid's weights file.

    ``weights`` is a path; None takes the published file from the cache, or downloads it (95 MB).
    A file of the right structure but another content is used with a warning, for its figures are
    no FID. Nothing is unpickled but tensors.

    Raises:
        ModelError: for a file that is missing or does not hold these weights.
        DownloadError: where there is none and none can be fetched.
    """
    path = fetch_weights() if weights is None else Path(weights)
    # On the meta device no first, random weights are drawn: quicker, and the caller's random state
    # stays where it is.
    with torch.device("meta"):
        network = FIDInception()
    network.load_state_dict(_read(path, network), assign=True)
    if weights is not None and not is_published(path):
        warnings.warn(
            f"{path} is not the published {WEIGHTS_NAME}: what it gives is no FID", stacklevel=2
        )
    # Channels last: a CPU runs it in three quarters of the time.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def fetch_weights(*, cache: Path | None = None, progress: Progress = SILENT) -> Path:
    """Return the path of the published weights, downloaded first if they are not in the cache.

    A file found there and a download are both taken only when their SHA-256 is the one that is
    known of the file; the publisher gives its first eight digits, in the file's name.

    Raises:
        DownloadError: naming the address, and where to put the file by hand.
        StorageError: if the cache cannot be written.
    """
    return fetch(WEIGHTS_NAME, [WEIGHTS_URL], _verify, most=_MOST, cache=cache, progress=progress)


def _verify(path: Path) -> None:
    if not is_published(path):
        raise DownloadError(f"its SHA-256 is not {WEIGHTS_SHA256}")


def is_published(path: Path) -> bool:
    """Whether a file holds the weights that a FID is measured with, byte for byte."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == WEIGHTS_SHA256


def _read(path: Path, network: FIDInception) -> dict[str, Tensor]:
    """Read the network's weights, names and shapes checked; the file's classifier is left out."""
    if not path.is_file():
        raise ModelError(f"there is no weights file {path}; `weights` takes {WEIGHTS_NAME}")
    wrong = f"{path} is not an Inception weights file such as {WEIGHTS_NAME}"
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # bytes of another kind take the unpickler to any of them
        raise ModelError(f"{wrong}: torch cannot read it") from error
    if not isinstance(found, dict):
        raise ModelError(f"{wrong}: it holds no dictionary of tensors")
    state: dict[str, Tensor] = {}
    for name, wanted in network.state_dict().items():
        tensor = found.get(name)
        if name.endswith("num_batches_tracked"):  # not read in evaluation; older files lack it
            state[name] = torch.zeros((), dtype=torch.int64)
        elif isinstance(tensor, Tensor) and tensor.shape == wanted.shape:
            state[name] = tensor.float()
        else:
            raise ModelError(f"{wrong}: {name} is missing or of another shape")
    return state
