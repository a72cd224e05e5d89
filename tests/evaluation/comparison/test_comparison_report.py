"""The report: what its sentences claim, and a page that holds everything it shows."""

import base64
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats

import evaluation_runs
from evaluation_runs import ddim, ddpm
from markup import as_one_line, shown, structure
from spritelab.config import SamplerSettings
from spritelab.errors import SettingsError
from spritelab.evaluation.comparison import report
from spritelab.evaluation.comparison.answer import Difference, find_answer, paired_difference
from spritelab.evaluation.comparison.cells import Cell, Comparison
from spritelab.evaluation.comparison.charts import chart
from spritelab.evaluation.evaluator import Evaluator
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.measures import Measures
from spritelab.evaluation.scores import Score
from spritelab.evaluation.split import Split, find_split
from spritelab.generate import Model, load_model

GRID = (
    *(ddpm(2), ddpm(2, "beta"), ddim(2), ddim(2, 1.0)),
    *(ddpm(6), ddim(6)),
)
DIFFERENT: list[dict[str, Any]] = [{"guidance": 2.0}, {"spacing": "trailing"}, {"clip": False}]
ABOUT = report.About("my <dragons>", "spritelab compare 'runs/my <dragons> `x`'", "9.9")


def cell(how: SamplerSettings, frechet: list[float], seconds: float = 10.0) -> Cell:
    """A cell whose Fréchet distances are given, one a seed."""
    rest: dict[str, Any] = dict.fromkeys(Measures.__dataclass_fields__, 0.5)
    scores = [
        Score(Measures(**{**rest, "n": 100, "frechet": value}), None, None, {}, {}, None)
        for value in frechet
    ]
    seeds = tuple(range(len(frechet)))
    return Cell(how, seeds, tuple(scores), (seconds,) * len(seeds), "CPU", 2)


def test_the_interval_is_student_s() -> None:
    a, b = [3.0, 4.5, 3.9, 4.0], [3.4, 4.6, 4.4, 4.1]
    found = paired_difference(a, b)
    expected = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert found.mean == pytest.approx(0.275)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert not found.sure
    assert paired_difference([1, 2, 3], [2, 3.01, 4]).sure
    assert paired_difference([1], [2]) == Difference(1.0, None, None)


@pytest.mark.parametrize(
    ("slow", "fast", "said"),
    [
        ([30.0, 31.0, 32.0], [31.0, 30.5, 32.5], "DDIM-50 cannot be told from DDPM-1000 here"),
        ([30.0, 31.0, 32.0], [35.0, 36.1, 37.0], "DDIM-50 is worse than DDPM-1000 here"),
        ([35.0, 36.0, 37.0], [30.0, 31.1, 32.0], "DDIM-50 is better than DDPM-1000 here"),
        ([30.0], [99.0], "with one seed nobody can say whether that difference is chance"),
    ],
)
def test_the_answer_follows_from_the_figures(
    slow: list[float], fast: list[float], said: str
) -> None:
    cells = [cell(ddpm(1000), slow, 200.0), cell(ddim(50), fast, 10.0)]
    found = find_answer(cells, "FD-X")
    assert said in found.headline
    assert "FD-X" in found.headline
    assert "1/20 of the network evaluations, and 1/20 of the time" in found.headline
    assert "100 ms a sprite against 2 s" in found.headline


def test_times_of_two_machines_are_not_compared() -> None:
    slow = cell(ddpm(1000), [3.0, 4.0], 200.0)
    fast = replace(cell(ddim(50), [3.1, 3.9]), device="NVIDIA H100")
    headline = find_answer([slow, fast], "FD-X").headline
    assert "network evaluations." in headline
    assert "time" not in headline


def test_equal_cost_is_said_so() -> None:
    cells = [cell(ddpm(50), [3.0, 4.0]), cell(ddim(50), [3.1, 3.9])]
    headline = find_answer(cells, "FD-X").headline
    assert headline.endswith("Both take 50 network evaluations a sprite.")


