"""``spritelab data inspect``: what is in a set of sprites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from spritelab.cli import console, options
from spritelab.cli.reading import Size, SourceName, reading_options
from spritelab.config import DataSettings
from spritelab.errors import MissingExtraError

if TYPE_CHECKING:
    from rich.table import Table

    from spritelab.data import Inspection, Spread, SpriteSet


SOFT_ART = (
    "a palette head learns the sprites with that change; a larger data.palette changes them less; "
    "training.prediction=v learns them as they are"
)
"""What to do with sprites of more colours than `data.palette` auto allows."""


def _option(name: str, *names: str) -> Any:
    return options.setting(DataSettings, name, *names)


@reading_options("How sprites are read")
def inspect(
    source: SourceName,
    size: Size = None,
    count: Annotated[int | None, _option("count", "-n", "--count")] = None,
    out: Annotated[Path, typer.Option(help="folder for the contact sheet")] = Path(),
    json: options.Json = None,
    *,
    reading: dict[str, Any],
) -> None:
    """Say what is in a set of sprites, and draw a contact sheet of it.

    Counts, classes, copies, groups, colours, palettes and transparency; what was left out and why;
    and advice. The contact sheet is inspect-NAME.png, here or in the folder that --out names.
    With --snap, inspect-NAME-snapped.png shows pictures before and after.
    Of a model, or of a run's folder, it says what the model is and what it was trained on.
    """
    from spritelab import data, pictures
    from spritelab.storage import check_file, check_writable, write_json

    if json is not None:
        check_file(json)
    named = source in data.NAMES and not Path(source).is_dir()
    if not named and _holds_model(Path(source)):
        from spritelab.generate import find_model, read_config

        config = read_config(find_model(source))
        console.out.print(
            Text(_name(Path(source)), style="bold"), _rows(config.in_words()), sep="\n"
        )
        if json is not None:
            console.wrote(write_json(json, config.model_dump(mode="json")))
        return
    check_writable(out)
    with console.progress("reading", transient=True) as report:
        sprites = data.load(
            source,
            size=size,
            n=count,
            progress=report,
            **reading,
        )
    with console.console.status("counting"):
        facts = data.inspect(sprites)
    name = source if named else _name(Path(source))
    picture = pictures.contact_sheet_picture(
        sprites.images,
        sprites.labels,
        sprites.class_names,
        out / f"inspect-{name}.png",
        f"{name}: {facts.n:,} sprites, {facts.size}×{facts.size}",
    )
    console.out.print(Text(name, style="bold"), _facts(facts), _classes(facts), sep="\n")
    parents = _parents(sprites, facts)
    _say_more(facts, parents)
    console.wrote(picture)
    pairs = data.before_and_after(source, **reading) if not named else []
    if pairs:
        path = out / f"inspect-{name}-snapped.png"
        console.wrote(pictures.before_and_after_picture(pairs, path, f"{name}: as it is, snapped"))
    if json is not None:
        console.wrote(write_json(json, {**facts.as_dict(), "parents": parents}))


def _parents(sprites: SpriteSet, facts: Inspection) -> dict[str, float]:
    """Of few sprites: the loss on them of the models that a training could begin from."""
    from spritelab.data.inspection import FEW

    if facts.distinct_up_to_mirror >= FEW:  # torch is not loaded for nothing
        return {}
    try:
        from spritelab import runs
    except MissingExtraError:  # who cannot train needs no model to begin from
        return {}
    return runs.parents_of_few(sprites, facts)


def _holds_model(folder: Path) -> bool:
    """Whether it is a model or a run; torch is not loaded to see that a folder is none."""
    if folder.exists():
        weights = ("model.safetensors", "model/model.safetensors", "model_index.json")
        return any((folder / name).is_file() for name in weights)
    from spritelab.generate import shipped_models

    return str(folder) in shipped_models()


def _name(path: Path) -> str:
    """Return what a source is called in titles and file names."""
    path = path.resolve()
    return (path.name if path.is_dir() else path.stem) or "sprites"


def _facts(facts: Inspection) -> Table:
    """Lay out the figures of a whole set."""
    kind = "RGBA" if facts.channels == 4 else "RGB"
    rows = [
        ("sprites", f"{facts.n:,}, {facts.size}×{facts.size} {kind}"),
        ("distinct", f"{facts.distinct:,}"),
        ("distinct up to mirroring", f"{facts.distinct_up_to_mirror:,}"),
        ("groups kept whole in a split", f"{facts.groups:,}"),
        ("sprites in a group", _spread(facts.group_sizes)),
        ("colours in a sprite", _spread(facts.colours)),
        *_palettes(facts),
    ]
    if facts.channels == 4:
        rows += [
            ("transparent pixels", f"{facts.transparent:.1%}"),
            ("partly transparent pixels", f"{facts.partly_transparent:.1%}"),
        ]
    rows += [("from", facts.provenance.url or facts.provenance.source)]
    rows += [("licence", facts.provenance.licence)]
    return _rows(rows)


def _rows(rows: list[tuple[str, str]]) -> Table:
    """Lay out names and values."""
    from rich import box
    from rich.table import Column, Table

    table = Table(Column(), Column(overflow="fold"), show_header=False, box=box.SIMPLE)
    for label, value in rows:
        table.add_row(label, Text(value))
    return table


def _classes(facts: Inspection) -> Table:
    """Lay out the classes with their counts."""
    from rich import box
    from rich.table import Column, Table

    right = (Column(title, justify="right") for title in ("sprites", "distinct"))
    table = Table(Column("class"), *right, Column("may be mirrored"), box=box.SIMPLE)
    for one in facts.classes:
        mirrored = "yes" if one.mirrorable else "no"
        table.add_row(Text(one.name), f"{one.n:,}", f"{one.distinct:,}", mirrored)
    return table


def _say_more(facts: Inspection, parents: dict[str, float]) -> None:
    """Say what was left out, what was decided on the way, and what to look at."""
    from spritelab.data.text import some

    def say(line: str) -> None:
        console.out.print(spelled(line), soft_wrap=True, markup=False, highlight=False)

    spelled = console.speller()
    if facts.left_out:
        say(f"left out: {sum(len(one) for one in facts.left_out):,}")
        for one in facts.left_out:
            say(f"  {len(one):,} {one.reason}: {some(one.names)}")
    for title, lines in (("note", facts.notes), ("advice", facts.advice)):
        for line in lines:
            say(f"{title}: {line}")
    if parents:
        losses = ", ".join(f"{name} {loss:.3f}" for name, loss in parents.items())
        best = next(iter(parents))
        say(
            f"advice: of the models that come along, {best} denoises them best (loss on ε: "
            f"{losses}); to begin from it: train --init {best}"
        )


def _palettes(facts: Inspection) -> Iterator[tuple[str, str]]:
    """Say what a palette for each sprite would mean."""
    found = facts.palettes
    shares = (found.within_16, found.within_32, found.within_64)
    counted = " (transparent is one)" if facts.transparent else ""
    yield "at most 16, 32, 64 colours", ", ".join(f"{share:.1%}" for share in shares) + counted
    yield "colours of the whole set", f"{found.set_colours:,}"
    if found.sizes.max <= found.auto:
        yield "data.palette=auto", f"{found.auto} colours: every sprite stays as it is"
        return
    kept = f"{found.within_64:.1%} of the sprites stay as they are"
    moved = f"the others change by {found.error_reduced:.2f} of 255 levels"
    yield "data.palette=auto", f"{found.auto} colours: {kept}, {moved}"
    yield "soft art", SOFT_ART


def _spread(spread: Spread) -> str:
    """Say a spread in words: ``2 to 31, median 7.5``."""
    if spread.min == spread.max:
        return f"{spread.min:,}"
    return f"{spread.min:,} to {spread.max:,}, median {spread.median:,g}"
