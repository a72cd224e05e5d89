"""``Steering``: the methods of a model that start from sprites, or go between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab import palette as palettes
from spritelab import pixels
from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.diffusion import Noise, q_sample, visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.request import Label, Request
from spritelab.generate.steering import inpainting, inversion, redrawing, rows
from spritelab.generate.steering.given import (
    Given,
    Mask,
    Sprites,
    read_given,
    read_mask,
    request_of,
)
from spritelab.generate.steering.inversion import Inversion
from spritelab.generate.trained import TrainedNetwork
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress

FLOW = SamplerSettings(sampler="ddim", steps=50, spacing="logsnr")
"""How real sprites are inverted, unless told otherwise."""


@dataclass(frozen=True, eq=False)
class Steering(TrainedNetwork):
    """What a model can be steered with; each method draws a ``SpriteBatch``.

    ``how`` and ``changes``, ``hard_alpha``, ``batch_size`` and ``progress`` are those of
    ``Model.sample``; so are ``seed``, ``numbers``, ``label`` and ``palette`` where nothing else is
    said. Sprites of one's own are given as ``Sprites``: pixels, a set, a batch or a path. They are
    told to the network as their set's class, where the model knows it, else as of no class; a model
    with a palette head draws them in their own colours, or in those of ``palette`` that are nearest
    to them.
    """

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

        The ends are those that ``sample`` draws. Between them the class is a mix of both, and a
        palette head draws in the colours of both. With ``sprites`` the row is between two real
        ones: both are inverted first, from a noisy start, and the ends are what comes back.

        Args:
            n: sprites of the row, both ends counted; at least 2.
            how: see ``Model.sample``; without noise on the way. With ``sprites``: DDIM.
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
        how = self._how(how, changes, FLOW if sprites is not None else None)
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
            x_T = inversion.noise_of(self, given, ends, how, True, 3, SILENT)
            facts, named = {"from": "sprites"}, list(given.names)
        most = 0 if self.palettes is None else self.palettes.most
        request = rows.row_request(ends, n, most)
        at = torch.linspace(0, 1, n)
        x = rows.slerp(x_T[0], x_T[1], at)
        facts |= {"ends": named, "seeds": ends.noise.seeds.tolist(), "labels": list(ends.asked)}
        facts["numbers"] = ends.noise.numbers.tolist()
        each = tuple({"at": round(value, 6)} for value in at.tolist())
        return self._draw_from(
            x, request, how, Steered("interpolate", facts, each, _steps(how)),
            hard_alpha, batch_size, progress,
        )  # fmt: skip

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
            n, how, seed=seed, numbers=(number, number), label=list(labels), palette=palette,
            hard_alpha=hard_alpha, batch_size=batch_size, progress=progress, **changes,
        )  # fmt: skip
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

        ε_v is the noise of its variation v = 1 … n. Class, palette, and noise on the way stay.

        Args:
            n: how many.
            how: see ``Model.sample``.
            amount: 0 is the sprite itself, 1 another x_T altogether.
            seed, number: name the sprite.
            label, palette, hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for an amount outside [0, 1]; and as ``Model.sample``.
        """
        if not 0 <= amount <= 1:
            raise SettingsError(f"`amount` must lie in 0 … 1, not {amount}")
        how = self._how(how, changes)
        request = self.request(n, seed, [number] * n, None, label, palette)
        theta = amount * math.pi / 2
        x_T = self.first_noise(request)
        varied = Noise(request.noise.seeds, request.noise.numbers, torch.arange(1, n + 1))
        x = x_T if amount == 0 else math.cos(theta) * x_T
        if amount > 0:
            x = x + math.sin(theta) * varied.start_of_variation(x_T)
        each = tuple({"variation": v} for v in range(1, n + 1))
        return self._draw_from(
            x, request, how, Steered("vary", {"amount": amount}, each, _steps(how)),
            hard_alpha, batch_size, progress, palette if isinstance(palette, Palette) else None,
        )  # fmt: skip

    def invert(
        self,
        sprites: Sprites,
        how: SamplerSettings | None = None,
        *,
        noisy: bool = False,
        iterations: int = 1,
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
            how: DDIM with η = 0; 50 steps of equal length in λ if not given.
            noisy: start from the sprite with its named noise, so that x_T has a variance of 1;
                otherwise from the sprite itself, which comes back best.
            iterations: evaluations a step upwards; more than one make it implicit, so that the way
                down retraces it. See ``generate.steering.inversion``.
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
        steps = _steps(how) + (_steps(how) - 1) * iterations
        steered = Steered("invert", facts, _sources(given), steps)
        return Inversion(
            given.images, x_T,
            self._draw_from(x_T, request, how, steered, hard_alpha, None, SILENT),
        )  # fmt: skip

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
        given = read_given(sprites, self).repeat(_at_least_one(n))
        request = self._asked(given, seed, numbers, label, palette)
        seen = given.images
        if request.palettes is not None:
            drawn_in = zip(seen, request.palettes, strict=True)
            seen = np.stack([palettes.apply(one[None], p)[0] for one, p in drawn_in])
        x0 = _encode(seen).to(self.device)
        first = torch.full((len(x0),), pairs[0][0], dtype=torch.int64, device=self.device)
        x = q_sample(self.schedule, x0, first, self.first_noise(request))
        steered = Steered("redraw", {"strength": strength}, _sources(given), len(pairs))

        def walk(at: slice, told: Progress) -> Tensor:
            return self.walk(how, request[at], x[at], told, pairs=pairs)

        return self.draw(
            request, how, walk, evaluations=len(pairs), hard_alpha=hard_alpha,
            batch_size=batch_size, progress=progress, given=palette, steered=steered,
        )  # fmt: skip

    def inpaint(
        self,
        sprites: Sprites,
        mask: Mask | None = None,
        n: int = 1,
        how: SamplerSettings | None = None,
        *,
        jump: int = 2,
        resamplings: int = 5,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw a part of ``sprites``; all other pixels stay, byte for byte.

        Source: Lugmayr et al. 2022 (RePaint). A sprite costs (steps - 1)·resamplings + 1 steps.

        Args:
            sprites: of one's own.
            mask: which pixels to draw: bool, or a picture where they are white. If not given, the
                transparent ones are drawn.
            n: drawings of each, one after the other.
            how: see ``Model.sample``.
            jump: steps that are walked again.
            resamplings: how often each step is walked in all; 1 never goes back.
            seed, numbers: name the noise of all drawings; 0 … if not given.
            label: see ``Steering``.
            palette: colours to draw in beside the sprite's own, for a model with a palette head.
            hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for a setting out of range, or a mask that leaves nothing to draw.
            DataError: for sprites or a mask that cannot be read or are of another size.
        """
        given = read_given(sprites, self)
        if mask is not None:
            wanted = read_mask(mask, len(given), self.size)
        elif self.channels == 4:
            wanted = given.images[..., 3] == 0
        else:
            raise SettingsError("sprites of an RGB model have no transparent pixels; give a `mask`")
        if not wanted.any(axis=(1, 2)).all():
            raise SettingsError(
                "there is nothing to draw: " + ("no pixel is transparent; give a `mask`"
                if mask is None else "no pixel of `mask` is white")
            )  # fmt: skip
        given, wanted = given.repeat(_at_least_one(n)), wanted.repeat(n, axis=0)
        request = self._asked(given, seed, numbers, label, palette, own_colours=True)
        where = torch.from_numpy(~wanted)[:, None].expand(-1, self.channels, -1, -1)
        known = inpainting.Known(_encode(given.images), where)
        batch = self._draw_around(
            "inpaint", given, request, self._how(how, changes), known, jump, resamplings,
            hard_alpha, batch_size, progress, palette,
        )  # fmt: skip
        images = np.where(wanted[..., None], batch.images, given.images)
        return replace(batch, images=images)

    def outline(
        self,
        sprites: Sprites,
        n: int = 1,
        how: SamplerSettings | None = None,
        *,
        jump: int = 2,
        resamplings: int = 5,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw the inside of silhouettes: transparent stays transparent, all else becomes opaque.

        As ``inpaint``, with alpha known everywhere and colours nowhere. Only alpha is read of
        ``sprites``; classes and palettes are those that ``sample`` would draw in.

        Args:
            sprites: silhouettes; a pixel of alpha 128 or more is inside.
            n: drawings of each, one after the other.
            how, label, palette: see ``Model.sample``.
            jump, resamplings: see ``inpaint``.
            seed, numbers: name all drawings; 0 … if not given.
            hard_alpha, batch_size, progress, changes: see ``Model.sample``.

        Raises:
            SettingsError: for an RGB model, or a silhouette with nothing inside or outside.
            DataError: for sprites that cannot be read or are of another size.
        """
        if self.channels != 4:
            raise SettingsError("an outline is kept by alpha; this model draws RGB sprites")
        given = read_given(sprites, self).repeat(_at_least_one(n))
        inside = given.images[..., 3] >= 128
        if not inside.any(axis=(1, 2)).all() or inside.all(axis=(1, 2)).any():
            raise SettingsError("a silhouette needs opaque and transparent pixels")
        request = self.request(len(given), seed, numbers, None, label, palette)
        shape = np.where(inside[..., None], np.uint8(255), np.uint8(0))
        where = torch.from_numpy(~inside)[:, None].repeat(1, 4, 1, 1)
        where[:, 3] = True
        known = inpainting.Known(_encode(shape.repeat(4, axis=3)), where)
        batch = self._draw_around(
            "outline", given, request, self._how(how, changes), known, jump, resamplings,
            hard_alpha, batch_size, progress, palette if isinstance(palette, Palette) else None,
        )  # fmt: skip
        return replace(batch, images=_filled(batch, inside))

    def _how(
        self,
        how: SamplerSettings | None,
        changes: SamplerChanges,
        default: SamplerSettings | None = None,
    ) -> SamplerSettings:
        return self.sampler_settings(default if how is None else how, **changes)

    def _asked(
        self,
        given: Given,
        seed: int | Sequence[int],
        numbers: Sequence[int] | None,
        label: Label,
        palette: Palette | Sequence[Palette] | None,
        *,
        own_colours: bool = False,
    ) -> Request:
        if palette is not None and not isinstance(palette, Palette):
            raise SettingsError("sprites of your own have palettes; give one `palette` for all")
        return request_of(given, self, seed, numbers, label, palette, own_colours=own_colours)

    def _draw_from(
        self,
        x_T: Tensor,
        request: Request,
        how: SamplerSettings,
        steered: Steered,
        hard_alpha: bool | None,
        batch_size: int | None,
        progress: Progress,
        given: Palette | None = None,
    ) -> SpriteBatch:
        """Draw from noise of one's own."""

        def walk(at: slice, told: Progress) -> Tensor:
            return self.walk(how, request[at], x_T[at], told)

        return self.draw(
            request, how, walk, evaluations=_steps(how), hard_alpha=hard_alpha,
            batch_size=batch_size, progress=progress, given=given, steered=steered,
        )  # fmt: skip

    def _draw_around(
        self,
        by: str,
        given: Given,
        request: Request,
        how: SamplerSettings,
        known: inpainting.Known,
        jump: int,
        resamplings: int,
        hard_alpha: bool | None,
        batch_size: int | None,
        progress: Progress,
        palette: Palette | None,
    ) -> SpriteBatch:
        for name, value in (("jump", jump), ("resamplings", resamplings)):
            if value < 1:
                raise SettingsError(f"`{name}` must be at least 1, not {value}")
        steps = inpainting.evaluations(visited_pairs(how, self.schedule), resamplings)
        facts = {"jump": jump, "resamplings": resamplings}

        def walk(at: slice, told: Progress) -> Tensor:
            return inpainting.draw_around(
                self, how, request[at], known.rows(at), jump, resamplings, told
            )

        return self.draw(
            request, how, walk, evaluations=steps, hard_alpha=hard_alpha, batch_size=batch_size,
            progress=progress, given=palette, steered=Steered(by, facts, _sources(given), steps),
        )  # fmt: skip


def _steps(how: SamplerSettings) -> int:
    assert how.steps is not None
    return how.steps


def _at_least_one(n: int) -> int:
    if n < 1:
        raise SettingsError(f"`n` must be at least 1, not {n}")
    return n


def _sources(given: Given) -> tuple[dict[str, Any], ...]:
    return tuple({"source": name} for name in given.names)


def _encode(images: Images) -> Tensor:
    return pixels.encode(torch.from_numpy(np.ascontiguousarray(images)))


def _filled(batch: SpriteBatch, inside: NDArray[np.bool_]) -> Images:
    """The sprites with exactly the silhouette: a pixel inside is opaque, in a palette's colour."""
    images = batch.images.copy()
    images[~inside] = 0
    images[..., 3] = np.where(inside, np.uint8(255), np.uint8(0))
    if batch.palettes is not None:
        for image, own, palette in zip(images, inside, batch.palettes, strict=True):
            opaque = Palette(palette.colours[palette.colours[:, 3] == 255])
            image[own] = palettes.apply(image[own][None, None], opaque)[0, 0]
    return images
