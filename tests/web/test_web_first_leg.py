"""The first leg and calibrated steps in the browser, as in Python."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_runtime import installed_runtime, untrained
from test_web_browser import DRAW

from programs import Serve
from spritelab.config import Calibrated
from spritelab.generate import Model, training_moments
from spritelab.web import export_web
from tiny import tiny_set

pytestmark = pytest.mark.engine


@pytest.fixture
def calibrated(tiny_model: Model) -> list[Model]:
    """Models of both kinds of head that know their sprites' moments."""
    found = []
    for model in (tiny_model, untrained(tiny_model, "palette")):
        own = Calibrated(sampler="dpm", times=(40, 25, 9), first_leg="gaussian")
        config = model.config.model_copy(update={"calibrated": (own,)})
        moments = training_moments(tiny_set(), palettes=model.palettes)
        name = Path(f"of-{config.prediction}")
        found.append(dataclasses.replace(model, config=config, moments=moments, folder=name))
    return found


def test_calibrated_steps_and_their_first_leg_are_pythons(
    page: Any, calibrated: list[Model], tmp_path: Path, serve: Serve
) -> None:
    body = {"content_type": "text/javascript", "body": ""}
    page.route("**/ui/main.js", lambda route: route.fulfill(**body))
    page.goto(serve(export_web(calibrated, tmp_path / "page", runtime=installed_runtime())))
    how = {"sampler": "dpm", "steps": 3, "spacing": None, "first_leg": None}
    for model in calibrated:
        guided: list[dict[str, Any]] = [{}, {"guidance": 2.0}]
        guided.append({"guidance": 2.0, "guidance_interval": [-1.0, 9.0]})  # no part of the leg
        for changes in guided:
            asked = {"seed": "3", "numbers": [0, 1, 2]}
            file = f"/models/{model.name}.model"
            found = page.evaluate(DRAW, {"file": file, "asked": asked, "how": how | changes})
            batch = model.sample(3, seed=3, sampler="dpm", steps=3, **changes)
            assert batch.how.first_leg == "gaussian"
            pixels = np.array(found["pixels"]).reshape(batch.images.shape)
            assert (pixels != batch.images).any(axis=-1).mean() <= 0.01
