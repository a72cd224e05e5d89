"""What a card on a hub says to programs: licence, tags, figures, as YAML before the words.

Every value is written as JSON, which is YAML too, so that nothing that a model's folder says can
break out of its place.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from spritelab.errors import SettingsError
from spritelab.generate import ModelConfig
from spritelab.hub import Address, is_address
from spritelab.markup import plain, printable

Library = Literal["spritelab", "diffusers"]

TASK = "unconditional-image-generation"
"""What the Hub calls drawing without a prompt; classes are not told apart from none there."""

LICENCES = {
    *("mit", "apache-2.0", "bsd-3-clause", "unlicense", "wtfpl", "gpl-3.0", "agpl-3.0"),
    *("cc0-1.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "openrail"),
}
"""Licences that the Hub knows by these names."""

METRICS = {
    "kid": "KID",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "copies": "copies of training sprites",
}
"""The figures that go before a card, by the names of ``Measures``; the Fréchet distance besides."""


def front_matter(
    config: ModelConfig, name: str, library: Library, card: Mapping[str, Any] | None = None
) -> str:
    """The lines before a card, with those that part them from it.

    Args:
        config: of the model.
        name: of the model.
        library: that loads it.
        card: what its ``card.json`` says, if it has one; its figures are repeated.
    """
    tags = ["pixel-art", "sprites", "diffusion", "spritelab", "image-generation"]
    entries: dict[str, Any] = {
        **_licence(config.trained_on.licence),
        "library_name": library,
        "pipeline_tag": TASK,
        "tags": tags,
        "inference": False,
    }
    if is_address(config.trained_on.source):
        with suppress(SettingsError):  # what a stranger's folder says may be none
            entries["datasets"] = [Address.parse(config.trained_on.source).repository]
    if (figures := _figures(card)) is not None:
        data = config.trained_on.source
        result = {
            "task": {"type": TASK},
            "dataset": {"name": data, "type": data},
            "metrics": figures,
        }
        entries["model-index"] = [{"name": name, "results": [result]}]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in entries.items()]
    return "\n".join(["---", *lines, "---", ""])


def words(config: ModelConfig, name: str, used: str) -> str:
    """A card in words for a model that has none: what its folder says, and how it is used."""
    rows = "\n".join(f"| {key} | {plain(value)} |" for key, value in config.in_words())
    classes = ", ".join(plain(one) for one in config.class_names)
    return f"""# {plain(name)}

Draws pixel-art sprites of these classes: {classes}.

|  |  |
|---|---|
{rows}

{used}"""


def plain_class(config: ModelConfig) -> str | None:
    """The first class whose name can stand in an example as it is; None if there is none."""
    return next((name for name in config.class_names if is_plain(name)), None)


def is_plain(name: str) -> bool:
    """Whether a name can stand in an example as it is."""
    return _PLAIN.fullmatch(name) is not None


def shown(name: str) -> str:
    """A name as a word of a command line in an example, on one line."""
    return shlex.quote(printable(name))


_PLAIN = re.compile(r"\w[\w .+-]{0,59}")


def _licence(licence: str) -> dict[str, str]:
    known = licence.strip().lower()
    if known in LICENCES:
        return {"license": known}
    slug = re.sub(r"[^a-z0-9.]+", "-", known).strip("-")
    return {"license": "other", "license_name": slug or "unknown"}


def _figures(card: Mapping[str, Any] | None) -> list[dict[str, Any]] | None:
    """Those of the card, as the Hub's ``model-index`` has them."""
    figures = (card or {}).get("figures")
    measures = figures.get("measures") if isinstance(figures, Mapping) else None
    if not isinstance(figures, Mapping) or not isinstance(measures, Mapping):
        return None
    names = {"frechet": str(figures.get("frechet_name", "Fréchet distance")), **METRICS}
    found = [
        {"type": key, "name": f"{shown}, n = {figures.get('n')}", "value": value}
        for key, shown in names.items()
        if isinstance(value := measures.get(key), int | float)
    ]
    return found or None
