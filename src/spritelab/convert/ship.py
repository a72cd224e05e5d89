"""A run's model made into one that is shipped: smaller weights, figures, card, gallery."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import spritelab
from spritelab import pictures, runs
from spritelab.config import SamplerSettings
from spritelab.convert.card import (
    CardFacts,
    DistillingFacts,
    Figures,
    PrecisionCost,
    Training,
    load_facts,
    save_card,
)
from spritelab.errors import ModelError
from spritelab.evaluation import Evaluator, Extractor, find_split
from spritelab.evaluation.features import protocol
from spritelab.generate import (
    Model,
    ModelConfig,
    find_model,
    load_model,
    save_model,
)
from spritelab.generate.weights import Precision
from spritelab.progress import SILENT, Progress

COMPARED = 200
"""Sprites drawn with both precisions of the weights."""

PER_CLASS = 100
"""Sprites of a class in its picture."""


def ship_run(
    run: str | Path,
    folder: str | Path,
    *,
    circumstances: str,
    sampling: SamplerSettings | None = None,
    precision: Precision = "float16",
    n: int = 3000,
    hardware: str = "",
    gallery: str = "",
    source: str | None = None,
    extractor: Extractor | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> CardFacts:
    """Make a shipped model out of a run: its weights in less space, its figures and its card.

    Args:
        run: folder of a run that was trained, or of a student's distillation.
        folder: the new model folder; its name is the model's.
        circumstances: machine, versions, commit and date, in a line. It is given, because nobody
            can tell any more whether the tree was clean once a model has been written into it.
        sampling: how the model draws unless told otherwise; as the run says if not given.
        precision: what its weights are kept as.
        n: sprites to measure.
        hardware: what it was trained on, in words.
        gallery: where the card says that sprites of every class are shown, see ``draw_gallery``.
        source: where its sprites are, if the run does not say.
        extractor: the features, ``effnet`` if not given.
        device: where it draws; the best one found if not given.
        progress: told of the drawing and the measuring.

    Returns:
        What the card says.

    Raises:
        ModelError: if there is no run, or it has no model or no validation yet; of a student, if
            its teacher or that one's card is not there any more.
        DataError: if its sprites cannot be read.
        StorageError: if a file cannot be written.
    """
    run, folder = Path(run), Path(folder)
    full = load_model(run, device)
    training, distilling = _how_learnt(run, full.config, hardware)
    how = full.sampler_settings(sampling)
    split = find_split(run, full.config, source)
    config = full.config.model_copy(update={"version": spritelab.__version__, "sampling": how})
    save_model(
        folder,
        full.network.state_dict(),
        config,
        full.palettes,
        precision,
        moments=full.moments,
        guide=None if full.guide is None else full.guide.state_dict(),
    )
    kept = load_model(folder, device)
    facts = CardFacts(
        name=folder.resolve().name,
        parameters=sum(p.numel() for p in kept.network.parameters()),
        file_bytes=(folder / "model.safetensors").stat().st_size,
        training=training,
        distilling=distilling,
        precision=precision_cost(full, kept, how, precision),
        figures=_measure(Evaluator(kept, split, extractor, progress=progress), n, circumstances),
        gallery=gallery,
    )
    save_card(folder, config, facts)
    return facts


def measure_shipped(
    folder: str | Path,
    *,
    circumstances: str,
    n: int = 3000,
    source: str | None = None,
    extractor: Extractor | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> CardFacts:
    """Measure a shipped model again, and write its card anew.

    Weights and configuration stay as they are, and so does what the card says of the training and
    of float16. It draws as its folder says.

    Args:
        folder: the model folder, with a ``card.json``.
        circumstances, n, source, extractor, device, progress: as in ``ship_run``.

    Returns:
        What the card says.

    Raises:
        ModelError: if there is no model or no card.
        DataError: if its sprites cannot be read.
        StorageError: if a file cannot be written.
    """
    folder = Path(folder)
    facts = load_facts(folder)
    model = load_model(folder, device)
    split = find_split(folder, model.config, source)
    evaluator = Evaluator(model, split, extractor, progress=progress)
    facts = facts.model_copy(update={"figures": _measure(evaluator, n, circumstances)})
    save_card(folder, model.config, facts)
    return facts


def _how_learnt(
    run: Path, config: ModelConfig, hardware: str
) -> tuple[Training, DistillingFacts | None]:
    """How a run's model was trained; of a student its teacher, and how it was distilled."""
    if config.distilled is not None:
        record = runs.read_distillation(run)
        teacher = find_model(record.teacher.name)
        record.check_teacher(teacher, run)
        learning = record.settings.training.model_dump(
            include=_COPIED & set(DistillingFacts.model_fields)
        )
        minutes = _last(run, config)["seconds"] / 60
        distilling = DistillingFacts(minutes=minutes, hardware=hardware, **learning)
        return load_facts(teacher).training, distilling
    trained = runs.read_record(run)
    last = _last(run, config)
    training = Training(
        preset=trained.settings.preset,
        sprites=trained.data.train,
        held_out=trained.data.held_out,
        sprites_seen=round(last["epoch"] * trained.data.train),
        minutes=last["seconds"] / 60,
        hardware=hardware,
        train_loss=last["train_loss"],
        val_loss=last["val_loss"],
        **trained.settings.training.model_dump(include=_COPIED),
    )
    return training, None


