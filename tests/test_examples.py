"""The examples run, in quick versions, and write what they say."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import spritelab
import tiny
from spritelab.evaluation import Extractor

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))

TINY: dict[str, Any] = {
    "preset": "rgba",
    "minutes": 0.01,
    "batch_size": 8,
    "network": {"widths": [32], "attention": []},
    "schedule": {"timesteps": 10},
    "cpu": True,
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def example(name: str) -> Callable[..., None]:
    """The function ``main`` of an example."""
    (path,) = (path for path in EXAMPLES if path.stem == name)
    main: Callable[..., None] = runpy.run_path(str(path))["main"]
    return main


def picture(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_how_it_is_called(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 40
    assert text.startswith('"""')
    assert f"python examples/{path.name}" in text
    assert "Writes" in text or "writes" in text


def test_draw(here: Path) -> None:
    example("draw")(n=3, steps=4)
    listed = json.loads((here / "heroes" / "samples.json").read_text())["sprites"]
    assert [sprite["label"] for sprite in listed] == ["hero"] * 3
    assert (here / "heroes" / "grid.png").is_file()
    with Image.open(here / "heroes.gif") as animation:
        assert animation.n_frames == 5  # type: ignore[attr-defined]
        assert animation.width == 128


@pytest.mark.usefixtures("short_validation")
def test_train(here: Path) -> None:
    folder = here / "my-sprites"
    for k, image in enumerate(tiny.tiny_set().to_pil()):
        (folder / f"class-{k % 2}").mkdir(parents=True, exist_ok=True)
        image.save(folder / f"class-{k % 2}" / f"{k}.png")
    example("train")(str(folder), **TINY)
    model = spritelab.load_model("runs/mine")
    assert model.config.step > 0
    assert model.class_names == ("class-0", "class-1")
    assert picture(here / "own.png").shape[:2] == (5 * 72 + 8, 10 * 72 + 8)


def test_compare_samplers(here: Path) -> None:
    example("compare_samplers")(n=2, many=4, few=2)
    assert picture(here / "samplers.png").shape[0] > 4 * 5 * 16


def test_evaluate(here: Path, tiny_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sprites = tiny.tiny_set(400)
    model = spritelab.load_model(tiny_run, "cpu")
    with pytest.warns(UserWarning, match="are not those the model was trained on"):
        example("evaluate")(model=model, data=sprites, n=24, extractor=Extractor("pixels"), steps=2)
    facts = json.loads((here / "evaluation.json").read_text())
    assert f"copies: {facts['copies']:.4f}, floor" in capsys.readouterr().out


def test_ddim_by_hand_draws_as_the_library_does(here: Path) -> None:
    """The same sprites, within a level: the loop is DDIM, and no other sampler."""
    from spritelab import pictures

    n, steps = 4, 3
    example("ddim_by_hand")(n=n, steps=steps)
    model = spritelab.load_model("crawl-16", device="cpu")
    drawn = model.sample(n, sampler="ddim", steps=steps)
    wanted = pictures.grid(drawn.images, columns=10).astype(int)
    apart = np.abs(picture(here / "by_hand.png").astype(int) - wanted)
    assert (apart > 1).mean() < 0.01  # x is rounded to float32 in each step
