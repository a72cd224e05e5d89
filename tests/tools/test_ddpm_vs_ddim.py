"""``tools.ddpm_vs_ddim``: the page holds each report once, with pictures that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tiny
from spritelab.cli import main
from tools import ddpm_vs_ddim


@pytest.fixture
def report(tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "report"
    source = tiny.save_npz(tiny.tiny_set(), tmp_path / "sprites.npz")
    words = ["compare", str(tiny_run), "--data", str(source), "--features", "pixels"]
    words += ["-n", "20", "--seeds", "2", "--steps", "2", "--eta", "0,0.5"]
    words += ["--out", str(folder), "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["spritelab", *words])  # which the report says
    assert main(words) == 0
    return folder


def test_a_report_is_put_in_once(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("# A page\n\nOurs.\n", "utf-8")
    capsys.readouterr()
    assert ddpm_vs_ddim.main([str(report)], page) == 0
    assert capsys.readouterr().out == f"wrote {page}\n"
    text = page.read_text("utf-8")
    assert text.startswith("# A page\n\nOurs.\n\n<!-- report of tiny -->\n\n## `tiny`\n\n**DD")
    headings = re.findall(r"^#+ .*$", text, re.MULTILINE)
    assert [heading.partition(" by ")[0] for heading in headings[1:]] == [
        "## `tiny`",
        "### FD-pixels",
        "### The same noise",
        "### All figures",
    ]
    pictures = re.findall(r"\]\((pictures/[^)]+)\)", text)
    assert len(pictures) == 6
    assert all((page.parent / picture).stat().st_size for picture in pictures)
    assert "seconds" not in text
    assert "To make it again: `spritelab compare" in text
    assert "--out" not in text
    assert "--eta 0,0.5 --device cpu`" in text
    table = text.partition("### All figures")[2]
    assert "| NFE | FD-pixels |" in table
    assert "DDIM, η = 0.5, 2 steps | 2 | " in table

    page.write_text(text.replace("**DD", "**old") + "\nOurs too.\n", "utf-8")
    assert ddpm_vs_ddim.main([str(report)], page) == 0
    assert page.read_text("utf-8") == text + "\nOurs too.\n"


def test_a_folder_without_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n", "utf-8")
    assert ddpm_vs_ddim.main([str(tmp_path)], page) == 2
    assert "holds no report; make it with spritelab compare" in capsys.readouterr().err
    assert page.read_text("utf-8") == "# A page\n"
