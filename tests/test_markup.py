"""Names and licences of strangers in Markdown and HTML are words, and never markup.

What is written with an evil name has the structure of what is written with a plain one, as a
reader of CommonMark and its tables sees it, and shows the name as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np
import pytest

from markup import EVIL, as_one_line, shown, structure
from spritelab.convert import write_card
from spritelab.convert.card import load_facts
from spritelab.convert.front_matter import front_matter, words
from spritelab.data import SpriteSet
from spritelab.generate import ModelConfig, Parent, SpriteBatch, find_model
from spritelab.generate.folder import read_config
from spritelab.markup import code, plain
from spritelab.pictures.notebook import sheet_html, sprites_html, table_html

PLAIN = "dragons"
MODEL = "crawl-16"


def config_of(name: str) -> ModelConfig:
    """What a model says of itself, all names being ``name``."""
    config = read_config(find_model(MODEL))
    parent = Parent(name=name, weights_hash="0", licence=name, source=name)
    learnt = {"source": name, "licence": name, "url": name, "parent": parent}
    return config.model_copy(
        update={
            "class_names": tuple(f"{name} {k}" for k in range(len(config.class_names))),
            "trained_on": config.trained_on.model_copy(update=learnt),
        }
    )


def card(name: str) -> str:
    facts = load_facts(find_model(MODEL))
    training = {"hardware": name, "preset": name, "optimiser": name}
    figures = {"circumstances": name, "protocol": name, "frechet_name": name}
    changes = {
        "name": name,
        "training": facts.training.model_copy(update=training),
        "figures": facts.figures.model_copy(update=figures),
    }
    return write_card(config_of(name), facts.model_copy(update=changes))


def pushed(name: str) -> str:
    text = words(config_of(name), name, "## Use\n")
    assert front_matter(config_of(name), name, "spritelab").count("\n---\n") == 1
    return text


def line(name: str) -> str:
    said = plain(name)
    return f"{said}\n\n| a |\n|---|\n| {said} |\n\n# {said}\n\n> {code(name)}\n"


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("write", [card, pushed, line])
def test_markdown(write: Callable[[str], str], evil: str) -> None:
    text = write(evil)
    assert structure(text) == structure(write(PLAIN))
    assert as_one_line(evil) in shown(text)
    assert not any(c in text for c in "\u202e\x1b")
    outside = re.sub(r"(?s)```.*?```", "", text).replace(code(evil), "")
    for address in ("http://", "www.z"):  # which GitHub makes links of, but in code
        assert address not in outside


class Tags(HTMLParser):
    """The tags of a page with the names of their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def sprites(name: str) -> SpriteSet:
    images = np.zeros((2, 8, 8, 4), dtype=np.uint8)
    return SpriteSet.from_arrays(images, np.array([0, 1]), (name, f"{name} 2"))


SHOWING: tuple[Callable[[str], str], ...] = (
    lambda name: table_html(name, [(name, name)]),
    lambda name: sheet_html(None, name),
    lambda name: sprites_html(np.zeros((1, 8, 8, 4), np.uint8), name),
    lambda name: sprites(name)._repr_html_(),
    lambda name: table_html(name, config_of(name).in_words()),
)


@pytest.mark.parametrize("evil", ["</div><script>x</script>", "<b onclick='x'>\"&lt;", *EVIL[:3]])
@pytest.mark.parametrize("show", SHOWING)
def test_html(show: Callable[[str], str], evil: str) -> None:
    found = Tags(show(evil))
    assert found.tags == Tags(show(PLAIN)).tags
    assert "_repr_html_" in vars(SpriteBatch)  # the same as that of a set, see ``sprites_html``
