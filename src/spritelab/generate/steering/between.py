"""Between sprites and around one: rows, mixes and variations, all by their x_T."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import torch

from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.diffusion import TurnedNoise
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.request import Label
from spritelab.generate.steering import inversion, rows
from spritelab.generate.steering.drawing import FLOW, Drawing
from spritelab.generate.steering.given import Sprites, read_given
from spritelab.palette import Palette
from spritelab.progress import SILENT, Progress


@dataclass(frozen=True, eq=False)
class Between(Drawing):
    """``interpolate``, ``mix`` and ``vary``."""

    def interpolate(
        self,
        n: int = 8,
        how: SamplerSettings | None = None,
        *,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] = (0, 1),
        sprites: Sprites | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw a row of ``n`` sprites from one to another, spherically in x_T.

        The ends are those that ``sample`` draws by the same sampler. Between them the class is a
        mix of both, and a palette head draws in the colours of both. With ``sprites`` the row is
        between two real ones: both are inverted first, from a noisy start, and the ends are what
        comes back.

        Args:
            n: sprites of the row, both ends counted; at least 2.
            how: see ``Model.sample``; without noise on the way: DPM-Solver++, if the model's own
                sampler adds some. With ``sprites``: DDIM.
            seed, numbers: name the two ends.
            sprites: two sprites of one's own.
            label: of both ends, or a list of two.
            palette: for both ends, or a list of two.
            hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for a sampler that adds noise, or anything but two ends.
            DataError: for sprites that cannot be read or are of another size.
        """
        if n < 2:
            raise SettingsError(f"a row has two ends; `n` must be at least 2, not {n}")
        if len(numbers) != 2:
            raise SettingsError(f"a row goes between two `numbers`, not {len(numbers)}")
        how = self._how(how, changes, self.config.sampling.flow if sprites is None else FLOW)
        rows.check_deterministic(how)
        facts: dict[str, Any] = {"from": "noise"}
        if sprites is None:
            ends = self.request(2, seed, numbers, None, label, palette)
            x_T = self.first_noise(ends)
            named = [f"sprite {k}" for k in ends.noise.numbers.tolist()]
        else:
            inversion.check_flow(how)
            given = read_given(sprites, self)
            if len(given) != 2:
                raise SettingsError(f"a row goes between two `sprites`, not {len(given)}")
            ends = self._asked(given, seed, numbers, label, palette)
            x_T = inversion.noise_of(self, given, ends, how, True, 6, SILENT)
            facts, named = {"from": "sprites"}, list(given.names)
        most = 0 if self.palettes is None else self.palettes.most
        request = rows.row_request(ends, n, most)
        at = torch.linspace(0, 1, n)
        x = rows.slerp(x_T[0], x_T[1], at)
        facts |= {"ends": named, "seeds": ends.noise.seeds.tolist(), "labels": list(ends.asked)}
        facts["numbers"] = ends.noise.numbers.tolist()
        each = tuple({"at": round(value, 6)} for value in at.tolist())
        return self._draw_from(
            x,
            request,
            how,
            Steered("interpolate", facts, each, how.nfe),
            hard_alpha,
            batch_size,
            progress,
        )

    def mix(
        self,
        labels: Sequence[str],
        n: int = 8,
        how: SamplerSettings | None = None,
        *,
        seed: int = 0,
        number: int = 0,
        palette: Palette | Sequence[Palette] | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw one sprite ``n`` times, from one class to another: the same x_T, mixes of both.

        ``interpolate`` between two sprites of the same noise; see there for palettes.

        Args:
            labels: the two classes.
            n, how, seed, palette: see ``interpolate``.
            number: of the sprite.
            hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: as ``interpolate``.
        """
        if isinstance(labels, str) or len(labels) != 2:
            raise SettingsError("a mix goes between two classes; give two `labels`")
        batch = self.interpolate(
            n,
            how,
            seed=seed,
            numbers=(number, number),
            label=list(labels),
            palette=palette,
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=progress,
            **changes,
        )
        assert batch.steered is not None
        return replace(batch, steered=replace(batch.steered, by="mix"))

    def vary(
        self,
        n: int = 8,
        how: SamplerSettings | None = None,
        *,
        amount: float = 0.2,
        seed: int = 0,
        number: int = 0,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw ``n`` sprites around one: x_T' = cos θ·x_T + sin θ·ε_v, θ = ``amount``·π/2.

        ε_v is the noise of its variation v = 1 … n. A sampler that adds noise on the way adds such
        mixes, too, for it would lead back to the sprite otherwise. Class and palette stay.

        Args:
            n: how many.
            how: see ``Model.sample``.
            amount: 0 is the sprite itself, 1 another noise altogether.
            seed, number: name the sprite.
            label, palette, hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for an amount outside [0, 1]; and as ``Model.sample``.
        """
        if not 0 <= amount <= 1:
            raise SettingsError(f"`amount` must lie in 0 … 1, not {amount}")
        how = self._how(how, changes)
        request = self.request(n, seed, [number] * n, None, label, palette)
        named, variations = request.noise, torch.arange(1, n + 1)
        noise = TurnedNoise(named.seeds, named.numbers, variations, amount * math.pi / 2)
        request = replace(request, noise=noise)
        each = tuple({"variation": v} for v in range(1, n + 1))
        return self._draw_from(
            self.first_noise(request),
            request,
            how,
            Steered("vary", {"amount": amount}, each, how.nfe),
            hard_alpha,
            batch_size,
            progress,
            palette if isinstance(palette, Palette) else None,
        )
