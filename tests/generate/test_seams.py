"""The seams between network and samplers changed no sprite.

``golden/crawl-16.npz`` holds the first 200 sprites of seed 0 as ``crawl-16`` drew them before there
were heads, denoisers and chains that can be entered (commit 6e0a860), when noise came from torch's
generators. The same noise sent through today's seams gives the same bytes: all of them on the
machine that made the file, and all but a few that rounding decides on another.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spritelab.config import SamplerSettings
from spritelab.diffusion import denoiser, noise_like, sampler_steps
from spritelab.generate import Model, load_model

GOLDEN = Path(__file__).parent / "golden" / "crawl-16.npz"
CASES: dict[str, dict[str, Any]] = {
    "ddpm": {"sampler": "ddpm", "steps": 40},
    "ddpm_beta": {"sampler": "ddpm", "steps": 40, "variance": "beta"},
    "ddim": {"sampler": "ddim", "steps": 20},
    "ddim_eta": {"sampler": "ddim", "steps": 20, "eta": 0.5},
    "dpm": {"sampler": "dpm", "steps": 10},
    "dpm_guided": {"sampler": "dpm", "steps": 10, "guidance": 2.0},
}
BATCH = 64


def drawn(
    model: Model, how: SamplerSettings, seeds: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.uint8]:
    generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
    x = noise_like(torch.empty(len(seeds), model.channels, model.size, model.size), generators, 0)
    context = torch.eye(len(model.class_names))[torch.from_numpy(labels)]
    denoise = denoiser(model.network, model.head, context, how.guidance, how.clip)
    for step in sampler_steps(how, denoise, model.schedule, x, generators):
        x = step.x
    return model.to_pixels(x)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_same_noise_gives_the_same_bytes(case: str) -> None:
    model = load_model("crawl-16", "cpu")
    how = SamplerSettings(**CASES[case]).complete(model.schedule.timesteps)
    with np.load(GOLDEN, allow_pickle=False) as golden:
        seeds, labels, expected = golden["seeds"], golden["labels"], golden[case]
    got = np.concatenate(
        [
            drawn(model, how, seeds[first : first + BATCH], labels[first : first + BATCH])
            for first in range(0, len(seeds), BATCH)
        ]
    )
    assert got.shape == expected.shape == (200, 16, 16, 4)
    assert len(np.unique(expected, axis=0)) == 200
    assert (got != expected).mean() <= 1e-4


def test_other_noise_gives_other_bytes() -> None:
    """So that equal bytes above mean something."""
    model = load_model("crawl-16", "cpu")
    how = SamplerSettings(**CASES["dpm"]).complete(model.schedule.timesteps)
    with np.load(GOLDEN, allow_pickle=False) as golden:
        seeds, labels, expected = golden["seeds"][:8], golden["labels"][:8], golden["dpm"][:8]
    assert (drawn(model, how, seeds, labels) != expected).mean() <= 1e-3
    assert (drawn(model, how, seeds + 1, labels) != expected).mean() > 0.2
