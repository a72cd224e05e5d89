"""From a sprite to the noise that draws it: the flow of DDIM, walked upwards.

Song et al. 2020, equation 14: with η = 0 DDIM integrates an ordinary differential equation, which
can be followed from x_0 to x_T as well (section 4.3; Dhariwal and Nichol 2021, appendix F). The
chain starts at the least t that is visited, by one of two x:

- ``noisy=False``: the sprite itself, as in the papers. But sprites are points, and the flow says
  nothing of where near a point it starts: from the very point it reaches an x_T with much less
  than its unit of variance.
- ``noisy=True``: q_sample of the sprite, with its named noise: one of all the x that lead to it.
  The x_T is then about as normal as any, to be mixed and moved like one. With one evaluation a
  step the sprite comes back less well.

Each step may be made implicit: ε̂ is then taken where the step ends, as the way down will take it,
and found by fixed-point iteration (``iterations`` evaluations a step). Source: Pan et al. 2023
(AIDI), section 3.2. Where it converges, the way down retraces the way up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from spritelab import palette, pixels
from spritelab.config import SamplerSettings
from spritelab.diffusion import Denoiser, Pairs, Schedule, q_sample, visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.request import Request
from spritelab.generate.steering.given import Given
from spritelab.generate.trained import TrainedNetwork
from spritelab.palette import ColourError
from spritelab.pixels import Images
from spritelab.progress import Progress


@dataclass(frozen=True, eq=False)
class Inversion:
    """Sprites, the noise that draws them, and what it draws.

    Attributes:
        images: the sprites, uint8 ``[N,H,W,C]``.
        noise: x_T, float32 ``[N,C,H,W]``.
        drawn: from that noise, by the same steps downwards.
    """

    images: Images
    noise: Tensor
    drawn: SpriteBatch

    @property
    def error(self) -> ColourError:
        """How far what is drawn is from the sprites."""
        return palette.colour_error(self.images, self.drawn.images)

    @property
    def equal(self) -> float:
        """The share of pixels that came back byte for byte."""
        return float((self.drawn.images == self.images).all(axis=-1).mean())


def check_flow(how: SamplerSettings) -> None:
    """Raise ``SettingsError`` unless ``how`` walks the flow that can be walked upwards."""
    if how.sampler != "ddim" or how.eta != 0:
        raise SettingsError(
            f"a sprite is inverted by the sampler ddim with η = 0, not by {how.family}; give "
            "`sampler=ddim` and `eta=0`"
        )


def upwards(how: SamplerSettings, schedule: Schedule) -> Pairs:
    """The steps of ``how`` from the clean end to the noise.

    Raises:
        SettingsError: if there is only one, which leads nowhere upwards.
    """
    visited = [t for t, _ in visited_pairs(how, schedule)][::-1]
    if len(visited) < 2:
        raise SettingsError("a sprite is inverted in at least 2 `steps`")
    return list(pairwise(visited))


def invert_steps(
    denoise: Denoiser, schedule: Schedule, x: Tensor, pairs: Pairs, iterations: int = 1
) -> Tensor:
    """Walk from x, float ``[B,C,H,W]``, along ascending ``pairs``: x at the last t of them.

    With one iteration a step is DDIM's, upwards: √ᾱ_t'·x̂_0 + √(1-ᾱ_t')·ε̂ with x̂_0 and ε̂ of (x, t).
    With more, the x' that DDIM leads down to x, so that ε̂ is of (x', t'), is approached from there.
    """
    with torch.no_grad():
        for t, t_next in pairs:
            ab, ab_next = schedule.alpha_bar(t), schedule.alpha_bar(t_next)
            start, at, reached = x.double() if x.device.type != "mps" else x, t, x
            for _ in range(iterations):
                times = torch.full((len(x),), at, dtype=torch.int64, device=x.device)
                eps_hat = denoise(reached, times).eps_hat
                x0_hat = (start - math.sqrt(1 - ab) * eps_hat) / math.sqrt(ab)
                moved = math.sqrt(ab_next) * x0_hat + math.sqrt(1 - ab_next) * eps_hat
                reached, at = moved.to(x.dtype), t_next
            x = reached
    return x


def noise_of(
    model: TrainedNetwork,
    given: Given,
    request: Request,
    how: SamplerSettings,
    noisy: bool,
    iterations: int,
    told: Progress,
) -> Tensor:
    """x_T of the sprites, float32 ``[N,C,H,W]`` on the model's device."""
    seen = given.images
    if request.palettes is not None:
        seen = np.stack(
            [palette.apply(one[None], p)[0] for one, p in zip(seen, request.palettes, strict=True)]
        )
    x0 = pixels.encode(torch.from_numpy(np.ascontiguousarray(seen))).to(model.device)
    pairs = upwards(how, model.schedule)
    x = x0
    if noisy:
        first = torch.full((len(x0),), pairs[0][0], dtype=torch.int64, device=x0.device)
        x = q_sample(model.schedule, x0, first, model.first_noise(request))
    x = invert_steps(model.denoiser(how, request, x), model.schedule, x, pairs, iterations)
    told(len(x) * len(pairs) * iterations)
    return x
