"""A sprite that the page sends, drawn again by the server: the same as Python's, bounded."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from page_server import events
from starlette.testclient import TestClient

from coroutines import run_async
from spritelab.app import Served, steering
from spritelab.generate import load_model
from spritelab.pixels import with_channels


def packed(array: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(array, np.uint8).tobytes()).decode()


@pytest.fixture
def sprite(served: Served) -> Any:
    model = load_model(served.shelf.source("tiny"), "cpu")
    return with_channels(model.sample(1, seed=5, label="disc").images, 4)[0]


@pytest.fixture
def mask() -> Any:
    mask = np.zeros((16, 16), bool)
    mask[4:9, 3:] = True
    return mask


def test_the_same_drawings_as_in_python(
    client: TestClient, served: Served, sprite: Any, mask: Any
) -> None:
    model = load_model(served.shelf.source("tiny"), "cpu")
    asked = {"model": "tiny", "pixels": packed(sprite), "n": 6, "seed": "3", "label": "square"}
    again = {**asked, "by": "redraw", "strength": 0.6}
    part = {**asked, "by": "inpaint", "mask": packed(mask), "steps": 3, "resamplings": 2}
    for request, batch in (
        (again, model.redraw(sprite, 0.6, 6, seed=3, label="square")),
        (part, model.inpaint(sprite, mask, 6, seed=3, label="square", steps=3, resamplings=2)),
    ):
        answer = client.post("/api/steer", json=request)
        assert answer.status_code == 200, answer.text
        told = events(answer.text)
        assert [name for name, _ in told] == ["begun", *["sprites"] * 3, "done"]
        assert batch.steered is not None
        assert told[0][1]["nfe"] == batch.steered.evaluations
        shown = b"".join(base64.b64decode(values["pixels"]) for _, values in told[1:-1])
        expected = with_channels(batch.images, 4)
        # Batches of other sizes round differently.
        differing = np.frombuffer(shown, np.uint8).reshape(expected.shape) != expected
        assert differing.any(axis=-1).mean() < 0.01
        assert [values["first"] for _, values in told[1:-1]] == [0, 1, 5]
    alone = np.frombuffer(shown, np.uint8).reshape(-1, 16, 16, 4)
    assert (alone == sprite)[:, ~mask].all()


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("by", {"by": "melt"}),
        ("pixels", {"pixels": "???"}),
        ("pixels", {"pixels": packed(np.zeros(4))}),
        ("mask", {"mask": None}),
        ("mask", {"mask": packed(np.zeros((16, 16)))}),
        ("strength", {"by": "redraw", "strength": 0}),
        ("resamplings", {"resamplings": 101}),
        ("label", {"label": "dragon"}),
        ("n", {"n": 101}),
    ],
)
def test_what_cannot_be_drawn_is_said_beside_its_field(
    client: TestClient, sprite: Any, mask: Any, field: str, asked: dict[str, Any]
) -> None:
    plain = {"model": "tiny", "by": "inpaint", "pixels": packed(sprite), "mask": packed(mask)}
    answer = client.post("/api/steer", json={**plain, **asked})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]


def test_who_goes_away_ends_it(
    served: Served, sprite: Any, mask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = steering.Steered(
        model="tiny", by="inpaint", pixels=packed(sprite), mask=packed(mask), n=9
    )
    ready = steering.prepare_steering(form, served.shelf)
    drawn: list[int] = []
    original = steering._drawn

    def counted(*args: Any) -> Any:
        batch = original(*args)
        drawn.append(len(batch))
        return batch

    monkeypatch.setattr(steering, "_drawn", counted)

    async def leave() -> None:
        coming = steering.steer_events(form, ready)
        await anext(coming)
        await anext(coming)
        await coming.aclose()  # type: ignore[attr-defined]

    run_async(leave)
    assert drawn == [1]
