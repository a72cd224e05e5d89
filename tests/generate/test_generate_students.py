"""A student draws in its own steps, and in no other way."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spritelab.config import SamplerSettings
from spritelab.errors import SettingsError
from spritelab.generate import Distilled, Model, Parent, agreement, load_parent, save_model

TIMES = (49, 30, 10)


@pytest.fixture
def student(tiny_model: Model) -> Model:
    parent = Parent(name="its-teacher", weights_hash="", licence="CC0-1.0", source="memory")
    config = tiny_model.config.model_copy(
        update={
            "sampling": SamplerSettings(sampler="ddim", times=TIMES),
            "distilled": Distilled(guidance=1.0),
            "trained_on": tiny_model.config.trained_on.model_copy(update={"parent": parent}),
        }
    )
    return dataclasses.replace(tiny_model, config=config)


def test_it_draws_in_its_steps(student: Model, tiny_model: Model) -> None:
    own = student.sample(3)
    assert own.nfe == 3
    assert own.how.times == TIMES
    for told in (
        student.sample(3, sampler="ddim"),
        student.sample(3, times=TIMES),
        tiny_model.sample(3, sampler="ddim", times=TIMES),
    ):
        assert (told.images == own.images).all()
    assert [frame.t for frame in student.trace(1)] == [*TIMES, -1]


@pytest.mark.parametrize(
    "changes",
    [
        {"sampler": "ddpm"},
        {"sampler": "dpm"},
        {"steps": 3},
        {"steps": 50},
        {"times": (49, 30, 11)},
        {"start": -3.0},
        {"eta": 0.5},
        {"spacing": "trailing"},
        {"guidance": 2.0},
    ],
    ids=str,
)
def test_another_way_is_refused_with_its_teachers_name(
    student: Model, changes: dict[str, Any]
) -> None:
    for call in (student.sample, student.trace):
        with pytest.raises(SettingsError) as told:
            call(2, **changes)
        assert str(told.value).startswith(
            "this model was distilled to draw by DDIM, η = 0, own times, 3 steps, and draws by "
            "nothing else"
        )
        assert str(told.value).endswith("or draw with its teacher, its-teacher")


def test_its_noise_can_be_steered_and_its_chain_not_entered(student: Model) -> None:
    """What only moves x_T works as with any model; what begins at another t is refused."""
    sprites = student.sample(2).images
    assert len(student.interpolate(3).images) == 3
    assert len(student.vary(number=0, n=2).images) == 2
    refused: list[Callable[[], object]] = [
        lambda: student.redraw(sprites, strength=0.5),
        lambda: student.invert(sprites),
        lambda: student.inpaint(sprites, np.ones((16, 16), dtype=bool)),
    ]
    for call in refused:
        with pytest.raises(SettingsError, match=r"distilled to draw .* teacher, its-teacher"):
            call()


def test_agreement_by_hand() -> None:
    drawn = np.zeros((2, 2, 2, 4), dtype=np.uint8)
    others = drawn.copy()
    assert agreement(drawn, others) == (1.0, 0.0)
    others[0, 0, 0] = (255, 0, 0, 1)
    others[1, 1, 1, 2] = 64
    assert agreement(drawn, others) == (6 / 8, (255 + 1 + 64) / 32)
    assert agreement(others, drawn) == agreement(drawn, others)


def test_in_words() -> None:
    near = Distilled(guidance=2.0, sprites=100, equal=0.834, difference=3.14)
    assert near.in_words() == (
        "83 % of pixels as its teacher draws them from the same noise, 3.1 of 255 levels apart on "
        "average, as with guidance 2"
    )
    assert Distilled(guidance=1.0).in_words() == "not compared with its teacher yet"


def test_no_run_begins_from_one(student: Model, tmp_path: Path) -> None:
    save_model(tmp_path, student.network.state_dict(), student.config, moments=student.moments)
    with pytest.raises(SettingsError, match=r"a student .* begin from its teacher, its-teacher"):
        load_parent(tmp_path, student.config)
