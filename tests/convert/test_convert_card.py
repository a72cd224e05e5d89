"""The card of a model: what stands in it comes from its facts and its configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spritelab.convert import CardFacts, write_card
from spritelab.convert.card import CARD, FACTS, FORMAT, load_facts, save_card
from spritelab.errors import ModelError
from spritelab.generate import ModelConfig, Parent, find_model, load_model, shipped_models
from spritelab.generate.folder import read_config
from tiny import unsealed


def config_of(name: str) -> ModelConfig:
    return read_config(find_model(name))


@pytest.mark.parametrize("name", shipped_models())
def test_the_card_of_a_shipped_model_is_what_its_facts_say(name: str) -> None:
    folder = find_model(name)
    facts = load_facts(folder)
    assert facts.name == name
    assert (folder / CARD).read_text("utf-8") == write_card(config_of(name), facts)
    assert facts.file_bytes == (folder / "model.safetensors").stat().st_size
    network = load_model(name, "cpu").network
    assert facts.parameters == sum(p.numel() for p in network.parameters())
    # It is measured as it draws.
    config = config_of(name)
    assert facts.figures.sampling.complete(config.schedule.timesteps) == config.own_sampling


def changed(facts: CardFacts, **changes: Any) -> CardFacts:
    """Facts with other figures."""
    return facts.model_copy(update={"figures": facts.figures.model_copy(update=changes)})


def test_figures_stand_beside_the_floor() -> None:
    name = "crawl-16"
    facts = load_facts(find_model(name))
    keys = ("frechet", "kid", "copies", "copying_score", "near_copies")
    figures: dict[str, Any] = {
        "n": 3000,
        "frechet_name": "FD-EffNet",
        "measures": dict(zip(keys, (1.5, 0.0005, 0.25, -1.25, 0.05), strict=True)),
        "matched": {"n": 168, "frechet": 3.0, "kid": 0.0007, "copies": 0.0},
        "floor": {"n": 168, "frechet": 2.0, "kid": -0.0003, "copies": 0.0},
        "unseen_palettes": None,  # as of a model without a palette head
    }
    lines = write_card(config_of(name), changed(facts, **figures)).splitlines()
    assert "|  | n = 3,000 | n = 168 | floor, n = 168 |" in lines
    assert "| FD-EffNet | 1.50 | 3.00 | 2.00 |" in lines
    assert "| KID × 1000 | 0.500 | 0.700 | −0.300 |" in lines
    assert "| copies of training sprites, % | 25.0 | 0 | 0 |" in lines
    assert "| near copies, % | 5.00 | – | – |" in lines
    assert "| C_T (copying below −3) | −1.25 | – | – |" in lines
    assert not any("recall" in line for line in lines)  # figures from before a measure was

    # Of a palette head there is a column more.
    unseen = {"frechet": 2.5, "copies": 0.0}
    wider = changed(facts, **{**figures, "unseen_palettes": unseen})
    lines = write_card(config_of(name), wider).splitlines()
    assert "|  | n = 3,000 | n = 168 | floor, n = 168 | n = 3,000, unseen palettes |" in lines
    assert "| FD-EffNet | 1.50 | 3.00 | 2.00 | 2.50 |" in lines
    assert "| near copies, % | 5.00 | – | – | – |" in lines

    # Where too few sprites are held out there is one column, and no word of a floor.
    alone = write_card(
        config_of(name), changed(facts, **{**figures, "matched": None, "floor": None})
    )
    assert "| FD-EffNet | 1.50 |\n" in alone
    assert "floor" not in alone


def test_a_card_names_the_models_that_its_own_began_from() -> None:
    name = shipped_models()[0]
    config, facts = config_of(name), load_facts(find_model(name))
    alone = config.trained_on.model_copy(update={"parent": None})
    alone_in_words = write_card(config.model_copy(update={"trained_on": alone}), facts)
    assert "Begun from" not in alone_in_words
    whole = Parent(name="first", weights_hash="00", licence="CC-BY-4.0", source="tiles")
    parent = Parent(name="second", weights_hash="11", licence="MIT", source="icons", parent=whole)
    learnt = config.trained_on.model_copy(update={"parent": parent})
    lines = write_card(config.model_copy(update={"trained_on": learnt}), facts).splitlines()
    told = "second (icons, MIT), begun from first (tiles, CC-BY-4.0)"
    assert f"- **Begun from** the weights of {told}." in lines
    (licence,) = (line for line in lines if line.startswith("- **Licence**"))
    assert licence.endswith("beside that of the model that they began from.")


def test_facts_that_are_missing_or_broken(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=rf"{FACTS} is missing"):
        load_facts(tmp_path)
    name = shipped_models()[0]
    facts = load_facts(find_model(name))
    save_card(tmp_path, config_of(name), facts)
    assert load_facts(tmp_path) == facts
    values = unsealed(tmp_path / FACTS)
    (tmp_path / FACTS).write_text(json.dumps({**values, "format": FORMAT + 1}))
    with pytest.raises(ModelError, match=f"this spritelab reads up to {FORMAT}"):
        load_facts(tmp_path)
    del values["training"]["minutes"]
    (tmp_path / FACTS).write_text(json.dumps(values))
    with pytest.raises(ModelError, match=r"training\.minutes: it is missing"):
        load_facts(tmp_path)