def test_further_sentences() -> None:
    cells = [
        cell(ddim(5), [50.0, 51.0, 52.1]),
        cell(ddpm(20), [28.0, 29.0, 30.0]),
        cell(ddim(20), [30.1, 31.0, 31.8]),
        cell(ddim(50), [30.3, 30.8, 32.1]),
        cell(ddpm(1000), [30.0, 31.0, 32.0]),
        cell(ddim(20, 1.0), [28.0, 29.0, 30.0]),
    ]
    found = find_answer(cells, "FD-X")
    assert found.slow.how == ddpm(1000)
    assert found.fast.how == ddim(50)
    fewest, best = found.more
    assert fewest.endswith("is not shown to be worse than DDPM-1000, by FD-X, are 20.")
    assert "DDPM-20 (the same chain as DDIM-20 with η = 1) has the lowest mean FD-X" in best
    always = [cell(ddim(50), [40.0, 41.2, 42.0]), cells[4]]
    assert "At every number of steps tried" in find_answer(always, "FD-X").more[0]


def test_settings_that_differ_in_guidance_or_spacing_keep_places_of_their_own() -> None:
    same = ddim(5)
    settings = [same, *(same.changed(**changes) for changes in DIFFERENT), ddpm(50)]
    cells = [cell(how, [10.0 + k, 11.0 + k]) for k, how in enumerate(settings)]
    table = report.matrix(cells)
    assert table["families"] == [how.family for how in settings]
    texts = [place["text"] for _, row in table["rows"] for place in row if place["text"]]
    assert len(set(texts)) == len(settings)
    svg = chart(cells, "frechet", "FD-X", against="nfe")
    lines = {c for c in re.findall(r"stroke: (#\w+)", svg.lower()) if c != "#ffffff"}
    assert len(lines) == len(settings)
    answer = find_answer(cells, "FD-X")
    assert answer.fast.how == same
    assert "guidance 2" in find_answer([cells[1], cells[-1]], "FD-X").headline


def test_settings_that_only_their_times_tell_apart_are_all_shown() -> None:
    cells = [
        cell(SamplerSettings(sampler="ddim", times=times), [value, value])
        for times, value in (((40, 20), 5.0), ((49, 0), 7.0))
    ]
    ((_, (place,)),) = report.matrix(cells)["rows"]
    assert "5.00" in place["text"]
    assert "7.00" in place["text"]


def test_a_chart_is_an_svg_of_the_page_s_ink() -> None:
    cells = [
        *(cell(ddpm(s), [9.0 + s, 10.0 + s]) for s in (5, 50)),
        *(cell(ddim(s), [19.0, 20.0]) for s in (5, 50)),
        *(cell(ddim(s, 1.0), [9.0 + s, 10.0 + s]) for s in (5, 50)),
    ]
    svg = chart(cells, "frechet", "FD-X, lower is better", against="nfe", floor=5.0)
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "currentColor" in svg
    assert "#010203" not in svg
    assert 'aria-label="FD-X, lower is better against nfe a sprite"' in svg
    lines = {c for c in re.findall(r"stroke: (#\w+)", svg.lower()) if c != "#ffffff"}
    assert len(lines) == 2  # η = 1 lies on DDPM and is left out
    alone = chart(cells, "frechet", "FD-X", against="seconds", standalone=True)
    assert "currentColor" not in alone
    assert svg == chart(cells, "frechet", "FD-X, lower is better", against="nfe", floor=5.0)


def test_a_report_s_folder_holds_nothing_else(tmp_path: Path) -> None:
    report.check_folder(tmp_path / "new")
    (tmp_path / "cells").mkdir()
    (tmp_path / "index.html").write_text("")
    report.check_folder(tmp_path)
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(SettingsError, match="holds other files"):
        report.check_folder(tmp_path)
    with pytest.raises(SettingsError, match="is a file"):
        report.check_folder(tmp_path / "thesis.tex")


