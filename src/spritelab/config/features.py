"""Which features sprites are compared by."""

from __future__ import annotations

from typing import Literal

FeatureName = Literal["effnet", "inception", "pixels", "pytorch-fid"]
"""EfficientNet-Lite0's, those of FID's InceptionV3, the pixels, or Inception's as pytorch-fid
takes them; see ``spritelab.evaluation.features``."""
