"""What agents can do: by a client of the SDK in this process, and once through real pipes."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from PIL import Image

from coroutines import run_async
from spritelab import pixels
from spritelab.generate import load_model
from spritelab.pictures import grid
from tiny import CLASSES, save_npz, tiny_set

pytest.importorskip("mcp")

Ask = Callable[..., tuple[Any, Image.Image | None]]


@pytest.fixture
def folder(tiny_run: Path, tmp_path: Path) -> Path:
    """An agent's folder, with a finished run and a set of sprites in it."""
    place = tmp_path / "game"
    shutil.copytree(tiny_run, place / "runs" / "tiny")
    save_npz(tiny_set(), place / "mine.npz")
    return place


@pytest.fixture
def ask(folder: Path) -> Ask:
    """Call one tool: facts and picture of its answer."""
    from mcp.client import Client

    from spritelab.mcp import Desk, build_server

    server = build_server(Desk.at(folder, "cpu"))

    def called(tool: str, **arguments: Any) -> tuple[Any, Image.Image | None]:
        async def asked() -> Any:
            async with Client(server) as client:
                return await client.call_tool(tool, arguments)

        return answer(run_async(asked))

    return called


def answer(result: Any) -> tuple[Any, Image.Image | None]:
    texts = [one.text for one in result.content if one.type == "text"]
    if result.is_error:
        raise AssertionError(texts[0])
    shown = [one for one in result.content if one.type == "image"]
    assert all(one.mime_type == "image/png" for one in shown)
    picture = Image.open(io.BytesIO(base64.b64decode(shown[0].data))) if shown else None
    found = [json.loads(text) for text in texts]
    return found[0] if len(found) == 1 else found, picture


def shows(picture: Image.Image, images: pixels.Images) -> bool:
    """Whether it is a row of these sprites, every pixel enlarged."""
    wanted = grid(images, len(images), 4, 4, background="checker")
    return np.array_equal(
        np.asarray(picture.convert("RGB")), pixels.with_channels(wanted[None], 3)[0]
    )


def refused(ask: Ask, tool: str, **arguments: Any) -> str:
    with pytest.raises(AssertionError) as told:
        ask(tool, **arguments)
    line = str(told.value)
    assert "Traceback" not in line
    return line


def test_models_are_listed(ask: Ask) -> None:
    found, _ = ask("list_models")
    names = [one["name"] for one in found]
    assert names == ["tiny", "builtin-16", "crawl-16", "crawl-16-quick"]
    assert found[0]["class_names"] == list(CLASSES)
    assert found[1]["has_palettes"]


def test_drawn_sprites_are_shown_pixel_for_pixel(ask: Ask, folder: Path) -> None:
    found, picture = ask("draw", model="tiny", n=3, label="disc", seed=7, steps=3)
    batch = load_model(folder / "runs" / "tiny", "cpu").sample(3, label="disc", seed=7, steps=3)
    assert picture is not None
    wanted = grid(batch.images, 3, 4, 4, background="checker")
    assert np.array_equal(
        np.asarray(picture.convert("RGB")), pixels.with_channels(wanted[None], 3)[0]
    )
    assert found["sprites"] == [{"number": k, "seed": 7, "label": "disc"} for k in range(3)]
    again, one = ask("draw", model="tiny", numbers=[2], label="disc", seed=7, steps=3)
    assert again["sprites"] == found["sprites"][2:]
    assert one is not None


def test_one_is_varied(ask: Ask, folder: Path) -> None:
    found, picture = ask("vary", model="tiny", number=5, n=2, amount=0.5, label="square", steps=2)
    assert found["amount"] == 0.5
    assert found["of"] == {"number": 5, "seed": 0, "label": "square"}
    assert picture is not None
    model = load_model(folder / "runs" / "tiny", "cpu")
    batch = model.vary(2, number=5, amount=0.5, label="square", steps=2)
    wanted = grid(batch.images, 2, 4, 4, background="checker")
    assert np.array_equal(
        np.asarray(picture.convert("RGB")), pixels.with_channels(wanted[None], 3)[0]
    )


def test_a_sheet_is_written(ask: Ask, folder: Path) -> None:
    how: dict[str, Any] = {"model": "tiny", "n": 4, "steps": 2, "format": "phaser"}
    found, picture = ask("sheet", file="art/sprites.png", **how)
    assert found["files"] == ["art/sprites.png", "art/sprites.json"]
    assert (folder / "art" / "sprites.json").is_file()
    assert picture is not None
    said = refused(ask, "sheet", file="art/sprites.png", **how)
    assert "choose another `file`, or `overwrite` what is there" in said
    ask("sheet", file="art/sprites.png", overwrite=True, **how)


