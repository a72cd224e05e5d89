"""From sprites to the features that they are compared by."""

from spritelab.evaluation.features.extractor import (
    Extractor,
    Features,
    effnet_features,
    inception_features,
    pixel_features,
    pytorch_fid_features,
)

__all__ = [
    "Extractor",
    "Features",
    "effnet_features",
    "inception_features",
    "pytorch_fid_features",
    "pixel_features",
]
