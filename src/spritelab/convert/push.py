"""A model put on the Hugging Face Hub: its files, a card in front, sprites of every class to see.

What is pushed:
  config.json, *.safetensors                             the model folder; the weights' header says
                                                         what they are, see ``model_spec``
  card.json       of a model that has one
  README.md       the card, with what programs read of it before the words
  samples.png     the first sprites of every class, unpicked
A folder that diffusers loads is pushed as it is, with that picture.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spritelab import hub, pictures
from spritelab.convert.front_matter import front_matter, plain_class, words
from spritelab.convert.model_spec import model_spec
from spritelab.errors import DataError, ModelError, SettingsError
from spritelab.extras import require
from spritelab.generate import Model, find_model, save_config, weights_hash
from spritelab.generate.folder import GUIDE, MOMENTS, PALETTES, WEIGHTS, weights_file
from spritelab.hub import Address
from spritelab.progress import SILENT, Progress
from spritelab.storage import (
    check_undamaged,
    check_writable,
    filling,
    load_json,
    read_json,
    write_file,
)
from spritelab.storage.tensors import read_tensors, write_tensors

CARD, FACTS, SAMPLES = "README.md", "card.json", "samples.png"

PER_CLASS = 10
"""Sprites of a class on the picture, a row of it."""

MOST_CLASSES = 24
"""Rows of the picture."""

_DIFFUSERS = (
    *("model_index.json", "pipeline.py", "unet", "scheduler", "palette_head"),
    *("config.json", PALETTES, MOMENTS, CARD),
)


def push_model(
    model: Model,
    repository: str,
    *,
    figures: Mapping[str, Any] | None = None,
    private: bool = False,
    progress: Progress = SILENT,
) -> str:
    """Put a model on the Hub, and return its address for a browser.

    Args:
        model: loaded from a folder.
        repository: ``org/name``, made if there is none.
        figures: what ``evaluate`` measured of this very model, as its JSON has it, for the card
            of a model without a ``card.json``.
        private: a repository that is made is seen by its owner alone.
        progress: told of the drawing.

    Raises:
        SettingsError: for a name that no repository can have, and for figures of another model or
            for a card that has some.
        DownloadError: if the Hub cannot be reached or refuses.
        MissingExtraError: without the packages of the extra ``hub``.
    """
    require("hub")  # before any work
    address = parse_repository(repository)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside) / address.name
        write_pushed(model, folder, repository, figures=figures, progress=progress)
        name = address.name
        return hub.push(folder, address, private=private, message=f"{name}, by spritelab")


def parse_repository(text: str) -> Address:
    """Read ``org/name``, with or without ``hf://``.

    Raises:
        SettingsError: if it is none.
    """
    return Address.parse(text if hub.is_address(text) else f"{hub.SCHEME}{text}")


def read_figures(path: Path) -> dict[str, Any]:
    """The figures in a file that ``spritelab evaluate --json`` wrote, for ``push_model``.

    Raises:
        DataError: if there is no such file, or it is broken or damaged.
    """
    try:
        record = read_json(path)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DataError(f"{path} is broken ({reason}); measure again") from None
    if not isinstance(record, dict):
        raise DataError(f"there are no figures in {path}")
    check_undamaged(path, record, DataError)
    return record


def write_pushed(
    model: Model,
    out: str | Path,
    repository: str,
    *,
    figures: Mapping[str, Any] | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Write what ``push_model`` pushes into a folder that must not exist, and return it.

    Raises:
        ModelError: if the model's card is damaged.
        SettingsError: if the folder exists, the model is not of a folder, or the figures are not
            its own or not wanted.
        StorageError: if it cannot be written.
    """
    out, address = Path(out), parse_repository(repository)
    if out.exists():
        raise SettingsError(f"{out} exists already; choose another `out`")
    check_writable(out)
    if model.folder is None:
        raise SettingsError("only a model that was loaded from a folder can be pushed")
    source = find_model(model.folder)
    if figures is not None:
        _check_figures(source, figures)
    with filling(out) as aside:
        if weights_file(source).parent == source:
            _copy_own(model, source, aside, address, figures)
        else:
            _copy_diffusers(source, aside, address)
        pictures.save_png(_picture(model, progress), aside / SAMPLES, about_sprites=True)
    return out


def _check_figures(source: Path, figures: Mapping[str, Any]) -> None:
    if weights_file(source).parent != source or (source / FACTS).is_file():
        raise SettingsError(f"{source} has a card of its own already; leave out `figures`")
    if figures.get("weights_hash") != weights_hash(source):
        raise SettingsError(
            f"`figures` are not of the weights in {source}; measure these with "
            "`spritelab evaluate MODEL --json FILE`"
        )


def _copy_own(
    model: Model, source: Path, folder: Path, address: Address, figures: Mapping[str, Any] | None
) -> None:
    config, name = model.config, address.name
    write_tensors(folder / WEIGHTS, read_tensors(source / WEIGHTS), model_spec(config, name))
    for extra in (PALETTES, MOMENTS, GUIDE, FACTS):
        if (source / extra).is_file():
            shutil.copyfile(source / extra, folder / extra)
    save_config(folder, config)
    facts = load_json(source / FACTS)
    check_undamaged(source / FACTS, facts, ModelError)
    if facts is None and figures is not None:
        facts = {"figures": {**figures, "measures": figures}}
    used = _USED.format(
        address=f"{hub.SCHEME}{address.repository}", label=plain_class(config) or "none"
    )
    text = words(config, name, used)
    if (source / CARD).is_file() and (source / FACTS).is_file():
        text = (source / CARD).read_text("utf-8").rstrip() + "\n\n" + used
    write_file(folder / CARD, front_matter(config, name, "spritelab", facts) + text)


def _copy_diffusers(source: Path, folder: Path, address: Address) -> None:
    """The folder as it is, but that its card's code names the repository in its place."""
    for name in _DIFFUSERS:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name)
        elif (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    card = (folder / CARD).read_text("utf-8") if (folder / CARD).is_file() else ""
    place = address.repository
    card = re.sub(r'from_pretrained\("(?:[^"\\]|\\.)*"', f'from_pretrained("{place}"', card)
    card = re.sub(r"`spritelab sample .*? --", f"`spritelab sample {hub.SCHEME}{place} --", card)
    write_file(folder / CARD, f"{card.rstrip()}\n\n{_SEEN}")


def _picture(model: Model, progress: Progress) -> np.ndarray[Any, Any]:
    """The first sprites of seed 0 of every class, a row each, as the model draws unless told."""
    names = model.class_names[:MOST_CLASSES]
    labels = [name for name in names for _ in range(PER_CLASS)]
    batch = model.sample(len(labels), label=labels, progress=progress)
    return pictures.grid(batch.images, columns=PER_CLASS, scale=4, background="checker")


_SEEN = f"""![the first sprites of every class, unpicked]({SAMPLES})
"""

_USED = f"""## Use

```sh
pip install "spritelab[hub]"
spritelab sample {{address}} --label "{{label}}" -n 20
```

```python
import spritelab

batch = spritelab.load_model("{{address}}").sample(20)
```

{_SEEN}"""
