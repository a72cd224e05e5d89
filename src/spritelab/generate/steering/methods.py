"""``Steering``: the methods of a model that start from sprites, or go between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

from torch import Tensor

from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.diffusion import evaluations
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.request import Label
from spritelab.generate.steering import inversion, redrawing
from spritelab.generate.steering.around import Around
from spritelab.generate.steering.drawing import (
    FLOW,
    at_least_one,
    encoded,
    noisy_at,
    sources_of,
)
from spritelab.generate.steering.given import Sprites, as_seen, read_given
from spritelab.generate.steering.inversion import Inversion
from spritelab.palette import Palette
from spritelab.progress import SILENT, Progress


@dataclass(frozen=True, eq=False)
class Steering(Around):
    """What a model can be steered with; each method draws a ``SpriteBatch``.

    ``how`` and ``changes``, ``hard_alpha``, ``batch_size`` and ``progress`` are those of
    ``Model.sample``; so are ``seed``, ``numbers``, ``label`` and ``palette`` where nothing else is
    said. Sprites of one's own are given as ``Sprites``: pixels, a set, a batch or a path. They are
    told to the network as their set's class, where the model knows it, else as of no class; a model
    with a palette head draws them in their own colours, or in those of ``palette`` that are nearest
    to them.
    """

    def invert(
        self,
        sprites: Sprites,
        how: SamplerSettings | None = None,
        *,
        noisy: bool = False,
        iterations: int = 6,
        seed: int | Sequence[int] = 0,
        label: Label = None,
        palette: Palette | None = None,
        hard_alpha: bool | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> Inversion:
        """Find the noise that draws ``sprites``, and draw them from it again.

        Args:
            sprites: of one's own.
            how: DDIM with η = 0; 20 steps of equal length in λ if not given.
            noisy: start from the sprite with its named noise, so that x_T has a variance
                of about 1; otherwise from the sprite itself.
            iterations: evaluations a step upwards: 1 is DDIM as in the papers; more make it
                implicit, so that the way down retraces it. See ``diffusion.invert_steps``.
            seed: of the noise where ``noisy``; sprite k has number k.
            label, palette: see ``Steering``.
            hard_alpha, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for another sampler, or less than 2 steps.
            DataError: for sprites that cannot be read or are of another size.
        """
        if iterations < 1:
            raise SettingsError(f"`iterations` must be at least 1, not {iterations}")
        how = self._how(how, changes, FLOW)
        inversion.check_flow(how)
        given = read_given(sprites, self)
        request = self._asked(given, seed, range(len(given)), label, palette)
        x_T = inversion.noise_of(self, given, request, how, noisy, iterations, progress)
        facts = {"noisy": noisy, "iterations": iterations}
        up = evaluations(how, self.schedule, inversion.upwards(how, self.schedule)) * iterations
        steered = Steered("invert", facts, sources_of(given), how.nfe + up)
        return Inversion(
            given.images,
            x_T,
            self._draw_from(x_T, request, how, steered, hard_alpha, None, SILENT),
        )

    def redraw(
        self,
        sprites: Sprites,
        strength: float = 0.5,
        n: int = 1,
        how: SamplerSettings | None = None,
        *,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw ``sprites`` anew: made noisy as far as ``strength`` says, and denoised from there.

        The chain is entered at t_0 = round(strength·T) - 1 with √ᾱ_t·sprite + √(1-ᾱ_t)·x_T. Source:
        Meng et al. 2022 (SDEdit).

        Args:
            sprites: of one's own.
            strength: in (0, 1]; 1 keeps next to nothing of them.
            n: drawings of each, one after the other.
            how: see ``Model.sample``.
            seed, numbers: name the noise of all drawings; 0 … if not given.
            label, palette: see ``Steering``.
            hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for a strength outside (0, 1]; and as ``Model.sample``.
            DataError: for sprites that cannot be read or are of another size.
        """
        how = self._how(how, changes)
        pairs = redrawing.pairs_from(strength, how, self.schedule)
        given = read_given(sprites, self).repeat(at_least_one(n))
        request = self._asked(given, seed, numbers, label, palette)
        x0 = encoded(as_seen(given, request)).to(self.device)
        x = noisy_at(self, x0, pairs[0][0], request)
        made = evaluations(how, self.schedule, pairs)
        steered = Steered("redraw", {"strength": strength}, sources_of(given), made)

        def walk(at: slice, told: Progress) -> Tensor:
            return self.walk(how, request[at], x[at], told, pairs=pairs)

        return self.draw(
            request,
            how,
            walk,
            evaluations=len(pairs),
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=progress,
            given=palette,
            steered=steered,
        )
