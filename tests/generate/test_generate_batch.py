"""Batches and denoisings: slices, pictures, and what they say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from spritelab import load_sprites, pictures
from spritelab.errors import DataError, SettingsError
from spritelab.generate import Model, SpriteBatch, load_model


@pytest.fixture(scope="module")
def batch(tiny_model: Model) -> SpriteBatch:
    labels = ["disc", "none", "square", "disc"]
    return tiny_model.sample(sampler="ddim", steps=2, seed=[5, 5, 6, 5], label=labels)


def test_slices_are_batches(batch: SpriteBatch) -> None:
    for rows in (slice(1, 3), np.array([3, 0]), batch.labels == 1):
        part = batch[rows]
        np.testing.assert_array_equal(part.images, batch.images[rows])
        np.testing.assert_array_equal(part.seeds, batch.seeds[rows])
        np.testing.assert_array_equal(part.numbers, batch.numbers[rows])
        assert part.asked == tuple(np.array(batch.asked)[rows])
        assert (part.how, part.model) == (batch.how, batch.model)
    np.testing.assert_array_equal(batch[-1].images, batch.images[-1:])
    assert [one.asked for one in batch] == [("disc",), ("none",), ("square",), ("disc",)]
    with pytest.raises(IndexError):
        batch[4]


def test_palettes_are_sliced_too() -> None:
    drawn = load_model("builtin-16", "cpu").sample(3, steps=1)
    assert drawn.palettes is not None
    assert drawn.lenders is not None
    part = drawn[[False, True, True]]  # type: ignore[index]
    assert part.palettes == drawn.palettes[1:]
    np.testing.assert_array_equal(part.lenders, drawn.lenders[1:])


def test_one_line_without_arrays(batch: SpriteBatch, tiny_model: Model) -> None:
    assert repr(batch) == "<SpriteBatch: 4 RGBA sprites of 16×16, DDIM, η = 0, 2 steps>"
    assert repr(batch[0]) == "<SpriteBatch: 1 RGBA sprite of 16×16, DDIM, η = 0, 2 steps>"
    assert repr(tiny_model) == "<Model tiny: 16×16 RGBA, 3 classes, 12 updates, on cpu>"
    trace = tiny_model.trace(1, sampler="ddim", steps=2)
    assert repr(trace) == "<Trace: 1 sprite, DDIM, η = 0, 2 steps>"


def test_a_model_shows_its_card(tiny_model: Model) -> None:
    html = tiny_model._repr_html_()
    for said in ("<b>tiny</b>", "16×16 RGBA", "square", "licence"):
        assert said in html


def test_its_pictures(batch: SpriteBatch) -> None:
    grid = np.asarray(batch.grid(columns=2, scale=3, gap=1))
    np.testing.assert_array_equal(grid, pictures.grid(batch.images, 2, 3, 1))
    for image, sprite in zip(batch.to_pil(), batch.images, strict=True):
        np.testing.assert_array_equal(np.asarray(image), sprite)
    assert batch._repr_png_() == pictures.sprites_png(batch.images)
    assert "4 RGBA sprites of 16×16" in batch._repr_html_()


def test_a_saved_batch_says_what_draws_it_again(
    batch: SpriteBatch, tiny_model: Model, tmp_path: Path
) -> None:
    folder = batch.save(tmp_path / "out")
    record = json.loads((folder / "samples.json").read_text())
    assert (record["model"], record["seed"]) == ("tiny", None)
    sprites = record["sprites"]
    again = tiny_model.sample(
        sampler=record["sampler"],
        steps=record["steps"],
        seed=[sprite["seed"] for sprite in sprites],
        numbers=[sprite["number"] for sprite in sprites],
        label=[sprite["label"] for sprite in sprites],
    )
    np.testing.assert_array_equal(again.images, batch.images)
    with pytest.raises(SettingsError, match="holds sprites already"):
        batch.save(folder)
    batch[:2].save(folder, overwrite=True)
    # It is a folder of sprites, whatever lies beside them.
    np.testing.assert_array_equal(
        load_sprites(folder, channels=4).images[..., 3], batch[:2].images[..., 3]
    )


def test_a_trace_can_be_walked_again_and_draws_once(
    tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tiny_model.trace(2, sampler="ddim", steps=3, seed=1)
    first = next(iter(trace))
    frames = list(trace)
    monkeypatch.setattr(Model, "chain", lambda *_, **__: pytest.fail("drawn twice"))
    assert frames[0] is first
    assert list(trace) == frames
    assert len(trace) == len(frames) == 4
    assert trace[-1] is frames[3]
    with pytest.raises(IndexError):
        trace[4]

    strip = np.asarray(trace.strip(1, title="one", scale=2, most=3))
    shown = [frames[i] for i in (0, 2, 3)]
    wanted = pictures.denoising_strip(
        [frame.x_t[1] for frame in shown],
        [frame.t for frame in shown],
        2,
        x0_hat=[frame.x0_hat[1] for frame in shown],
    )
    np.testing.assert_array_equal(strip, pictures.titled(wanted, "one"))
    with Image.open(trace.animate(tmp_path / "two.gif", scale=2, captions=False)) as image:
        assert image.n_frames == 4  # type: ignore[attr-defined]
        assert image.size == (2 * 32 + 3 * 2, 32 + 2 * 2)
    assert trace._repr_png_()[:4] == b"\x89PNG"


def test_an_apng_of_a_trace_holds_what_was_drawn(tmp_path: Path, tiny_model: Model) -> None:
    """Every frame read back is x_t byte for byte, and the comment has the true t of each."""
    trace = tiny_model.trace(1, sampler="ddim", times=(9, 5, 2), seed=1)
    path = trace.animate(tmp_path / "a.apng", scale=1, captions=False, background=None)
    with Image.open(path) as image:
        assert image.info["Comment"] == "t of the frames: 9, 5, 2, -1"
        found = [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]
    for frame, wanted in zip(found, trace, strict=True):
        np.testing.assert_array_equal(frame, wanted.x_t[0])
    few = trace.animate(tmp_path / "few.apng", scale=1, most=2, background=None)
    with Image.open(few) as image:
        assert image.info["Comment"] == "t of the frames: 9, -1"
        np.testing.assert_array_equal(np.asarray(image)[:16, :16], trace[0].x_t[0])
    with pytest.raises(DataError, match="a GIF has no opacities"):
        trace.animate(tmp_path / "a.gif", background=None)


def test_a_trace_refuses_before_it_draws(tiny_model: Model) -> None:
    with pytest.raises(SettingsError, match="unknown label"):
        tiny_model.trace(1, label="dragon")
