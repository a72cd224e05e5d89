"""The choice of features for a whole evaluation, and what their Fréchet distance is called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from spritelab.errors import SettingsError
from spritelab.evaluation import features
from spritelab.evaluation.features import Features, Progress
from spritelab.pixels import Images

FeatureName = Literal["effnet", "inception", "pytorch-fid", "pixels"]

FRECHET_NAMES: dict[FeatureName, str] = {
    "effnet": "FD-EffNet",
    "inception": "FID",
    "pytorch-fid": "FID (pytorch-fid)",
    "pixels": "FD-pixels",
}


@dataclass(frozen=True)
class Extractor:
    """Sprites to features, see ``spritelab.evaluation.features``.

    Attributes:
        name: which features.
        weights: a file of weights for ``inception`` and ``pytorch-fid``; None takes the published
            file from the cache, or downloads it.
        device: where the network runs.
    """

    name: FeatureName = "effnet"
    weights: Path | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.name not in get_args(FeatureName):
            raise SettingsError(
                f"unknown features {self.name!r}; choose one of {', '.join(get_args(FeatureName))}"
            )
        if self.weights is not None and self.name not in ("inception", "pytorch-fid"):
            raise SettingsError(f"--weights goes with inception features, not with {self.name}")

    @property
    def frechet_name(self) -> str:
        """What the Fréchet distance of these features is called; only Inception's is an FID."""
        return FRECHET_NAMES[self.name]

    @property
    def identity(self) -> str:
        """Names the features and, where a file was given, its content: for keys of caches."""
        if self.weights is None or not self.weights.is_file():
            return self.name
        with self.weights.open("rb") as file:
            return f"{self.name} {hashlib.file_digest(file, 'sha256').hexdigest()}"

    def __call__(self, images: Images, progress: Progress | None = None) -> Features:
        """Features of uint8 ``[N,H,W,C]``: float32 ``[N,D]``.

        Raises what the functions of ``spritelab.evaluation.features`` raise.
        """
        if self.name == "pixels":
            return features.pixel_features(images, progress=progress)
        if self.name == "effnet":
            return features.effnet_features(images, device=self.device, progress=progress)
        extract = (
            features.inception_features
            if self.name == "inception"
            else features.pytorch_fid_features
        )
        return extract(images, self.weights, device=self.device, progress=progress)
