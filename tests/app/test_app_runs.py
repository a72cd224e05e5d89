"""Trainings from the page: asked for, queued, stopped, resumed, and nothing lost on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_server import events, open_page, packed, served_below, upload
from starlette.testclient import TestClient

import tiny
from coroutines import run_async
from spritelab.app import Served, locks, trainings, watching
from spritelab.app.names import JOB, LIVE, LOCK, OUTCOME
from spritelab.data.decode import decode
from spritelab.pictures import grid, save_png
from spritelab.pictures.layout import good_columns
from spritelab.runs import last_state, read_record

SECONDS = 90


class Held:
    """In place of a process: a run that goes on until the test lets it end."""

    def __init__(self, command: list[str], *, pass_fds: tuple[int, ...], **_: Any) -> None:
        self.folder, self.pid = Path(command[-1]), 2**22 + 1
        self.handle: int | None = os.dup(pass_fds[0])
        RUNNING.append(self)

    def poll(self) -> int | None:
        return None if self.handle is not None else 0

    def end(self, outcome: dict[str, Any] | None = None) -> None:
        if outcome is not None:
            (self.folder / OUTCOME).write_text(json.dumps(outcome))
        if self.handle is not None:
            os.close(self.handle)
        self.handle = None


RUNNING: list[Held] = []


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Held]]:
    """No process is begun; runs are as long as the test wants."""
    monkeypatch.setattr(subprocess, "Popen", Held)
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    RUNNING.clear()
    yield RUNNING
    for one in RUNNING:
        one.end()


@pytest.fixture
def art(client: TestClient) -> str:
    key: str = upload(client, packed(tiny.tiny_set(24)))["id"]
    return key


def begin(client: TestClient, art: str, name: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/runs", json={"name": name, "upload": art, "minutes": 1, **more})
    assert answer.status_code == 201, answer.text
    state: dict[str, Any] = answer.json()
    return state


def states(client: TestClient) -> dict[str, str]:
    return {run["name"]: run["state"] for run in client.get("/api/runs").json()["runs"]}


def test_one_run_at_a_time_and_the_next_one_waits(
    client: TestClient, served: Served, art: str, held: list[Held]
) -> None:
    assert begin(client, art, "a")["state"] == "running"
    assert begin(client, art, "b") | {"place": 1} == begin_state(client, "b")
    assert begin(client, art, "c")["place"] == 2
    assert len(held) == 1
    held[0].end({"state": "finished", "message": ""})
    served.trainings.go_on()
    assert states(client) == {"a": "stopped", "b": "running", "c": "waiting", "tiny": "finished"}
    assert client.get("/api/runs/c").json()["place"] == 1


def begin_state(client: TestClient, name: str) -> dict[str, Any]:
    state: dict[str, Any] = client.get(f"/api/runs/{name}").json()
    return state


def test_the_queue_and_the_run_outlive_the_server(
    client: TestClient, served: Served, art: str, held: list[Held]
) -> None:
    begin(client, art, "a")
    begin(client, art, "b")
    again = served_below(served.runs)
    after = open_page(again)
    assert states(after) == {"a": "running", "b": "waiting", "tiny": "finished"}
    held[0].end()
    again.trainings.go_on()
    assert states(after)["b"] == "running"


def test_a_clock_that_jumps_keeps_the_queue(
    client: TestClient,
    served: Served,
    art: str,
    held: list[Held],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([1e9, 2e9, 5e8, 5e8, 3e9])
    monkeypatch.setattr("spritelab.app.trainings.time.time", lambda: next(clock))
    for name in "abcde":
        begin(client, art, name)
    for one in range(4):
        held[one].end({"state": "finished"})
        served.trainings.go_on()
    assert [one.folder.name for one in held] == list("abcde")


def test_stopping_takes_a_run_out_of_the_queue(
    client: TestClient, art: str, held: list[Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: signals.append((pid, number)))
    begin(client, art, "a")
    begin(client, art, "b")
    assert client.post("/api/runs/b/stop").json()["state"] == "stopped"
    assert signals == []
    assert client.post("/api/runs/a/stop").json()["state"] == "running"
    assert signals == [(held[0].pid, signal.SIGTERM)]
    assert client.post("/api/runs/a/resume").status_code == 409


def test_what_failed_says_why_and_can_be_tried_again(
    client: TestClient, art: str, held: list[Held]
) -> None:
    begin(client, art, "a")
    held[0].end({"state": "failed", "message": "the loss is no longer finite"})
    state = begin_state(client, "a")
    assert (state["state"], state["message"]) == ("failed", "the loss is no longer finite")
    assert client.post("/api/runs/a/resume").json()["state"] == "running"
    assert begin_state(client, "a")["message"] == ""


def test_a_run_and_its_upload_are_removed_together(
    client: TestClient, served: Served, art: str, held: list[Held]
) -> None:
    begin(client, art, "a")
    begin(client, art, "b")
    assert client.delete("/api/runs/a").status_code == 409
    assert client.delete(f"/api/uploads/{art}").status_code == 409
    served.uploads.tidy(set())  # as if the record of the run could not be read
    assert served.uploads.path(art)
    held[0].end()
    assert client.delete("/api/runs/a").status_code == 204
    assert served.uploads.path(art)
    assert client.delete("/api/runs/b").status_code == 204
    assert client.get("/api/runs/a").status_code == 404
    assert not (served.runs / ".app" / "uploads" / art).exists()


def test_a_run_begun_elsewhere_is_shown_and_left_alone(client: TestClient, served: Served) -> None:
    state = begin_state(client, "tiny")
    assert (state["state"], state["step"], state["mine"]) == ("finished", tiny.STEPS, False)
    assert client.delete("/api/runs/tiny").status_code == 409
    assert client.post("/api/runs/tiny/stop").status_code == 409
    assert (served.runs / "tiny" / "run.json").exists()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"name": "../x"}, "name", "letters, digits"),
        ({"name": ".x"}, "name", "letters, digits"),
        ({"name": ""}, "name", "letters, digits"),
        ({"name": "tiny"}, "name", "already"),
        ({"name": "x" * 41}, "name", "letters, digits"),
        ({"minutes": 0}, "minutes", "greater than 0"),
        ({"minutes": 10**6}, "minutes", "less than"),
        ({"minutes": "soon"}, "minutes", "number"),
        ({"init": "dragons"}, "init", "no model"),
        ({"init": "tiny", "size": 24}, "size", "16 or 32"),
        ({"palette": "red"}, "palette", "boolean"),
        ({"cut": "tile"}, "tile", "how wide"),
        ({"cut": "knife"}, "cut", "choose"),
        ({"transparent": "pink"}, "transparent", "ff00ff"),
        ({"steps": 3}, "steps", "no such setting"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    client: TestClient, art: str, asked: dict[str, Any], field: str, words: str
) -> None:
    before = states(client)
    wish = {"name": "new", "upload": art, "minutes": 1, **asked}
    answer = client.post("/api/runs", json=wish)
    assert answer.status_code == 422
    assert words in answer.json()["errors"][field], answer.text
    assert states(client) == before


@pytest.mark.usefixtures("held")
def test_there_must_be_an_upload(client: TestClient) -> None:
    for key in ("0" * 16, "../jobs", ""):
        answer = client.post("/api/runs", json={"name": "a", "upload": key, "minutes": 1})
        assert answer.status_code == 404


def test_what_a_run_is_begun_with(
    client: TestClient, served: Served, art: str, held: list[Held]
) -> None:
    begin(client, art, "a", init="builtin-16", minutes=30, size=16, mirror=True)
    begin(client, art, "b", palette=False, cut="tile", tile=16)
    jobs = [
        json.loads((served.runs / ".app" / "jobs" / name / JOB).read_text()) for name in ("a", "b")
    ]
    named = jobs[0]["named"]
    assert Path(jobs[0]["init"]).name == "builtin-16"
    assert named["training.max_minutes"] == 30
    assert named["training.sample_every"] == 720
    assert named["data.mirror"] is True
    assert jobs[1]["preset"] == "rgba"
    assert jobs[1]["named"]["data.tile"] == 16
    assert held[0].folder.name == "a"


def test_a_run_is_renamed(client: TestClient, served: Served, art: str, held: list[Held]) -> None:
    begin(client, art, "a")
    begin(client, art, "b")
    ask = partial(client.post, "/api/runs/a/rename")
    assert ask(json={"name": "other"}).status_code == 409, "it is running"
    held[0].end({"state": "stopped"})
    shutil.copytree(served.runs / "tiny", served.runs / "a")
    jobs = served.runs / ".app" / "jobs"
    waiting = json.loads((jobs / "b" / JOB).read_text())
    (jobs / "b" / JOB).write_text(json.dumps({**waiting, "init": str(served.runs / "a")}))
    for wrong in ("", "../x", "tiny", "b"):
        assert list(ask(json={"name": wrong}).json()["errors"]) == ["name"], wrong
    assert (served.runs / "a").is_dir()
    renamed = ask(json={"name": " my heroes "}).json()
    assert renamed["name"] == "my heroes"
    assert renamed["has_model"]
    assert not (served.runs / "a").exists()
    assert json.loads((jobs / "my heroes" / JOB).read_text())["out"] == str(
        served.runs / "my heroes"
    )
    assert json.loads((jobs / "b" / JOB).read_text())["init"] == str(served.runs / "my heroes")
    names = [one["name"] for one in client.get("/api/models").json()["models"]]
    assert "my heroes" in names
    assert "a" not in names
    assert client.post("/api/runs/tiny/rename", json={"name": "x"}).status_code == 409
    assert client.post("/api/runs/a/rename", json={"name": "x"}).status_code == 404


def test_the_last_samples_are_laid_out_anew(served: Served) -> None:
    images = tiny.tiny_set(20).images
    save_png(np.concatenate(list(images), axis=1), served.runs / "tiny" / "samples" / "latest.png")
    shown = decode(watching.small_grid(served.runs / "tiny", 4))
    np.testing.assert_array_equal(shown[0][..., :3], grid(images, good_columns(20), 3, 4))
    (served.runs / "tiny" / "samples" / "latest.png").unlink()
    (served.runs / "tiny" / "samples" / "step-00000004.png").write_bytes(b"as it is")
    assert watching.small_grid(served.runs / "tiny", 4) == b"as it is"


def test_the_app_is_there_once_a_folder(served: Served) -> None:
    held = locks.take(served.runs / ".app" / "app.lock")
    assert held is not None
    assert locks.take(served.runs / ".app" / "app.lock") is None
    assert locks.is_taken(served.runs / ".app" / "app.lock")


def test_events_of_a_run_that_is_over(client: TestClient, served: Served) -> None:
    told = events(client.get("/api/runs/tiny/events").text)
    assert [name for name, _ in told] == ["validations", "state"]
    assert [point["step"] for point in told[0][1]["points"]] == [5, 10, 12]
    assert client.get("/api/runs/tiny/samples.png").status_code == 404
    assert client.get("/api/runs/nothing/events").status_code == 404
    assert served.trainings.state("tiny")["progress"] == 1


def test_lines_as_they_grow(tmp_path: Path) -> None:
    path = tmp_path / LIVE
    lines = watching.Lines(path)
    assert lines.added() == ([], False)
    path.write_text('{"step": 1}\n{"st')
    assert lines.added() == ([{"step": 1}], False)
    path.write_text('{"step": 1}\n{"step": 2}\nbroken\n')
    assert lines.added() == ([{"step": 2}], False)
    path.write_text('{"step": 1}\n')
    assert lines.added() == ([{"step": 1}], True)


def test_events_until_the_run_is_over(
    client: TestClient,
    served: Served,
    art: str,
    held: list[Held],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.01)
    begin(client, art, "a")
    live = served.trainings.live("a")
    live.write_text('{"step": 3, "progress": 0.25, "loss": 1.0, "seconds": 1}\n')

    async def follow() -> list[str]:
        heard = []
        async for one in watching.run_events(served.trainings, "a"):
            heard.append(one.decode().split("\n")[0])
            if heard == ["event: losses", "event: state"]:
                held[0].end({"state": "failed", "message": "no"})
        return heard

    heard = run_async(follow)
    assert heard[:2] == ["event: losses", "event: state"]
    assert heard[-1] == "event: state"


def wait_for(client: TestClient, name: str, *wanted: str) -> dict[str, Any]:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        state = begin_state(client, name)
        if state["state"] in wanted or state.get("phase") in wanted:
            return state
        time.sleep(0.2)
    raise AssertionError(state)


@pytest.mark.slow
def test_a_real_training_is_stopped_resumed_and_drawn_with(
    client: TestClient, served: Served, art: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a process of its own, while servers come and go."""
    settings = {**tiny.TINY, "training.max_minutes": 10, "training.steps": None}

    def short(_: Any, path: Path) -> dict[str, Any]:
        named = {"data.source": str(path), **settings, "training.sample_every": 4}
        return {"preset": "rgba", "named": named, "init": None}

    monkeypatch.setattr(trainings, "settings_of", short)
    begin(client, art, "real")
    folder = served.runs / ".app" / "jobs" / "real"
    until = time.monotonic() + SECONDS
    while not (folder / LIVE).exists() or not (folder / LIVE).read_text():
        assert time.monotonic() < until, (folder / "log.txt").read_text()
        time.sleep(0.2)
    # Another server, as after a restart, knows of it and stops it.
    other = open_page(served_below(served.runs))
    assert begin_state(other, "real")["state"] == "running"
    other.post("/api/runs/real/stop")
    state = wait_for(other, "real", "stopped", "failed")
    assert state["state"] == "stopped", (folder / "log.txt").read_text()
    assert state["has_model"]
    step = state["step"]
    assert step >= 1
    assert not locks.is_taken(folder / LOCK)
    # It goes on from there, with what is left of a shorter run.
    assert other.post("/api/runs/real/resume").json()["state"] == "running"
    until = time.monotonic() + SECONDS
    while begin_state(other, "real")["step"] <= step:
        assert time.monotonic() < until, (folder / "log.txt").read_text()
        time.sleep(0.2)
    other.post("/api/runs/real/stop")
    assert wait_for(other, "real", "stopped", "failed")["state"] == "stopped"
    found = last_state(served.runs / "real")
    assert found is not None
    assert found.step > step
    assert read_record(served.runs / "real").data.class_names == ("disc", "side-facing", "square")
    names = [one["name"] for one in other.get("/api/models").json()["models"]]
    assert names[0] == "real"
    drawn = events(other.post("/api/draw", json={"model": "real", "n": 1, "steps": 2}).text)
    assert drawn[-1][0] == "done"
    told = dict(events(other.get("/api/runs/real/events").text))
    assert told["samples"]["step"] >= 4
    picture = other.get("/api/runs/real/samples.png")
    assert picture.headers["content-type"] == "image/png"
    assert other.delete("/api/runs/real").status_code == 204


@pytest.mark.slow
def test_a_set_that_cannot_be_learnt_fails_with_a_line(tmp_path: Path) -> None:
    job = tmp_path / "job"
    job.mkdir()
    named = {"data.source": str(tmp_path / "nothing.zip")}
    asked = {"out": str(tmp_path / "run"), "preset": "small", "named": named, "init": None}
    (job / JOB).write_text(json.dumps(asked))
    command = [sys.executable, "-m", "spritelab.app.job", str(job)]
    assert subprocess.run(command, check=False).returncode == 1
    outcome = json.loads((job / OUTCOME).read_text())
    assert outcome["state"] == "failed"
    assert "nothing" in outcome["message"]
