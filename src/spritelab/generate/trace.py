"""The moments of a denoising, and their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spritelab import pictures
from spritelab.config import SamplerSettings
from spritelab.pictures import Ground, Picture
from spritelab.pixels import Images


@dataclass(frozen=True, eq=False)
class Frame:
    """One moment of the denoising.

    Attributes:
        t: the step that ``x_t`` is at; -1 is the finished sprite.
        x_t: the noisy sprites at t, uint8 ``[N,H,W,C]``.
        x0_hat: the clean sprites that the network sees in them, uint8 ``[N,H,W,C]``.
    """

    t: int
    x_t: Images
    x0_hat: Images

    def __repr__(self) -> str:
        return f"<Frame: {len(self.x_t)} sprites at t = {self.t}>"


class Trace:
    """A denoising from x_T to the finished sprites: ``steps`` + 1 frames; a notebook shows them.

    Frames are drawn when they are first asked for, and kept: 2 KiB for each RGBA sprite of 16×16
    and each step.

    Attributes:
        how: how the sprites are drawn, complete.
        sprites: how many.
    """

    def __init__(self, how: SamplerSettings, sprites: int, frames: Iterator[Frame]) -> None:
        self.how = how
        self.sprites = sprites
        self._coming = frames
        self._drawn: list[Frame] = []

    def __len__(self) -> int:
        assert self.how.steps is not None
        return self.how.steps + 1

    def __iter__(self) -> Iterator[Frame]:
        for number in range(len(self)):
            while len(self._drawn) <= number:
                self._drawn.append(next(self._coming))
            yield self._drawn[number]

    def __getitem__(self, number: int) -> Frame:
        """One frame; 0 is pure noise, -1 the finished sprites."""
        at = range(len(self))[number]
        return next(frame for place, frame in enumerate(self) if place == at)

    def __repr__(self) -> str:
        several = "sprite" if self.sprites == 1 else "sprites"
        return f"<Trace: {self.sprites:,} {several}, {self.how.name}>"

    def _repr_png_(self) -> bytes:
        return pictures.encode_png(self.strip())

    def strip(
        self,
        sprite: int = 0,
        *,
        title: str = "",
        most: int = 12,
        scale: int | None = None,
        background: Ground = "checker",
    ) -> Picture:
        """One sprite coming out of the noise: x_t above x̂_0, the true t under every frame.

        Args:
            sprite: which of those that are drawn.
            title: above the strip.
            most: frames that are shown: evenly spaced, the first and the last among them.
            scale, background: see ``pictures.short_strip``.
        """
        frames = list(self)
        strip = pictures.short_strip(
            [frame.x_t[sprite] for frame in frames],
            [frame.t for frame in frames],
            title,
            x0_hat=[frame.x0_hat[sprite] for frame in frames],
            most=most,
            scale=scale,
            background=background,
        )
        return pictures.to_pil(strip)

    def animate(
        self,
        path: str | Path,
        *,
        scale: int = 8,
        most: int = 60,
        seconds: float = 3.0,
        hold: float = 1.5,
        captions: bool = True,
        background: Ground | None = "checker",
    ) -> Path:
        """Write the denoising of all sprites as a GIF or an APNG, and return its path.

        Args:
            path: a name that ends in ``.gif``, or ``.apng`` or ``.png``, which keep every colour of
                the noise and, without a background, every opacity.
            scale: how many pixels a sprite's pixel is wide and high.
            most: frames at most: evenly spaced, the first and the last among them.
            seconds, hold: see ``pictures.save_animation``.
            captions: write below every frame the t that it stands at, the true one; the last, the
                finished sprite, is ``clean``. The file's comment has them all, either way.
            background: what shows through transparent pixels; None, for an APNG, nothing.

        Raises:
            DataError: no background for a GIF.
            SettingsError: for another ending, or a value out of range.
            StorageError: if the file cannot be written.
        """
        frames = list(self)
        gap = 0 if self.sprites == 1 else scale
        shown = [frames[i] for i in pictures.evenly(len(frames), most)]
        drawn = [pictures.grid(one.x_t, None, scale, gap, background=background) for one in shown]
        if captions:
            said = ["clean" if one.t == -1 else f"t = {one.t}" for one in shown]
            drawn = pictures.captioned(drawn, said)
        note = f"t of the frames: {', '.join(str(one.t) for one in shown)}"
        return pictures.save_animation(drawn, path, seconds=seconds, hold=hold, note=note)
