"""What the tests in a browser share: the models, and what is seen of a page."""

from __future__ import annotations

from typing import Any

import numpy as np

MODELS = ("builtin-16", "crawl-16")

DIFFERING = 0.002
"""The share of pixels that may differ, by a level, from those of Python. Measured: 0 to 0.1 %."""


def seen(page: Any, selector: str) -> np.ndarray[Any, Any]:
    """The pixels of all canvases, uint8 [N,16,16,4]."""
    code = """
    canvases => canvases.map(one => [...one.getContext('2d').getImageData(0, 0, 16, 16).data])
    """
    return np.array(page.eval_on_selector_all(selector, code), np.uint8).reshape(-1, 16, 16, 4)