def test_sprites_are_inspected(ask: Ask) -> None:
    found, picture = ask("inspect", data="mine.npz")
    assert found["n"] == 40
    assert picture is not None
    assert picture.width > 100


@pytest.mark.parametrize(
    "name", ["../outside.npz", "/etc/passwd", "link.npz", "runs/.app/jobs", ".", "", "a\0b"]
)
def test_nothing_outside_of_the_folder_is_read_or_written(
    ask: Ask, folder: Path, name: str
) -> None:
    save_npz(tiny_set(), folder.parent / "outside.npz")
    (folder / "link.npz").symlink_to(folder.parent / "outside.npz")
    before = sorted(folder.parent.rglob("*"))
    if name not in (".", ""):
        assert "no file that may be used" in refused(ask, "inspect", data=name)
        assert "no file that may be used" in refused(ask, "train", name="x", data=name)
    assert "no file that may be used" in refused(ask, "sheet", model="tiny", n=1, file=name)
    assert sorted(folder.parent.rglob("*")) == before


def test_what_is_refused(ask: Ask) -> None:
    assert "there is no model 'none'" in refused(ask, "draw", model="none")
    assert "there is nothing at 'gone.npz'" in refused(ask, "inspect", data="gone.npz")
    assert "unknown label 'dragon'" in refused(ask, "draw", model="tiny", label="dragon")
    assert "steps" in refused(ask, "draw", model="tiny", steps=51)
    assert "100" in refused(ask, "draw", model="tiny", n=101)
    assert "numbers" in refused(ask, "draw", model="tiny", numbers=[0] * 101)
    assert "amount" in refused(ask, "vary", model="tiny", number=0, amount=2)
    assert "palette" in refused(ask, "draw", model="tiny", palette=["#ff0000"])
    assert "minutes" in refused(ask, "train", name="x", data="mine.npz", minutes=10**6)
    assert "a name has" in refused(ask, "train", name="../x", data="mine.npz")
    assert "there is no such run" in refused(ask, "trainings", name="none")


def test_a_training_is_queued_stopped_and_told_of(
    ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spritelab.app.trainings import Trainings

    monkeypatch.setattr(Trainings, "go_on", lambda _: None)  # no process is begun
    state, _ = ask("train", name="new", data="mine.npz", minutes=1, mirror=True, palette=False)
    assert (state["state"], state["place"]) == ("waiting", 1)
    job = json.loads((folder / "runs" / ".app" / "jobs" / "new" / "job.json").read_text())
    assert job["preset"] == "rgba"
    assert job["named"]["data.source"] == str(folder / "mine.npz")
    assert job["named"]["data.mirror"] is True
    assert job["upload"] is None
    every, _ = ask("trainings")
    assert {one["name"]: one["state"] for one in every} == {"new": "waiting", "tiny": "finished"}
    stopped, _ = ask("stop_training", name="new")
    assert stopped["state"] == "stopped"
    assert "there is a run 'new' already" in refused(ask, "train", name="new", data="mine.npz")
    tiny, _ = ask("trainings", name="tiny")
    assert tiny["has_model"]


@pytest.mark.slow
def test_through_real_pipes(folder: Path) -> None:
    """As an agent's program does: the command itself, a training to its end, and its model."""
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters

    words = ["-m", "spritelab", "mcp", "--folder", str(folder), "--device", "cpu"]
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    server = StdioServerParameters(command=sys.executable, args=words, env={**os.environ, **env})

    async def talk() -> None:
        async with Client(server) as client:
            tools = await client.list_tools()
            names = {one.name for one in tools.tools}
            assert names >= {"list_models", "draw", "vary", "sheet", "inspect", "train"}
            assert all(one.description for one in tools.tools)
            begun = await client.call_tool(
                "train", {"name": "new", "data": "mine.npz", "minutes": 0.05, "init": "tiny"}
            )
            assert not begun.is_error
            ends = time.monotonic() + 300
            while time.monotonic() < ends:
                state, _ = answer(await client.call_tool("trainings", {"name": "new"}))
                if state["state"] not in ("waiting", "running"):
                    break
                await anyio.sleep(1)
            assert state["state"] == "finished", state
            drawn, picture = answer(await client.call_tool("draw", {"model": "new", "n": 2}))
            assert len(drawn["sprites"]) == 2
            assert picture is not None

    run_async(talk)
