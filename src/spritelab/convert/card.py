"""The card of a model: what it draws, what it was trained on and how, how good its sprites are.

``card.json`` beside the model's ``config.json`` holds the facts that the configuration does not;
``README.md`` is both in words. So a card can be written again, and a model measured again, where
the run that it came from is no longer at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from spritelab.config import SamplerSettings, Settings
from spritelab.convert.front_matter import is_plain, plain_class, shown
from spritelab.errors import ModelError, SettingsError
from spritelab.evaluation.formatting import MEASURES, figure
from spritelab.generate import ModelConfig
from spritelab.generate.weights import Precision
from spritelab.markup import code, plain
from spritelab.storage import read_record, write_file, write_record

FORMAT = 3
"""Version of ``card.json``; raised whenever old code could no longer read it.

2: figures of sprites in palettes that the model has never seen. 3: students; kept as int8.
"""

FACTS, CARD = "card.json", "README.md"


class Training(Settings):
    """How a model was trained."""

    preset: str = Field(description="that the run's settings began from")
    sprites: int = Field(description="training sprites")
    held_out: int = Field(description="sprites never trained on")
    batch_size: int
    sprites_seen: int = Field(description="over all updates")
    minutes: float
    hardware: str = Field(default="", description="what it was trained on, in words")
    optimiser: str
    learning_rate: float
    t_power: float
    ema_width: float
    train_loss: float = Field(description="of the last validation")
    val_loss: float = Field(description="of the last validation, on the held-out sprites")


class DistillingFacts(Settings):
    """How a student was distilled."""

    minutes: float
    hardware: str = Field(default="", description="what it was distilled on, in words")
    batch_size: int = Field(description="noises of an update")
    optimiser: str
    learning_rate: float


class PrecisionCost(Settings):
    """How far sprites of the weights in the file lie from those of the weights in float32.

    In levels of 255, with transparency laid on the colour of the evaluation.
    """

    kept: Precision = Field(default="float16", description="what the weights in the file are")
    sprites: int
    mean_levels: float = Field(description="mean over all values of all sprites")
    worst: float = Field(description="largest mean of one sprite")


class Figures(Settings):
    """What ``evaluate`` measured; the measures by the names that ``Measures`` gives them."""

    n: int
    sampling: SamplerSettings
    protocol: str
    frechet_name: str = Field(description="what the Fréchet distance of these features is called")
    measures: dict[str, float | None]
    matched: dict[str, float | None] | None = Field(
        default=None, description="the same at the number of the floor"
    )
    floor: dict[str, float | None] | None = Field(
        default=None, description="of held-out sprites in the place of drawn ones"
    )
    unseen_palettes: dict[str, float | None] | None = Field(
        default=None,
        description="of as many sprites in the palettes of held-out ones; of a palette head alone",
    )
    circumstances: str = Field(description="machine, versions, commit and date, in a line")


class CardFacts(Settings):
    """All that a card says and the model's ``config.json`` does not."""

    format: int = FORMAT
    name: str = Field(description="of the model, as in spritelab sample NAME")
    parameters: int
    file_bytes: int = Field(description="of model.safetensors")
    training: Training = Field(description="of a student: its teacher's")
    distilling: DistillingFacts | None = Field(default=None, description="of a student")
    precision: PrecisionCost
    figures: Figures
    gallery: str = Field(default="", description="where sprites of every class are shown")


def load_facts(folder: Path) -> CardFacts:
    """Read the facts of the card in a model folder.

    Raises:
        ModelError: if there is no card, or it is broken or of a later format.
    """
    path = folder / FACTS
    try:
        return CardFacts.parse(read_record(path, FORMAT), str(path))
    except SettingsError as error:
        raise ModelError(str(error)) from None


def save_card(folder: Path, config: ModelConfig, facts: CardFacts) -> None:
    """Write ``card.json`` and ``README.md`` into a model folder.

    Raises:
        StorageError: if a file cannot be written.
    """
    write_record(folder / FACTS, facts.model_dump(mode="json"))
    write_file(folder / CARD, write_card(config, facts))