def _last(run: Path, config: ModelConfig) -> dict[str, Any]:
    """The log of a run where its model's weights are from: the end, or early stopping's best."""
    log = runs.read_metrics(run)
    if not log:
        raise ModelError(f"{run} has no validation yet; train it on")
    return next((line for line in log if line["step"] == config.step), log[-1])


def precision_cost(
    full: Model,
    kept: Model,
    how: SamplerSettings | None = None,
    precision: Precision = "float16",
) -> PrecisionCost:
    """How far the sprites of weights kept with this precision lie from those in float32."""
    one, other = (
        protocol.to_rgb(model.sample(COMPARED, how).images).astype(np.float64)
        for model in (full, kept)
    )
    each = np.abs(one - other).mean(axis=(1, 2, 3))
    return PrecisionCost(
        kept=precision,
        sprites=COMPARED,
        mean_levels=float(each.mean()),
        worst=float(each.max()),
    )


def draw_gallery(model: Model, folder: str | Path, progress: Progress = SILENT) -> list[Path]:
    """Draw the first 100 sprites of seed 0 of every class: ``CLASS.png``.

    They are drawn as the model draws unless told otherwise, and none is picked.

    Raises:
        StorageError: if a picture cannot be written.
    """
    made = []
    for name in model.class_names:
        part = progress.part(f"gallery: {name}")
        images = model.sample(PER_CLASS, label=name, progress=part).images
        grid = pictures.grid(images, columns=20, scale=2, background="checker")
        made.append(pictures.save_png(grid, Path(folder) / f"{name}.png", about_sprites=True))
    return made


_COPIED = {"batch_size", "optimiser", "learning_rate", "t_power", "ema_width"}
"""Settings of a training that its card names."""


def _measure(evaluator: Evaluator, n: int, circumstances: str) -> Figures:
    found = evaluator.evaluate(n=n)
    assert found.how is not None
    unseen = None
    if evaluator.model.palettes is not None:
        unseen = evaluator.evaluate(n=n, palettes="held-out").as_dict()
    facts = found.as_dict()
    keys = asdict(found.measures).keys() | {"copying_score"}
    matched, floor = facts["matched"], found.floor.held_out
    return Figures(
        n=n,
        sampling=found.how,
        protocol=facts["protocol"],
        frechet_name=facts["frechet_name"],
        measures={key: facts[key] for key in sorted(keys)},
        unseen_palettes=None if unseen is None else {key: unseen[key] for key in sorted(keys)},
        matched=matched,
        floor=None if floor is None else asdict(floor),
        circumstances=circumstances,
    )
