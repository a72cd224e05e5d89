"""Sprites drawn by the server: the same as Python's, bounded, and told as they come."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from page_server import events, open_page
from starlette.testclient import TestClient

from coroutines import run_async
from spritelab.app import Served, drawing
from spritelab.app.models import KEPT, Shelf
from spritelab.config import Settings
from spritelab.data.decode import decode
from spritelab.generate import load_model
from spritelab.pixels import Images, with_channels


def unpacked(text: str, size: int = 16) -> Images:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, size, size, 4)


def drawn(client: TestClient, **asked: Any) -> list[tuple[str, dict[str, Any]]]:
    answer = client.post("/api/draw", json=asked)
    assert answer.status_code == 200, answer.text
    return events(answer.text)


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("tiny", {"n": 3, "seed": 5}),
        ("tiny", {"n": 2, "label": "disc", "sampler": "ddpm", "steps": 7}),
        ("tiny", {"n": 2, "label": {"disc": 1.0, "square": 3.0}, "guidance": 2.0, "steps": 3}),
        ("tiny", {"n": 70, "sampler": "ddim", "steps": 2, "eta": 0.5}),
        ("tiny", {"n": 1, "label": "none", "hard_alpha": False}),
        ("tiny", {"n": 2, "guidance": 3.0, "guidance_interval": (-1.0, 1.0), "steps": 4}),
        ("builtin-16", {"n": 2, "seed": 2**62 + 1, "steps": 2}),
        ("builtin-16", {"numbers": [17, 4], "palette": ["#000000", "#ff0000"], "steps": 2}),
    ],
)
def test_the_same_sprites_as_in_python(
    client: TestClient, served: Served, model: str, asked: dict[str, Any]
) -> None:
    told = drawn(client, model=model, **{**asked, "seed": str(asked.get("seed", 0))})
    from spritelab.palette import Palette

    if "palette" in asked:
        asked = {**asked, "palette": Palette.from_hex(asked["palette"])}
    expected = load_model(served.shelf.source(model), "cpu").sample(**asked)
    final = [values for name, values in told if name == "sprites"]
    shown = np.concatenate([unpacked(values["pixels"]) for values in final])
    np.testing.assert_array_equal(shown, with_channels(expected.images, 4))
    sprites = [sprite for values in final for sprite in values["sprites"]]
    assert [sprite["number"] for sprite in sprites] == expected.numbers.tolist()
    first = base64.b64decode(sprites[0]["png"].removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(decode(first)[0], shown[0])
    begun = told[0][1]
    assert begun["how"] == expected.how.model_dump(mode="json")
    assert [sprite["label"] for sprite in begun["sprites"]] == expected.labels.tolist()
    assert told[-1][0] == "done"


def test_sprites_are_seen_denoising(client: TestClient) -> None:
    told = drawn(client, model="tiny", n=2, steps=6)
    assert [name for name, _ in told] == ["begun", *["step"] * 5, "sprites", "done"]
    times = [values["t"] for name, values in told if name == "step"]
    assert times == sorted(times, reverse=True)
    assert unpacked(told[1][1]["pixels"]).shape == (2, 16, 16, 4)
    assert "step" not in dict(drawn(client, model="tiny", n=2, steps=6, previews=False))


def test_of_many_steps_some_are_shown(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_PREVIEWS", 4)
    told = drawn(client, model="tiny", n=1, steps=20)
    assert len([1 for name, _ in told if name == "step"]) == 3


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"n": 101}, "n", "less than or equal to 100"),
        ({"n": 0}, "n", "greater than"),
        ({"n": "many"}, "n", "integer"),
        ({"seed": -1}, "seed", "greater than"),
        ({"seed": str(2**63)}, "seed", "less than"),
        ({"steps": 51}, "steps", "1 … 50"),
        ({"sampler": "euler"}, "sampler", "choose"),
        ({"eta": 0.5, "sampler": "dpm"}, "eta", "belongs to the sampler ddim"),
        ({"eta": 2, "sampler": "ddim"}, "eta", "less than or equal to 1"),
        ({"guidance": 1e9}, "guidance", "less than"),
        ({"label": "dragon"}, "label", "square, disc"),
        ({"label": {"disc": -1}}, "label", "negative"),
        ({"palette": ["#ff0000"]}, "palette", "no palette head"),
        ({"model": "dragons"}, "model", "there is no model"),
        ({"model": "../tiny"}, "model", "there is no model"),
        ({"model": None}, "model", "string"),
        ({"numbers": [1, 2], "n": 3}, "n", "how many"),
        ({"colour": "red"}, "colour", "no such setting"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    client: TestClient, asked: dict[str, Any], field: str, words: str
) -> None:
    answer = client.post("/api/draw", json={"model": "tiny", **asked})
    assert answer.status_code == 422
    assert words in answer.json()["errors"][field]
    assert "\n" not in answer.json()["message"]


def test_several_mistakes_at_once(client: TestClient) -> None:
    answer = client.post("/api/draw", json={"n": 0, "seed": -1})
    assert set(answer.json()["errors"]) == {"model", "n", "seed"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_json(client: TestClient, body: bytes) -> None:
    assert client.post("/api/draw", content=body).status_code == 422


def test_a_request_that_is_too_long(client: TestClient) -> None:
    assert client.post("/api/draw", content=b" " * (2**20 + 1)).status_code == 413


def test_who_goes_away_ends_the_drawing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    moments = drawing.moments

    def counted(*args: Any) -> Any:
        for moment in moments(*args):
            steps.append(moment[0])
            yield moment

    monkeypatch.setattr(drawing, "moments", counted)
    form = drawing.Drawing(model="tiny", n=1, sampler="ddpm", steps=50)

    async def read_two() -> None:
        told = drawing.draw_events(form, *drawing.prepare(form, served.shelf))
        assert isinstance(told, AsyncIterator)
        for _ in range(3):
            await anext(told)
        await told.aclose()  # type: ignore[attr-defined]

    run_async(read_two)
    assert len(steps) == 2


def test_two_pages_at_once(served: Served) -> None:
    found: dict[int, list[tuple[str, dict[str, Any]]]] = {}

    def draw(i: int) -> None:
        found[i] = drawn(client, model="tiny", n=2, seed=i, steps=10)

    with open_page(served) as client:  # one server for both
        threads = [threading.Thread(target=draw, args=(i,)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    model = load_model(served.runs / "tiny", "cpu")
    for i in range(2):
        pixels = next(values["pixels"] for name, values in found[i] if name == "sprites")
        expected = with_channels(model.sample(2, seed=i, steps=10).images, 4)
        np.testing.assert_array_equal(unpacked(pixels), expected)


def test_models_are_loaded_once_and_anew_when_they_change(served: Served) -> None:
    shelf: Shelf = served.shelf
    first = shelf.get("tiny")
    assert shelf.get("tiny") is first
    config = served.runs / "tiny" / "model" / "config.json"
    config.write_text(config.read_text())
    assert shelf.get("tiny") is not first
    assert len(shelf._loaded) <= KEPT


def test_a_broken_model_is_not_listed(client: TestClient, served: Served) -> None:
    (served.runs / "tiny" / "model" / "config.json").write_text("{")
    names = [one["name"] for one in client.get("/api/models").json()["models"]]
    assert names == ["builtin-16", "crawl-16", "crawl-16-quick"]
    answer = client.post("/api/draw", json={"model": "tiny"})
    assert answer.status_code == 422
    assert "broken" in answer.json()["message"]


def test_what_is_told_of_a_model(client: TestClient, served: Served) -> None:
    told = client.get("/api/models/tiny").json()
    model = load_model(served.runs / "tiny", "cpu")
    alpha_bars = np.frombuffer(base64.b64decode(told["alpha_bars"]), "<f8")
    np.testing.assert_array_equal(alpha_bars, model.schedule.alpha_bars.numpy())
    assert told["palettes"] is None
    assert told["distilled"] is False
    assert client.get("/api/models/builtin-16").json()["palettes"]["count"] > 1000
    assert client.get("/api/models/dragons").status_code == 422
    json.dumps(told)


def test_two_samplers_from_one_noise(client: TestClient, served: Served) -> None:
    hows = [{"sampler": "ddpm", "steps": 5}, {"sampler": "ddim", "steps": 3}]
    asked = {"model": "tiny", "seed": 4, "n": 1, "hows": hows}
    told = events(client.post("/api/watch", json=asked).text)
    assert [name for name, _ in told] == ["begun", *["frame"] * (6 + 4), "done"]
    model = load_model(served.runs / "tiny", "cpu")
    frames = [values for name, values in told if name == "frame"]
    for side, how in enumerate(hows):
        trace = model.trace(1, seed=4, **how)  # type: ignore[arg-type]
        own = [values["frame"] for values in frames if values["side"] == side]
        assert [frame["t"] for frame in own] == [frame.t for frame in trace]
        for shown, frame in zip(own, trace, strict=True):
            np.testing.assert_array_equal(unpacked(shown["x_t"]), frame.x_t)
            np.testing.assert_array_equal(unpacked(shown["x0"]), frame.x0_hat)
    assert len(told[0][1]["pairs"][0]) == 5
    for wrong in ([], [{"sampler": "euler"}], [{"steps": 10_000}]):
        assert client.post("/api/watch", json={**asked, "hows": wrong}).status_code == 422


def test_the_forms_know_every_setting_of_a_sampler() -> None:
    from spritelab.config import SamplerSettings

    assert issubclass(drawing.Drawing, Settings)
    counted = {"guided_steps"}
    assert set(SamplerSettings.model_fields) - counted <= set(drawing.Drawing.model_fields)