def write_card(config: ModelConfig, facts: CardFacts) -> str:
    """The model card in Markdown."""
    learnt, cost, training = config.trained_on, facts.precision, facts.training
    kind = f"{config.size}×{config.size} {'RGBA' if config.channels == 4 else 'RGB'}"
    names = config.class_names
    classes = (
        f"{len(names)} {'class' if len(names) == 1 else 'classes'}: {', '.join(map(plain, names))}"
    )
    mirrored = "half of them shown mirrored, " if learnt.mirror else ""
    where = _where(training.hardware)
    network = config.network.model_dump(mode="json")
    layers = ", ".join(f"{key} {value}" for key, value in network.items())
    licence = f"that of the sprites they were learnt from, {plain(learnt.licence)}"
    begun = ""
    if learnt.parent is not None:
        begun = f"- **Begun from** the weights of {plain(learnt.parent.in_words())}.\n"
        licence += ", beside that of the model that they began from"
    source = f"{code(learnt.source)} ({plain(learnt.licence)})"
    whose, distilled = "Training", ""
    if facts.distilling is not None:
        whose, distilled = "Training of the teacher", _distilled(config, facts.distilling)
    drawn = "T·u" if training.t_power == 1 else f"T·u^{training.t_power:g}"
    updates = round(training.sprites_seen / training.batch_size)
    gallery = f"\nSprites of every class, unpicked: {facts.gallery}.\n" if facts.gallery else ""
    label = names[-1] if is_plain(names[-1]) else plain_class(config) or "none"
    return f"""# {plain(facts.name)}

Draws {kind} sprites of {classes}.

```sh
spritelab sample {shown(facts.name)} --label {shown(label)} -n 20
```

- **Data**: {training.sprites:,} sprites of {source}, {mirrored}and
  {training.held_out:,} more that were never shown.
{begun}- **Licence** of the weights: {licence}.
- **Network**: {facts.parameters:,} parameters, preset {code(training.preset)}
  ({layers});
  {facts.file_bytes / 2**20:.1f} MiB as {cost.kept}.
{distilled}- **{whose}**: {updates:,} updates of {training.batch_size},
  {training.sprites_seen:,} sprites, in {training.minutes:.0f} minutes{where};
  {config.prediction}-prediction, {config.schedule.name} schedule,
  t = {drawn}, {plain(training.optimiser)} at a peak learning rate of
  {training.learning_rate:g}. The weights are the average of the run's end
  (`ema_width` {training.ema_width:g}). Held-out loss {training.val_loss:.4f}, training loss
  {training.train_loss:.4f} (error of ε̂).
- **{cost.kept} on disk** moves a sprite's colours by {cost.mean_levels:.2f} levels of 255 on
  average, {cost.worst:.2f} at worst, over {cost.sprites} sprites.

## Figures

{_figures(facts.figures)}{gallery}"""


def _distilled(config: ModelConfig, distilling: DistillingFacts) -> str:
    learnt, student = config.trained_on, config.distilled
    assert learnt.parent is not None, "a student has a teacher"
    assert student is not None, "it is a student"
    where, steps = _where(distilling.hardware), config.own_sampling.steps
    return f"""- **Distilled** from {code(learnt.parent.name)}, to draw in {steps} steps:
  {config.step:,} updates of {distilling.batch_size} noises, in {distilling.minutes:.0f}
  minutes{where}; {plain(distilling.optimiser)} at a peak learning rate of
  {distilling.learning_rate:g}. It draws {student.in_words()}.
"""


def _where(hardware: str) -> str:
    return f" on {plain(hardware)}" if hardware else ""


def _figures(figures: Figures) -> str:
    columns = [(f"n = {figures.n:,}", figures.measures)]
    told = f"{figures.sampling.name}, protocol {plain(figures.protocol)}."
    if figures.matched and figures.floor:
        n = f"n = {figures.floor['n']:,.0f}"
        columns += [(n, figures.matched), (f"floor, {n}", figures.floor)]
        told += (
            " The floor is the\nheld-out sprites, measured as if the model had drawn them; the "
            "column before it is the model\nat that same number."
        )
    if figures.unseen_palettes:
        columns.append((f"n = {figures.n:,}, unseen palettes", figures.unseen_palettes))
        told += (
            " Sprites borrow their\npalettes from training sprites; those of the last column from "
            "held-out ones, whose palettes the\nmodel has never seen."
        )
    rows = [(key, name or plain(figures.frechet_name), scale) for key, name, scale in MEASURES]
    rows.append(("copying_score", "C_T (copying below −3)", 1))
    lines = [f"|  | {' | '.join(title for title, _ in columns)} |"]
    lines.append(f"|---|{'---:|' * len(columns)}")
    for key, name, scale in rows:
        if not any(key in side for _, side in columns):
            continue  # measured before there was this measure
        cells = [_cell(side, key, scale) for _, side in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return f"{told}\n\n" + "\n".join(lines) + f"\n\n{plain(figures.circumstances)}\n"


def _cell(side: Mapping[str, Any], key: str, scale: float) -> str:
    value = side.get(key)
    return figure(None if value is None else value * scale)
