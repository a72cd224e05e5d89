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

Each step may be made implicit (``iterations``, see ``diffusion.invert_steps``): where that
converges, the way down retraces the way up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from spritelab import palette
from spritelab.config import SamplerSettings
from spritelab.diffusion import Pairs, Schedule, invert_steps, visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.request import Request
from spritelab.generate.steering.drawing import encoded, noisy_at
from spritelab.generate.steering.given import Given, as_seen
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
    x = encoded(as_seen(given, request)).to(model.device)
    pairs = upwards(how, model.schedule)
    if noisy:
        x = noisy_at(model, x, pairs[0][0], request)
    x = invert_steps(model.denoiser(how, request, x), model.schedule, x, pairs, iterations)
    told(len(x) * len(pairs) * iterations)
    return x
