"""A seed's sprite stays what it is: no change of the code may move it unnoticed.

``golden/crawl-16.npz`` holds the first 64 sprites of seed 0 as ``crawl-16`` drew them, by every
sampler, when it had learnt with up to 64 colours a sprite (2026-11-29). They are the same bytes on
the machine that made the file, and all but a few, which rounding decides, on another. Another model
has other sprites:

    python tests/generate/test_golden.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spritelab.generate import load_model

GOLDEN = Path(__file__).parent / "golden" / "crawl-16.npz"
N = 64
CASES: dict[str, dict[str, Any]] = {
    "own": {},
    "ddpm_beta": {"sampler": "ddpm", "steps": 40, "variance": "beta"},
    "ddim": {"sampler": "ddim", "steps": 20},
    "ddim_eta": {"sampler": "ddim", "steps": 20, "eta": 0.5},
    "dpm": {"sampler": "dpm", "steps": 10},
    "dpm_led": {"steps": 5},
    "dpm_guided": {"sampler": "dpm", "steps": 10, "guidance": 2.0},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_seed_s_sprites_stay_what_they_are(case: str) -> None:
    with np.load(GOLDEN, allow_pickle=False) as golden:
        expected = golden[case]
    drawn = load_model("crawl-16", "cpu").sample(N, **CASES[case]).images
    assert drawn.shape == expected.shape == (N, 16, 16, 4)
    assert len(np.unique(expected, axis=0)) == N
    assert (drawn != expected).mean() <= 1e-3


def test_other_seeds_have_other_sprites() -> None:
    """So that equal bytes above mean something."""
    with np.load(GOLDEN, allow_pickle=False) as golden:
        expected = golden["dpm_led"][:8]
    model = load_model("crawl-16", "cpu")
    assert (model.sample(8, steps=5).images != expected).mean() <= 1e-3
    assert (model.sample(8, steps=5, seed=1).images != expected).mean() > 0.2


if __name__ == "__main__":
    model = load_model("crawl-16", "cpu")
    drawn = {case: model.sample(N, **how).images for case, how in CASES.items()}
    np.savez_compressed(GOLDEN, **drawn)  # type: ignore[arg-type]
