"""Every command that writes says before its work where it cannot, in a line, without a trace.

What is in the way is a file where a folder would have to be: nobody may write there, whoever runs
the tests.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import tiny
from spritelab.cli import main
from spritelab.errors import StorageError
from spritelab.generate import load_model

SHARD = ("--shard", "0/1")
COMMANDS = {
    "sample": "sample RUN --out BLOCKED",
    "sample-shard": "sample RUN -n 4 --shard 0/1 --out BLOCKED",
    "steer": "steer vary RUN --out BLOCKED",
    "invert": "steer invert RUN SPRITES/0000.png --out BLOCKED",
    "evaluate": "evaluate RUN --data SET --features pixels --json BLOCKED",
    "evaluate-images": "evaluate --images SET --against SET --features pixels --json BLOCKED",
    "evaluate-shard": "evaluate RUN --data SET --features pixels --sprites SET --shard 0/1 "
    "--statistics BLOCKED",
    "compare": "compare RUN --data SET --features pixels --out BLOCKED",
    "compare-json": "compare RUN --data SET --features pixels --out FREE --json BLOCKED",
    "calibrate": "calibrate RUN --out BLOCKED",
    "inspect": "data inspect SET --out BLOCKED",
    "inspect-json": "data inspect SET --out FREE --json BLOCKED",
    "pack": "data pack SET --out BLOCKED.npz",
    "merge": "merge SHARDS --out BLOCKED",
    "merge-npz": "merge SHARDS --out BLOCKED.npz",
    "tidy": "tidy SPRITES --stray --out BLOCKED",
    "sheet": "export sheet SPRITES --out BLOCKED.png",
    "palette": "export palette SPRITES --out BLOCKED.gpl",
    "denoising": "export denoising RUN --out BLOCKED.gif",
    "onnx": "export onnx RUN --out BLOCKED.onnx",
    "web": "export web RUN --out BLOCKED",
    "diffusers": "export diffusers RUN --out BLOCKED",
    "push": "push RUN you/mine --out BLOCKED",
    "train": "train --data SET --cpu --out BLOCKED",
    "distill": "distill RUN --cpu --out BLOCKED",
}
"""All of them, once for each place that they write to. ``data fetch`` is tested with downloads,
``train --resume`` below."""

WORK = (
    *("spritelab.data.load", "spritelab.data.read", "spritelab.data.tidying._stills"),
    *("spritelab.generate.Model.draw", "spritelab.generate.Model.trace"),
    *("spritelab.generate.shards.merging.join_shards", "spritelab.web.onnx_model._traced"),
    "spritelab.networks.to_unet2d",
)
"""What takes long: reading sprites, drawing, tracing."""


@pytest.fixture
def places(tiny_run: Path, tmp_path: Path) -> dict[str, str]:
    samples = load_model(tiny_run, "cpu").sample(2, sampler="ddim", steps=1).save(tmp_path / "s")
    shards = ["sample", str(tiny_run), "-n", "4", "--steps", "1", *SHARD]
    assert main([*shards, "--device", "cpu", "--out", str(tmp_path / "shards")]) == 0
    (tmp_path / "file").write_text("in the way")
    return {
        "RUN": str(tiny_run),
        "SET": str(tiny.save_npz(tiny.tiny_set(), tmp_path / "set.npz")),
        "SPRITES": str(samples),
        "SHARDS": str(tmp_path / "shards"),
        "FREE": str(tmp_path / "free"),
        "BLOCKED": str(tmp_path / "file" / "inside"),
    }


def test_it_is_told_before_the_work(
    places: dict[str, str],
    tmp_path: Path,
    refused: tiny.Refused,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def work(*_: Any, **__: Any) -> None:
        raise AssertionError("it was told after the work")

    for name in WORK:
        monkeypatch.setattr(name, work)
    monkeypatch.chdir(tmp_path)
    before = tiny.snapshot(tmp_path)
    for command, text in COMMANDS.items():
        for name, place in places.items():
            text = text.replace(name, place)
        said = refused(*text.split())
        assert "cannot write" in said, command
        assert "Not a directory" in said or "is a file" in said, (command, said)
        assert tiny.snapshot(tmp_path) == before, command
    assert not Path(places["FREE"]).exists()


def test_all_commands_that_write_are_here() -> None:
    """A command that is added is added above, or named among those that write nothing by asking."""
    from typer.main import get_command

    from spritelab.cli import commands

    def leaves(command: Any, way: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            return [way]
        return [leaf for name, one in inner.items() for leaf in leaves(one, (*way, name))]

    tested = {tuple(text.split()[:n]) for text in COMMANDS.values() for n in (1, 2)}
    steering = {("steer", name) for name in ("interpolate", "mix", "redraw", "inpaint", "outline")}
    others = {("app",), ("mcp",), ("data", "fetch"), *steering}  # which all end as `steer vary`
    assert set(leaves(get_command(commands))) <= tested | others


def test_a_run_that_cannot_go_on(
    tiny_run: Path, refused: tiny.Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(place: Path) -> None:
        raise StorageError(f"cannot write {place}")

    monkeypatch.setattr("spritelab.runs.folder.check_writable", refuse)
    monkeypatch.setattr("spritelab.data.load", lambda *_, **__: pytest.fail("read before"))
    said = refused("train", "--resume", "--cpu", "--out", str(tiny_run))
    assert said == f"cannot write {tiny_run}"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file(
    places: dict[str, str], tmp_path: Path, refused: tiny.Refused, kind: str
) -> None:
    place = tmp_path / kind
    place.mkdir() if kind == "folder" else os.mkfifo(place)
    said = refused("data", "inspect", places["SET"], "--json", str(place))
    assert f"cannot write {place} (it is a" in said
