"""A sheet as PNG: with a palette where its colours are few, exactly either way."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from spritelab.palette.colours import distinct, pack
from spritelab.palette.indexed import LARGEST
from spritelab.pixels import Images


def encode_png(picture: Images) -> bytes:
    """Encode a picture, uint8 RGBA ``[h,w,4]``, as PNG.

    With at most 256 colours it has a palette, in the order of ``Palette``, and a tRNS chunk for the
    opacities that are not full. Otherwise it is RGBA, or RGB if nothing can be seen through.
    """
    packed = pack(picture)
    file = io.BytesIO()
    if len(np.unique(packed)) > LARGEST:
        opaque = bool((picture[..., 3] == 255).all())
        Image.fromarray(picture[..., :3] if opaque else picture).save(file, format="PNG")
        return file.getvalue()
    colours, indices = distinct(packed, 4)
    image = Image.fromarray(indices.astype(np.uint8), mode="P")
    image.putpalette(colours[:, :3].tobytes())
    opacities = colours[:, 3]
    soft = np.flatnonzero(opacities != 255)
    extra = {"transparency": opacities[: soft[-1] + 1].tobytes()} if len(soft) else {}
    image.save(file, format="PNG", optimize=picture.size < 1 << 22, **extra)
    return file.getvalue()
