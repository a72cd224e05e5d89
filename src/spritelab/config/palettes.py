"""Whose palettes a model with a palette head draws in, unless it is told a palette."""

from __future__ import annotations

from typing import Literal

PaletteSource = Literal["training", "held-out"]
"""Those of its training sprites, or those of held-out sprites, which it has never seen."""
