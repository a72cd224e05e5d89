"""Folders of sprites: one PNG a sprite and a list of what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spritelab.data.metadata import SAMPLES
from spritelab.errors import SettingsError
from spritelab.pictures import samples_picture, save_png
from spritelab.pixels import Images
from spritelab.storage import filling, read_json, write_json

if TYPE_CHECKING:
    from spritelab.generate.batch import SpriteBatch
    from spritelab.generate.trace import Trace

PICTURES = ("grid.png", "denoising.png")
"""Pictures of all sprites, which may lie beside them."""

FORMAT = 2
"""Version of ``samples.json``.

2: sprites have numbers of one seed, where each had a seed of its own.
"""


def save_batch(
    batch: SpriteBatch, folder: Path, *, overwrite: bool = False, trace: Trace | None = None
) -> Path:
    """Write a batch, see ``SpriteBatch.save``; of a ``trace`` also ``denoising.png``."""
    title = ": ".join(part for part in (batch.model, batch.how.name) if part)
    seeds = sorted(set(batch.seeds.tolist()))
    if len(seeds) == 1:
        title += f", seed {seeds[0]}"
    facts: dict[str, Any] = {
        "model": batch.model,
        **batch.how.model_dump(mode="json"),
        "seed": seeds[0] if len(seeds) == 1 else None,
        "nfe": batch.nfe,
        "seconds": round(batch.seconds, 3),
    }
    if batch.given is not None:
        facts["palette"] = list(batch.given.hex)
    with replacing(folder, overwrite) as aside:
        save_sprites(batch.images, aside, _listed(batch, len(seeds) > 1), facts)
        samples_picture(batch.images, aside / "grid.png", title)
        if trace is not None:
            save_png(trace.strip(title=title), aside / "denoising.png", about_sprites=True)
    return folder


def _listed(batch: SpriteBatch, own_seeds: bool) -> list[dict[str, Any]]:
    """What ``samples.json`` says of each sprite."""
    listed: list[dict[str, Any]] = []
    for i, number in enumerate(batch.numbers.tolist()):
        sprite: dict[str, Any] = {"seed": int(batch.seeds[i])} if own_seeds else {}
        sprite |= {"number": number, "label": batch.asked[i] if batch.asked else None}
        if batch.palettes is not None and batch.lenders is not None:
            sprite["palette"] = list(batch.palettes[i].hex)
            sprite["palette_of"] = int(batch.lenders[i]) if batch.lenders[i] >= 0 else None
        listed.append(sprite)
    return listed


def save_sprites(
    images: Images,
    folder: Path,
    sprites: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> None:
    """Write every sprite as a PNG of its own size, and ``samples.json`` about them.

    Args:
        images: uint8 ``[N,H,W,C]``.
        folder: where; sprites are named ``0000.png`` …, with as many digits as needed.
        sprites: one mapping a sprite; its ``file_name`` is added.
        facts: about all of them.

    Raises:
        StorageError: if something cannot be written.
    """
    digits = max(4, len(str(len(images) - 1)))
    names = [f"{k:0{digits}d}.png" for k in range(len(images))]
    for image, name in zip(images, names, strict=True):
        save_png(image, folder / name)
    listed = [{"file_name": name, **sprite} for name, sprite in zip(names, sprites, strict=True)]
    record = {"format": FORMAT, **facts, "sprites": listed}
    write_json(folder / SAMPLES, record)


def check_free(folder: Path, overwrite: bool = False) -> None:
    """Raise ``SettingsError`` if sprites may not be written to ``folder``.

    It must not exist or be empty; with ``overwrite`` it may also be one that ``save_sprites``
    filled. A folder with anything else in it is never replaced, nor is the current one.
    """
    if Path.cwd().is_relative_to(folder.resolve()):
        raise SettingsError(f"{folder} is where you are; choose another `folder`")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not folder.is_dir() or _strangers(folder):
        raise SettingsError(f"{folder} exists and holds other files; choose another `folder`")
    if not overwrite:
        raise SettingsError(
            f"{folder} holds sprites already; choose another `folder`, or `overwrite` them"
        )


def _strangers(folder: Path) -> set[str]:
    """Return the names in ``folder`` that are no work of ``save_sprites`` and its callers."""
    there = {path.name for path in folder.iterdir()}
    try:
        listed = read_json(folder / SAMPLES)["sprites"]
        return there - {SAMPLES, *PICTURES, *(sprite["file_name"] for sprite in listed)}
    except (OSError, ValueError, KeyError, TypeError):
        return there


@contextmanager
def replacing(folder: Path, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder aside to fill, which takes the place of ``folder`` if the block succeeds.

    Raises:
        SettingsError: as ``check_free``.
        StorageError: if the folder cannot be written; the old one is then still there.
    """
    check_free(folder, overwrite)
    with filling(folder) as aside:
        yield aside