class Page(HTMLParser):
    """Collects a page's tags, its pictures and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.sprites: list[tuple[str, str]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]
        found = dict(attrs)
        if tag == "img":
            self.sprites.append((found["src"] or "", found["alt"] or ""))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Comparison, Model, Split]:
    folder = tmp_path_factory.mktemp("report")
    run = evaluation_runs.make_run(folder, mirror=True)
    model = load_model(run, "cpu")
    split = find_split(run, model.config)
    out = folder / "report"
    evaluator = Evaluator(model, split, Extractor("pixels"), folder=out / "cells")
    comparison = evaluator.compare(GRID, n=40, seeds=(0, 1))
    evaluator.report(comparison, out, ABOUT)
    return out, comparison, model, split


def test_the_page_holds_all_it_shows(made: tuple[Path, Comparison, Model, Split]) -> None:
    text = (made[0] / "index.html").read_text("utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert not [
        v for k, v in page.attributes if k in ("src", "href") and not v.startswith(("data:", "#"))
    ]
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    assert "@import" not in text
    assert "my <dragons>" in page.words  # escaped, and read back as it was
    assert "<dragons>" not in text
    assert page.tags.count("svg") == 4
    facts = json.loads((made[0] / "report.json").read_text("utf-8"))
    assert facts["answer"]["headline"] in page.words.replace("\N{NO-BREAK SPACE}", " ")


def test_sprites_are_shown_pixel_for_pixel(made: tuple[Path, Comparison, Model, Split]) -> None:
    out, _, model, _ = made
    page = Page((out / "index.html").read_text("utf-8"))
    shown = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition("base64,")[2]))))
        for source, _ in page.sprites
    ]
    assert {image.shape[:2] for image in shown} == {(16, 16)}
    slow = model.sample(8, sampler="ddpm", steps=6, seed=0).images.astype(int)
    fast = model.sample(8, sampler="ddim", steps=6, seed=0).images.astype(int)
    for k in range(8):
        assert np.abs(shown[2 * k] - slow[k]).max() <= 1
        assert np.abs(shown[2 * k + 1] - fast[k]).max() <= 1


def test_the_figures_are_those_of_the_cells(made: tuple[Path, Comparison, Model, Split]) -> None:
    out, comparison, _, split = made
    facts = json.loads((out / "report.json").read_text("utf-8"))
    cells = comparison.cells
    assert len(facts["cells"]) == len(GRID)
    for one, ours in zip(facts["cells"], cells, strict=True):
        asked = (ours.how.sampler, ours.how.steps, ours.how.eta, ours.how.variance)
        assert (one["sampler"], one["steps"], one["eta"], one["variance"]) == asked
        assert one["frechet"] == pytest.approx(ours.mean("frechet"))
        assert one["seconds"] == pytest.approx(np.mean(ours.seconds))
        assert one["n"] == 40
    assert facts["data"]["verified"]
    assert facts["reference"]["mirrored"]
    assert facts["data"]["held_out"] == len(split.held_out)
    fewer = facts["same_noise"]["fewer_steps"]
    assert [one["steps"] for one in fewer] == [6, 2]
    assert fewer[0]["difference"] == 0 < fewer[1]["difference"] < facts["same_noise"]["unrelated"]
    text = (out / "report.md").read_text("utf-8")
    for name in re.findall(r"\]\((pictures/[^)]+)\)", text):
        assert (out / name).is_file()
    assert f"**{facts['answer']['headline']}**" in text
    table = [line for line in text.splitlines() if line.startswith("| DD")]
    assert len(table) == len(GRID)
    assert {line.count("|") for line in table} == {19}


def test_names_are_no_markup_of_the_text(made: tuple[Path, Comparison, Model, Split]) -> None:
    out, comparison, _, split = made
    folder = out.parent / "evil"
    kinds = []
    for name in ("dragons", "my <dragons> | `x` [y](http://z.example)\n\n# z"):
        about, source = report.About(name, name, "9.9"), replace(split, source=name)
        report.write_report(folder, comparison, source, about)
        text = (folder / "report.md").read_text("utf-8")
        kinds.append(structure(text))
        assert shown(text).count(as_one_line(name)) == 3
    assert kinds[0] == kinds[1]


def test_made_again_it_is_the_same(made: tuple[Path, Comparison, Model, Split]) -> None:
    out, comparison, _, split = made
    before = {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    report.write_report(out, comparison.plan.run(), split, ABOUT)
    assert {path.name: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
