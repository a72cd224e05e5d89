"""A worker's own part of a drawing, written so that it can be killed and run again."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from spritelab.config import SamplerSettings
from spritelab.errors import ModelError, SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.identity import model_identity
from spritelab.generate.model import Model
from spritelab.generate.shards.blocks import (
    Drawing,
    Machine,
    ShardFiles,
    ShardRecord,
    files_of,
    load_block,
    read_shard,
    save_block,
)
from spritelab.generate.shards.ranges import Shard, grain_of
from spritelab.palette import Palette
from spritelab.progress import SILENT, Progress
from spritelab.storage import check_writable, write_record


def draw_shard(
    model: Model,
    folder: str | Path,
    shard: Shard,
    n: int,
    how: SamplerSettings | None = None,
    *,
    seed: int = 0,
    label: str | Mapping[str, float] | None = None,
    palette: Palette | None = None,
    whole: bool = False,
    hard_alpha: bool | None = None,
    batch_size: int | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> tuple[Path, bool]:
    """Draw a worker's part of the sprites 0 … n - 1 of a seed.

    They are written in blocks, and ``shard.json`` last: a shard that has it is done, and nothing is
    drawn. One that was killed goes on after its last block. Memory does not grow with n.

    Args:
        model: what draws.
        folder: of all shards; this one is written to ``shard.folder`` in it.
        shard: which part this is.
        n: sprites in all shards.
        how: as in ``Model.sample``.
        seed: of all sprites.
        label: a class or a mix for all sprites, as in ``Model.sample``.
        palette: as in ``Model.sample``; with ``whole`` each sprite is drawn in all of it.
        whole: see ``palette``.
        hard_alpha, batch_size: as in ``Model.sample``; the same for all shards, or they cannot be
            merged.
        overwrite: draw it again where another drawing is in its folder.
        progress: told of the network evaluations, sprites × steps.

    Returns:
        The shard's folder, and whether anything was drawn.

    Raises:
        SettingsError: as ``Model.sample``, if the folder holds another drawing, and if the device's
            memory does not hold a batch: a smaller one would round otherwise than those of others.
        StorageError: if something cannot be written.
    """
    how = model.sampler_settings(how)
    batch_size = model.batch_size if batch_size is None else batch_size
    if batch_size < 1:
        raise SettingsError(f"batch_size must be at least 1, not {batch_size}")
    if not 1 <= n <= 2**32:
        raise SettingsError(f"the number of sprites must lie in 1 … 2^32, not {n}")
    drawing = Drawing(
        model=model.name,
        weights=model_identity(model),
        sampling=how,
        seed=seed,
        count=n,
        batch_size=batch_size,
        label=label if label is None or isinstance(label, str) else dict(label),
        palette=None if palette is None else palette.hex,
        whole=whole,
        hard_alpha=hard_alpha,
        class_names=model.class_names,
    )
    grain = grain_of(batch_size)
    files = files_of(Path(folder) / shard.folder, drawing, shard.numbers(n, grain), grain)
    if _is_done(files, shard, overwrite):
        return files.folder, False
    # Mistakes are told before anything is written, by shards without sprites as well.
    model.request(1, seed, None, None, label, [palette] if palette and whole else palette)
    check_writable(files.folder)
    seconds = _draw(model, files, palette, progress)
    record = ShardRecord(
        drawing=drawing,
        shard=shard.index,
        of=shard.of,
        first=files.numbers.start,
        stop=files.numbers.stop,
        seconds=seconds,
        machine=this_machine(model.device),
    )
    write_record(files.record, record.model_dump(mode="json"))
    for path in files.left_over():
        path.unlink(missing_ok=True)
    return files.folder, True


def _is_done(files: ShardFiles, shard: Shard, overwrite: bool) -> bool:
    """Whether the shard is there, whole; what stands in its way is taken away or refused."""
    if not files.record.exists():
        return False
    with suppress(ModelError):  # a broken record counts as none
        found = read_shard(files.folder)
        if (found.drawing, found.shard, found.of) == (files.drawing, shard.index, shard.of):
            if all(path.is_file() for _, path in files.blocks()):
                return True
        elif not overwrite:
            name = first_difference(found.drawing, files.drawing)
            raise SettingsError(
                f"{files.folder} holds a shard of another drawing ({name}); choose another "
                "`folder`, or `overwrite` it"
            )
    files.record.unlink()
    return False


def first_difference(one: Drawing, other: Drawing) -> str:
    """What differs between two drawings, in words: ``seed 0, not 1``."""
    for name in Drawing.model_fields:
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours != theirs:
            if name == "weights":
                return "another model"
            if isinstance(ours, SamplerSettings):
                return f"{ours.name}, not {theirs.name}"
            return f"{name.replace('_', ' ')} {ours}, not {theirs}"
    return "another number of shards"


def _draw(model: Model, files: ShardFiles, palette: Palette | None, progress: Progress) -> float:
    """Draw the blocks that are not there; the seconds of all of them."""
    steps = files.drawing.sampling.steps
    assert steps is not None
    total, done, seconds = len(files.numbers) * steps, 0, 0.0
    for numbers, path in files.blocks():
        block = load_block(path, files.drawing, numbers)
        if block is None:
            told = progress.part(before=done, total=total)
            block = _block(model, files.drawing, numbers, palette, told)
            save_block(path, block)
        seconds += block.seconds
        done += len(numbers) * steps
        progress(done, total)
    return seconds


def _block(
    model: Model, drawing: Drawing, numbers: range, palette: Palette | None, progress: Progress
) -> SpriteBatch:
    """Draw some sprites, in the batches that one worker alone would draw them in."""
    how = drawing.sampling
    assert how.steps is not None
    own = [palette] * len(numbers) if palette is not None and drawing.whole else palette
    request = model.request(None, drawing.seed, numbers, None, drawing.label, own)

    def walk(rows: slice, told: Progress) -> Tensor:
        part = request[rows]
        try:
            return model.walk(how, part, model.first_noise(part), told)
        except torch.OutOfMemoryError:
            raise SettingsError(
                f"the device's memory does not hold {drawing.batch_size} sprites at a time; give "
                "all shards a smaller `batch_size`"
            ) from None

    return model.draw(
        request,
        how,
        walk,
        evaluations=how.steps,
        hard_alpha=drawing.hard_alpha,
        batch_size=drawing.batch_size,
        progress=progress,
        given=None if drawing.whole else palette,
    )


def this_machine(device: torch.device) -> Machine:
    """What draws here."""
    name = platform.processor() or platform.machine()
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    return Machine(torch=torch.__version__, device=name, threads=torch.get_num_threads())
