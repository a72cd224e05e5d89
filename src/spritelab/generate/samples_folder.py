"""Folders of sprites: one PNG a sprite and a list of what they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import numpy as np

from spritelab.data.metadata import SAMPLES
from spritelab.pictures import samples_picture, save_png
from spritelab.pixels import Images
from spritelab.storage import (
    ListDigest,
    check_replaceable,
    filling,
    read_json,
    to_json,
    writing,
)

if TYPE_CHECKING:
    from spritelab.generate.batch import SpriteBatch
    from spritelab.generate.trace import Trace

PICTURES = ("grid.png", "denoising.png")
"""Pictures of all sprites, which may lie beside them."""

SHOWN = 1024
"""Sprites that ``grid.png`` shows at most: the first ones."""

FORMAT = 2
"""Version of ``samples.json``.

2: sprites have numbers of one seed, where each had a seed of its own.
"""


def save_batch(
    batch: SpriteBatch, folder: Path, *, overwrite: bool = False, trace: Trace | None = None
) -> Path:
    """Write a batch, see ``SpriteBatch.save``; of a ``trace`` also ``denoising.png``."""
    seconds = round(batch.seconds, 3)
    return save_batches([batch], len(batch), folder, seconds, overwrite=overwrite, trace=trace)


def save_batches(
    batches: Iterable[SpriteBatch],
    count: int,
    folder: Path,
    seconds: float,
    *,
    overwrite: bool = False,
    trace: Trace | None = None,
) -> Path:
    """Write the folder of one batch, handed over in parts: no more than one is held at a time.

    Args:
        batches: in the order of the sprites, all drawn in the same way; several are of one seed.
        count: sprites in all of them, at least 1.
        folder: where, as in ``SpriteBatch.save``.
        seconds: that drawing took, all together.
        overwrite: as in ``SpriteBatch.save``.
        trace: of the first sprite, for ``denoising.png``.

    Raises:
        SettingsError, StorageError: as ``SpriteBatch.save``.
    """
    with replacing(folder, overwrite) as aside:
        parts = iter(batches)
        first = next(parts)
        seeds = sorted(set(first.seeds.tolist()))
        title = ": ".join(part for part in (first.model, first.how.name) if part)
        if len(seeds) == 1:
            title += f", seed {seeds[0]}"
        shown: list[Images] = []
        with _listing(aside, count, _facts(first, seeds, seconds)) as add:
            for batch in chain([first], parts):
                add(batch.images, _listed(batch, len(seeds) > 1))
                shown.append(batch.images[: SHOWN - sum(map(len, shown))])
        samples_picture(np.concatenate(shown), aside / "grid.png", title)
        if trace is not None:
            save_png(trace.strip(title=title), aside / "denoising.png", about_sprites=True)
    return folder


def _facts(batch: SpriteBatch, seeds: Sequence[int], seconds: float) -> dict[str, Any]:
    """What ``samples.json`` says of all sprites."""
    facts: dict[str, Any] = {
        "model": batch.model,
        **batch.how.model_dump(mode="json"),
        "seed": seeds[0] if len(seeds) == 1 else None,
        "nfe": batch.nfe,
        "seconds": seconds,
    }
    if batch.given is not None:
        facts["palette"] = list(batch.given.hex)
    if batch.steered is not None:
        facts["steered"] = {"by": batch.steered.by, **batch.steered.facts}
    return facts


def _listed(batch: SpriteBatch, own_seeds: bool) -> list[dict[str, Any]]:
    """What ``samples.json`` says of each sprite."""
    listed: list[dict[str, Any]] = []
    for i, number in enumerate(batch.numbers.tolist()):
        sprite: dict[str, Any] = {"seed": int(batch.seeds[i])} if own_seeds else {}
        sprite |= {"number": number, "label": batch.asked[i] if batch.asked else None}
        if batch.palettes is not None and batch.lenders is not None:
            sprite["palette"] = list(batch.palettes[i].hex)
            sprite["palette_of"] = int(batch.lenders[i]) if batch.lenders[i] >= 0 else None
        if batch.steered is not None:
            sprite["steered"] = dict(batch.steered.each[i])
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
    with _listing(folder, len(images), facts) as add:
        add(images, sprites)


@contextmanager
def _listing(
    folder: Path, count: int, facts: Mapping[str, Any]
) -> Iterator[Callable[[Images, Sequence[Mapping[str, Any]]], None]]:
    """Give what writes sprites, part after part; ``samples.json`` is there when the block ends.

    The list is written as it comes, so that it need not fit into memory: the same text that
    ``write_record`` would write.
    """
    digits = max(4, len(str(count - 1)))
    record = {"format": FORMAT, **facts}
    head, _ = to_json({**record, "sprites": []}).rsplit("[]", 1)
    seal, done = ListDigest(record, "sprites"), 0
    with writing(folder / SAMPLES) as file:
        file.write(f"{head}[".encode())

        def add(images: Images, sprites: Sequence[Mapping[str, Any]]) -> None:
            nonlocal done
            for image, sprite in zip(images, sprites, strict=True):
                name = f"{done:0{digits}d}.png"
                save_png(image, folder / name)
                item = {"file_name": name, **sprite}
                seal.add(item)
                text = indent(to_json(item).rstrip("\n"), "    ")
                file.write(f"{',' if done else ''}\n{text}".encode())
                done += 1

        yield add
        end = "\n  ]" if done else "]"
        file.write(f'{end},\n  "digest": "{seal.hexdigest()}"\n}}\n'.encode())


def check_free(folder: Path, overwrite: bool = False) -> None:
    """Raise ``SettingsError`` if sprites may not be written to ``folder``.

    With ``overwrite`` it may be one that ``save_sprites`` filled; see ``check_replaceable``.
    """
    check_replaceable(
        folder,
        overwrite,
        lambda: not _strangers(folder),
        parameter="folder",
        what="sprites",
        it="them",
    )


def _strangers(folder: Path) -> set[str]:
    """Return the names in ``folder`` that are no work of ``save_sprites`` and its callers.

    A list can claim any file, so that what it lists must also be called as sprites are.
    """
    there = {path.name for path in folder.iterdir()}
    folders = {path.name for path in folder.iterdir() if path.is_dir()}
    try:
        listed = {sprite["file_name"] for sprite in read_json(folder / SAMPLES)["sprites"]}
    except (OSError, ValueError, KeyError, TypeError):
        return there
    sprites = {name for name in there & listed if re.fullmatch(r"\d{4,}\.png", name)}
    return (there - {SAMPLES, *PICTURES} - sprites) | folders


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
