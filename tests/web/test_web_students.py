"""A student on the page: it draws as it was distilled to, and nothing else is offered."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from browsing import seen
from page_runtime import installed_runtime

from benchmarks.lib.browser import wait_for_drawing
from programs import Serve
from spritelab.config import SamplerSettings
from spritelab.generate import Distilled, Model, training_moments
from spritelab.web import export_web
from spritelab.web.metadata import describe
from tiny import tiny_set

pytestmark = pytest.mark.engine

REFUSED = """
async ({file, how}) => {
  const {Model, complete, setRuntime} = await import('/engine/model.js');
  const get = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());
  setRuntime(await get('/runtime/ort.wasm'));
  const {facts} = await Model.load(await get(file));
  try { return complete(how, facts).sampler; } catch (error) { return error.message; }
}
"""


@pytest.fixture
def student(tiny_model: Model) -> Model:
    own = SamplerSettings(sampler="dpm", times=(40, 25, 9), first_leg="gaussian")
    told = {"sampling": own, "distilled": Distilled(guidance=1.0), "hard_alpha": True}
    config = tiny_model.config.model_copy(update=told)
    moments = training_moments(tiny_set())
    return dataclasses.replace(tiny_model, config=config, moments=moments, folder=Path("quick"))


def test_a_student_draws_in_its_own_way_alone(
    page: Any, student: Model, tiny_model: Model, tmp_path: Path, serve: Serve
) -> None:
    assert describe(student)["distilled"] is True
    assert "distilled" not in describe(tiny_model)
    site = serve(export_web([student], tmp_path / "page", runtime=installed_runtime()))
    page.set_default_timeout(120_000)
    # Whatever an address asks for.
    page.goto(f"{site}/#draw?model=quick&seed=3&n=3&label=disc&sampler=ddpm&steps=50&guidance=3")
    wait_for_drawing(page)
    batch = student.sample(3, seed=3, label="disc")
    assert (seen(page, "#sprites canvas") != batch.images).any(axis=-1).mean() <= 0.01
    assert "draws in no others" in page.text_content("#student")
    assert not page.is_visible("#more")
    assert "3 steps" in page.text_content("#draw-status")

    page.click("#sprites .tile >> nth=1")
    page.click("#edit")
    assert not page.is_visible("#ways")
    assert not page.is_visible("#edit-from")
    assert not page.is_visible("#edit-strength")
    page.select_option("#edit-class", "square")
    page.click("#edit-go")
    wait_for_drawing(page, "#edit-status")
    again = student.sample(numbers=[1], seed=3, label="square")
    assert (seen(page, "#edits canvas") != again.images).any(axis=-1).mean() <= 0.01
    page.click("#edits .tile >> nth=0")
    page.click("#edit-this")
    assert page.is_visible("#edit-keep-own")
    assert not page.is_visible("#edit-go"), "it has no noise of its own to be drawn from"

    page.goto(f"{site}/#watch?model=quick")
    page.wait_for_selector("#watch-student:visible")
    assert not page.is_visible("#watch-go")
    asked = {"file": "/models/quick.model", "how": {"sampler": "ddim", "steps": 3}}
    assert "draws by nothing else" in page.evaluate(REFUSED, asked)
    own = describe(student)["sampling"]
    assert page.evaluate(REFUSED, {**asked, "how": own}) == "dpm"
