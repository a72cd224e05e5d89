"""The editor in Chromium: a sprite varied, drawn anew and filled in, as Python does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from browsing import DIFFERING, MODELS, seen
from numpy.typing import NDArray

from benchmarks.lib.browser import on_pixel, wait_for_drawing
from programs import script
from spritelab.generate import Model
from spritelab.palette import Palette

pytestmark = pytest.mark.engine

STEER = """
async ({file, cases}) => {
  const {Model, complete, setRuntime} = await import('/engine/model.js');
  const {inpaint, keepKnown, redraw, requestGiven, walked} = await import('/engine/steering.js');
  const get = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());
  setRuntime(await get('/runtime/ort.wasm'));
  const model = await Model.load(await get(file)), {schedule, sampling} = model.facts, found = [];
  for (const {how, ...given} of cases) {
    const bytes = values => values && Uint8ClampedArray.from(values);
    const asked = {...given, pixels: bytes(given.pixels), mask: bytes(given.mask)};
    const full = complete({...sampling, spacing: null, first_leg: null, ...how}, model.facts);
    const {sprites, seen} = requestGiven(model.facts, asked);
    const again = asked.by === 'redraw', from = again ? {...asked, pixels: seen} : asked;
    let x, steps = 0;
    const walk = again ? redraw : inpaint;
    for await (const step of walk(model, full, sprites, from)) x = step.x, steps++;
    const pixels = again ? model.finished(x) : keepKnown(model.finished(x), asked);
    found.push({
      pixels: [...pixels], palette: sprites[0].palette,
      steps: [steps, walked(asked, full, schedule).length],
    });
  }
  return found;
}
"""
"""Draws by the modules of the page, without the page."""

COLOURS = ["1a1c2c", "b13e53", "ef7d57", "ffcd75", "38b764", "29366f", "41a6f6", "f4f4f4"]

Cases = list[tuple[dict[str, Any], Any]]


def cases_of(model: Model, sprite: NDArray[np.uint8], mask: NDArray[np.bool_]) -> Cases:
    """What the page is asked, and what Python draws of the same."""
    first, second = model.class_names[:2]
    plain = {"pixels": sprite.ravel().tolist(), "seed": "3", "numbers": [0, 1], "label": first}
    masked = {**plain, "by": "inpaint", "mask": mask.ravel().tolist(), "jump": 2}
    few: dict[str, Any] = {"sampler": "ddpm", "steps": 4, "eta": None, "spacing": None}
    cases: Cases = [
        (
            {**plain, "by": "redraw", "strength": 0.4, "how": {}},
            model.redraw(sprite, 0.4, 2, seed=3, label=first),
        ),
        (
            {**plain, "by": "redraw", "strength": 0.9, "label": {first: 1, second: 3}, "how": few},
            model.redraw(
                sprite, 0.9, 2, seed=3, label={first: 1.0, second: 3.0}, sampler="ddpm", steps=4
            ),
        ),
        (
            {**masked, "resamplings": 3, "how": {"steps": 7}},
            model.inpaint(sprite, mask, 2, seed=3, label=first, resamplings=3, steps=7),
        ),
        (
            {**masked, "resamplings": 2, "label": "none", "how": few},
            model.inpaint(
                sprite, mask, 2, seed=3, label="none", resamplings=2, sampler="ddpm", steps=4
            ),
        ),
    ]
    if model.palettes is not None:
        given = [list(bytes.fromhex(code)) for code in COLOURS]
        palette = Palette.from_hex(COLOURS)
        cases.append(
            (
                {**plain, "by": "redraw", "strength": 0.6, "palette": given, "how": {}},
                model.redraw(sprite, 0.6, 2, seed=3, label=first, palette=palette),
            )
        )
    return cases


@pytest.mark.parametrize("name", MODELS)
def test_a_sprite_is_drawn_again_as_in_python(
    empty: Any, models: dict[str, Model], name: str
) -> None:
    model = models[name]
    sprite = model.sample(1, seed=5, label=model.class_names[0]).images[0]
    mask = np.zeros(sprite.shape[:2], bool)
    mask[4:11, 8:] = True
    cases = cases_of(model, sprite, mask)
    asked = [case for case, _ in cases]
    found = empty.evaluate(STEER, {"file": f"/models/{name}.model", "cases": asked})
    for case, (_, batch) in zip(found, cases, strict=True):
        assert case["steps"] == [batch.steered.evaluations] * 2
        if model.palettes is not None:
            assert case["palette"] == batch.palettes[0].colours.tolist()
        pixels = np.array(case["pixels"]).reshape(batch.images.shape)
        assert (pixels != sprite).any(), "something was drawn"
        assert (pixels != batch.images).any(axis=-1).mean() <= DIFFERING
    for case in found[2:4]:
        pixels = np.array(case["pixels"]).reshape(-1, *sprite.shape)
        assert (pixels == sprite)[:, ~mask].all()


def test_a_part_of_a_sprite_is_filled(page: Any, site: str, small: list[Model]) -> None:
    page.goto(f"{site}/#draw?model=of-palettes&n=3&label=disc")
    wait_for_drawing(page)
    page.click("#sprites .tile >> nth=1")
    page.click("#edit")
    before = seen(page, "#easel canvas.sprite")[0]
    page.click("#ways >> text=Fill")
    page.click("#edit-go")
    assert page.text_content("#edit-error") == "Select the pixels that are to be drawn."
    page.mouse.move(*on_pixel(page, 2, 3))
    page.mouse.down()
    page.mouse.move(*on_pixel(page, 9, 3))
    page.mouse.up()
    assert page.text_content("#edit-selected") == "8 pixels selected"
    page.fill("#edit-count", "2")
    page.click("#edit-go")
    wait_for_drawing(page, "#edit-status")
    mask = np.zeros((16, 16), bool)
    mask[3, 2:10] = True
    batch = small[1].inpaint(before, mask, 2, label="disc")
    drawn = seen(page, "#edits canvas")
    assert (drawn != batch.images).any(axis=-1).mean() < 0.01
    assert (drawn == before)[:, ~mask].all()
    link = page.url
    assert "edit=1&by=fill&mask=000000000000" in link
    page.goto("about:blank")
    page.goto(link)  # opens as it was
    wait_for_drawing(page, "#edit-status")
    assert np.array_equal(seen(page, "#edits canvas"), drawn)
    page.click("#edits .tile >> nth=1")
    page.click("#edit-keep")
    assert page.locator("#kept canvas").count() == 1
    assert np.array_equal(seen(page, "#kept canvas")[0], drawn[1])


def test_pixels_are_painted_by_keys_and_undone(page: Any, site: str) -> None:
    page.goto(f"{site}/#draw?model=tiny&n=2&seed=3&label=disc")
    wait_for_drawing(page)
    page.click("#sprites .tile >> nth=0")
    page.click("#edit")
    before = seen(page, "#easel canvas.sprite")[0]
    page.click("#paints button >> nth=1")
    colour = page.get_attribute("#paints [aria-pressed=true]", "data-code")
    page.focus("#easel")
    for key in ("ArrowLeft", "ArrowUp", " ", "Shift+ArrowRight"):
        page.keyboard.press(key)
    after = seen(page, "#easel canvas.sprite")[0]
    painted = bytes.fromhex(colour.removeprefix("#").ljust(8, "f"))
    assert after[7, 7].tolist() == after[7, 8].tolist() == list(painted)
    assert f"column 9, row 8: {colour}" in page.text_content("#easel-told")
    before[7, 7:9] = after[7, 7:9]
    assert np.array_equal(after, before)
    page.click("#edit-keep-own")
    assert np.array_equal(seen(page, "#kept canvas")[0], after)
    page.click("#edit-undo")
    assert not np.array_equal(seen(page, "#easel canvas.sprite")[0], after)


def test_a_sprite_is_redrawn_as_another_class(page: Any, site: str, small: list[Model]) -> None:
    page.goto(f"{site}/#draw?model=tiny&n=2&seed=3&label=disc")
    wait_for_drawing(page)
    page.click("#sprites .tile >> nth=1")
    page.click("#edit")
    page.click("#ways >> text=Redraw")
    page.select_option("#edit-class", "square")
    page.select_option("#edit-from", "noise")
    page.click("#edit-go")
    wait_for_drawing(page, "#edit-status")
    batch = small[0].sample(numbers=[1], seed=3, label="square")
    assert (seen(page, "#edits canvas") != batch.images).any(axis=-1).mean() < 0.01
    assert "edit=1&by=redraw&from=noise&to=square" in page.url
    page.select_option("#edit-from", "picture")
    page.fill("#edit-count", "90")
    page.click("#edit-go")
    page.wait_for_selector("#edits .tile:not([disabled]) >> nth=2")
    page.click("#edit-stop")
    page.wait_for_function("document.querySelector('#edit-status').textContent.includes('Stopped')")
    assert 3 <= page.locator("#edits .tile").count() < 90


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_editor(page: Any, site: str, theme: str) -> None:
    source = script("axe-core/axe.min.js").read_text("utf-8")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/#draw?model=of-palettes&n=2&edit=1&by=redraw&drawings=2")
    wait_for_drawing(page, "#edit-status")
    page.click("#edits .tile >> nth=0")
    page.evaluate(source)
    found = page.evaluate(
        "async () => (await axe.run()).violations.map(v => [v.id, v.nodes[0].html])"
    )
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
