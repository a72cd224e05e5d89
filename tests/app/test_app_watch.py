"""Paths and the ideal denoiser beside the network, as the page's Watch is told of them."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from page_server import events
from starlette.testclient import TestClient

import tiny
from spritelab.app import Served
from spritelab.app.ideal import training_points
from spritelab.app.watch import plane
from spritelab.errors import SpritelabError
from spritelab.generate import load_model

HOWS = [{"sampler": "ddpm", "steps": 3}, {"sampler": "ddim", "steps": 8}]


def watched(client: TestClient, **asked: Any) -> list[tuple[str, dict[str, Any]]]:
    request = {"model": "tiny", "numbers": [0], "seed": 4, "hows": HOWS, "ideal": True, **asked}
    answer = client.post("/api/watch", json=request)
    assert answer.status_code == 200, answer.text
    return events(answer.text)


def test_the_ideal_denoiser_ends_in_a_training_sprite(client: TestClient) -> None:
    told = watched(client, label="disc")
    assert told[0][1]["why"] == ""
    assert [len(pairs) for pairs in told[0][1]["pairs"]] == [3, 8, 8]
    copy = [values["frame"] for name, values in told if name == "frame" and values["side"] == 2]
    sprite = np.frombuffer(base64.b64decode(copy[-1]["x_t"]), np.uint8).reshape(16, 16, 4)
    learnt = tiny.tiny_set()
    discs = learnt.images[learnt.labels == tiny.CLASSES.index("disc")]
    assert (discs == sprite).all(axis=(1, 2, 3)).any()
    paths = told[-1][1]["paths"]
    assert [len(path) for path in paths["points"]] == [4, 9, 9]
    assert paths["points"][0][0] == paths["points"][1][0] == paths["points"][2][0], "one x_T"
    assert 0 < paths["share"] <= 1


def test_sprites_that_are_gone_are_said_to_be(client: TestClient, served: Served) -> None:
    for name in ("sprites.npz", "sprites"):
        (served.runs / "tiny" / name).unlink(missing_ok=True)
    told = watched(client)
    assert told[0][1]["why"]
    assert len(told[0][1]["pairs"]) == 2


def test_nothing_is_downloaded_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("SPRITELAB_CACHE", str(tmp_path_factory.mktemp("empty")))
    with pytest.raises(SpritelabError, match="not on this machine"):
        training_points(load_model("crawl-16", "cpu"), -1)


@pytest.mark.slow
def test_the_model_that_comes_along_knows_its_sprites() -> None:
    model = load_model("builtin-16", "cpu")
    all_of_them = len(training_points(model, -1))
    by_class = [len(training_points(model, k)) for k in range(len(model.class_names))]
    assert all_of_them == sum(by_class)


def test_a_straight_path_lies_in_its_plane() -> None:
    ends = np.zeros(5, np.float32), np.arange(5, dtype=np.float32)
    points, share = plane([list(np.linspace(*ends, 4))])
    assert share == 1
    across = [u for u, _ in points[0]]
    assert across[0] < across[-1]
    np.testing.assert_allclose(np.diff(across), np.linalg.norm(ends[1]) / 3, atol=1e-3)
    np.testing.assert_allclose([v for _, v in points[0]], 0, atol=1e-3)
