"""Around what is known: parts of sprites, and the insides of silhouettes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spritelab import palette as palettes
from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.diffusion import evaluations, visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch, Steered
from spritelab.generate.request import Label, Request
from spritelab.generate.steering import inpainting
from spritelab.generate.steering.between import Between
from spritelab.generate.steering.drawing import at_least_one, encoded, sources_of
from spritelab.generate.steering.given import Given, Mask, Sprites, read_given, read_mask
from spritelab.palette import Palette
from spritelab.pixels import Images
from spritelab.progress import SILENT, Progress


@dataclass(frozen=True, eq=False)
class Around(Between):
    """``inpaint`` and ``outline``."""

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
                "there is nothing to draw: "
                + (
                    "no pixel is transparent; give a `mask`"
                    if mask is None
                    else "no pixel of `mask` is white"
                )
            )
        given, wanted = given.repeat(at_least_one(n)), wanted.repeat(n, axis=0)
        request = self._asked(given, seed, numbers, label, palette, own_colours=True)
        where = torch.from_numpy(~wanted)[:, None].expand(-1, self.channels, -1, -1)
        known = inpainting.Known(encoded(given.images), where)
        batch = self._draw_around(
            "inpaint",
            given,
            request,
            self._how(how, changes),
            known,
            jump,
            resamplings,
            hard_alpha,
            batch_size,
            progress,
            palette,
        )
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
        given = read_given(sprites, self).repeat(at_least_one(n))
        inside = given.images[..., 3] >= 128
        if not inside.any(axis=(1, 2)).all() or inside.all(axis=(1, 2)).any():
            raise SettingsError("a silhouette needs opaque and transparent pixels")
        request = self.request(len(given), seed, numbers, None, label, palette)
        shape = np.where(inside[..., None], np.uint8(255), np.uint8(0))
        where = torch.from_numpy(~inside)[:, None].repeat(1, 4, 1, 1)
        where[:, 3] = True
        known = inpainting.Known(encoded(shape.repeat(4, axis=3)), where)
        batch = self._draw_around(
            "outline",
            given,
            request,
            self._how(how, changes),
            known,
            jump,
            resamplings,
            hard_alpha,
            batch_size,
            progress,
            palette if isinstance(palette, Palette) else None,
        )
        return replace(batch, images=_filled(batch, inside))

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
        steps = inpainting.walked(visited_pairs(how, self.schedule), resamplings)
        made = evaluations(how, self.schedule, steps)
        facts = {"jump": jump, "resamplings": resamplings}

        def walk(at: slice, told: Progress) -> Tensor:
            return inpainting.draw_around(
                self, how, request[at], known.rows(at), jump, resamplings, told
            )

        return self.draw(
            request,
            how,
            walk,
            evaluations=len(steps),
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=progress,
            given=palette,
            steered=Steered(by, facts, sources_of(given), made),
        )


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
