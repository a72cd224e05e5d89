"""The one place where pixels become model values and model values become pixels.

On disk and at every public boundary a sprite is uint8 ``[N,H,W,C]`` with C = 3 (RGB) or 4 (RGBA,
straight alpha). Inside a model it is float32 ``[N,C,H,W]`` in [-1, 1]. ``encode`` and ``decode``
are the only crossings, and they are exact inverses on uint8: no colour is ever rescaled per image.

A fully transparent pixel has no colour. Its hidden RGB is set to black (0, 0, 0) by
``clear_hidden`` before it can reach a model, so that a network never learns what nobody can see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

Images = NDArray[np.uint8]
Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)


def check_images(images: Images) -> None:
    """Raise ``DataError`` unless ``images`` is uint8 ``[N,H,W,3]`` or ``[N,H,W,4]``."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (3, 4):
        raise DataError(
            "sprites must be uint8 of shape [N,H,W,3] or [N,H,W,4], "
            f"not {images.dtype} of shape {list(images.shape)}"
        )


def encode(images: Tensor) -> Tensor:
    """Take uint8 pixels ``[N,H,W,C]`` to model values: float32 ``[N,C,H,W]`` in [-1, 1].

    0 becomes -1 and 255 becomes 1, the same for every channel, alpha included.
    """
    return images.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1.0


def decode(x: Tensor) -> Images:
    """Take model values ``[N,C,H,W]`` to uint8 pixels ``[N,H,W,C]`` on the CPU.

    Rounds to the nearest level and clips to [0, 255]; ``decode(encode(p))`` is ``p``.
    """
    levels = ((x.detach().float() + 1.0) * 127.5).round().clamp(0, 255)
    pixels: Images = levels.permute(0, 2, 3, 1).contiguous().byte().cpu().numpy()
    return pixels


def clear_hidden(images: Images) -> Images:
    """Return RGBA sprites with the colour of fully transparent pixels set to black.

    Sprites without such a colour, RGB ones among them, are returned as they are, not copied.
    """
    if images.shape[-1] == 3 or not images.size:
        return images
    whole = np.ascontiguousarray(images).view(np.uint32)  # a pixel at a time: four times as quick
    shown = images[..., 3:] != 0
    if bool((shown | (whole == 0)).all()):
        return images
    cleared: Images = (whole * shown).view(np.uint8)
    return cleared


def harden_alpha(images: Images, threshold: int = 128) -> Images:
    """Make every pixel opaque or fully transparent: alpha ≥ ``threshold`` becomes 255, else 0."""
    if images.shape[-1] == 3:
        return images
    hard = images.copy()
    hard[..., 3] = np.where(images[..., 3] >= threshold, 255, 0)
    return clear_hidden(hard)


def settle_alpha(images: Images, margin: int = 16) -> Images:
    """Make pixels that are almost transparent or almost opaque so altogether; keep soft edges.

    A network's alpha lands a few levels beside 0 and 255, which no eye sees but every engine
    blends. Alpha ≤ ``margin`` becomes 0 and alpha ≥ 255 - ``margin`` becomes 255.
    """
    if images.shape[-1] == 3:
        return images
    settled = images.copy()
    alpha = images[..., 3]
    settled[..., 3] = np.where(alpha <= margin, 0, np.where(alpha >= 255 - margin, 255, alpha))
    return clear_hidden(settled)


def composite(images: Images, background: Colour = WHITE) -> Images:
    """Lay RGBA sprites on a plain colour: RGB ``[N,H,W,3]``, rounded to the nearest level.

    RGB sprites are returned unchanged. Source: Porter and Duff 1984, the *over* operator.
    """
    if images.shape[-1] == 3:
        return images
    rgb = images[..., :3].astype(np.uint32)
    alpha = images[..., 3:].astype(np.uint32)
    under = np.asarray(background, dtype=np.uint32)
    return ((rgb * alpha + under * (255 - alpha) + 127) // 255).astype(np.uint8)


def with_channels(images: Images, channels: int, background: Colour = WHITE) -> Images:
    """Return the sprites as RGB (3), laid on ``background``, or as RGBA (4), opaque if RGB came."""
    if channels == images.shape[-1]:
        return images
    if channels == 3:
        return composite(images, background)
    if channels == 4:
        opaque = np.full((*images.shape[:-1], 1), 255, dtype=np.uint8)
        return np.concatenate([images, opaque], axis=-1)
    raise DataError(f"sprites have 3 channels (RGB) or 4 (RGBA), not {channels}")


def upscale(images: Images, factor: int) -> Images:
    """Repeat every pixel ``factor`` × ``factor`` times: pixel art is never interpolated."""
    if factor < 1:
        raise DataError(f"the scale must be a whole number of at least 1, not {factor}")
    scaled: Images = images.repeat(factor, axis=1).repeat(factor, axis=2)
    return scaled


def downscale(images: Images, factor: int) -> Images:
    """Shrink by a whole ``factor``: the alpha-weighted mean of every ``factor`` × ``factor`` block.

    Each colour weighs by its alpha, so that transparent pixels do not bleed into edges; the new
    alpha is the plain mean. Rounded to the nearest level.

    Raises:
        DataError: unless height and width are multiples of ``factor``.
    """
    n, height, width, channels = images.shape
    if factor < 1 or height % factor or width % factor:
        raise DataError(f"{width}×{height} sprites cannot be shrunk {factor} times evenly")
    blocks = images.reshape(n, height // factor, factor, width // factor, factor, channels)
    if channels == 3:
        mean: Images = np.rint(blocks.mean(axis=(2, 4), dtype=np.float64)).astype(np.uint8)
        return mean
    alpha = blocks[..., 3:].astype(np.float64)
    weight = alpha.sum(axis=(2, 4))
    colour = (blocks[..., :3] * alpha).sum(axis=(2, 4)) / np.maximum(weight, 1.0)
    out = np.concatenate([colour, weight / factor**2], axis=-1)
    return clear_hidden(np.rint(out).astype(np.uint8))
