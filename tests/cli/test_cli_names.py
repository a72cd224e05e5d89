"""Names that are anybody's never command the terminal, and names that are no UTF-8 are read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spritelab import data
from spritelab.cli import console, main
from spritelab.config import preset
from spritelab.errors import SettingsError
from tiny import Refused


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("food\x1b[2J", "food\\x1b[2J"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("evil\u202egnp.exe", "evil\\u202egnp.exe"),
        ("\u2066x\u200b", "\\u2066x\\u200b"),
        ("a\rb\x7f", "a\\rb\\x7f"),
        ("\udcff", "\\udcff"),
        ("Löwe 日本 👩\u200d🎨 Д", "Löwe 日本 👩\u200d🎨 Д"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_what_would_command_the_terminal_is_shown(text: str, shown: str) -> None:
    assert console.visible(text) == shown


def art(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for k in range(4):
        image = np.full((16, 16, 4), 40 * k + 50, dtype=np.uint8)
        Image.fromarray(image).save(folder / f"a{k}.png")
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="such names are none there")
def test_a_class_that_is_an_escape_sequence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], refused: Refused
) -> None:
    art(tmp_path / "art" / "red\x1b[31m")
    assert main(["data", "inspect", str(tmp_path / "art"), "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "red\\x1b" in shown.out
    assert "\\x1b[31m" in refused("data", "inspect", str(tmp_path / "no\x1b[31m"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    folder = art(tmp_path / os.fsdecode(b"art\xff") / os.fsdecode(b"food\xfe"))
    (folder / "a0.png").rename(folder / os.fsdecode(b"b\xfc.png"))
    (folder / "a1.png").rename(folder / os.fsdecode(b"b\xfd.png"))
    found = data.load(folder.parent)
    assert len(found) == 4
    assert found.class_names == ("food?",)
    assert found.provenance.source == "art?"
    assert "".join(found.ids).isascii()
    assert len(set(found.ids)) == 4
    with pytest.raises(SettingsError, match=r"data\.source: it is no UTF-8; rename"):
        preset("rgba").override({"data.source": str(folder.parent)})


def test_a_name_longer_than_any_can_be(tmp_path: Path, refused: Refused) -> None:
    said = refused("sample", "builtin-16", "-n", "1", "--out", str(tmp_path / ("a" * 300)))
    assert "too long" in said
    assert "choose a shorter name" in said or "choose another place" in said
