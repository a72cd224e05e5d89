"""``spritelab sample --shard`` and ``spritelab merge``: workers that share a drawing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spritelab.cli import main
from tiny import Refused, snapshot


@pytest.fixture
def here(tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(tiny_run, tmp_path / "runs" / "tiny")
    monkeypatch.chdir(tmp_path)
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


WORDS = ["sample", "runs/tiny", "--device", "cpu", "--steps", "2", "-n", "70"]


def test_two_workers_and_one(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--shard", "0/2", "--out", "many"]) == 0
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main([*WORDS, "--shard", "auto", "--out", "many"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "wrote many/shard-00000-of-00002\nwrote many/shard-00001-of-00002\n"
    assert main([*WORDS, "--shard", "auto", "--out", "many"]) == 0
    assert "done before: shard 1/2 is whole; nothing was drawn\n" in capsys.readouterr().err
    assert main(["merge", "many", "--out", "all"]) == 0
    assert capsys.readouterr().out == "wrote all\n"
    assert main([*WORDS, "--out", "one"]) == 0
    one, all_ = snapshot(here / "one"), snapshot(here / "all")
    assert len(one.pop("samples.json").splitlines()) == len(all_.pop("samples.json").splitlines())
    assert one == all_


def test_mistakes(here: Path, refused: Refused) -> None:
    assert refused(*WORDS, "--shard", "2/2") == (
        "--shard counts from 0: there is no 2/2; the shards are 0/2 … 1/2"
    )
    assert refused(*WORDS, "--shard", "auto").startswith("no launcher says which --shard this is")
    assert refused(*WORDS, "--shard", "0/2", "--strip").endswith("no --strip; leave that out")
    assert refused("merge", "runs", "--out", "all").startswith("runs holds no shards")
    assert not (here / "samples").exists()
    assert main([*WORDS, "--shard", "1/2", "--out", "many"]) == 0
    said = refused("merge", "many", "--out", "all")
    assert said == "sprites 0 … 63 are in none of the shards; draw shard 0/2"
    assert main([*WORDS, "--out", "taken"]) == 0
    assert "--overwrite" in refused("merge", "many", "--out", "taken")
