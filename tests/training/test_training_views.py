"""The warning from views a sprite: who is warned, of what, and how often."""

from __future__ import annotations

from typing import Any

import pytest

from spritelab.config import TrainingSettings, preset
from spritelab.training import ViewsWatch, own_views
from spritelab.training.views import MOST_VIEWS, SMALL_SET


def settings(**how: Any) -> TrainingSettings:
    given = {"steps": 750, "batch_size": 32, "prediction": "palette", **how}
    return TrainingSettings.parse(given)


def test_what_was_measured_falls_on_the_right_side() -> None:
    """Views of a sprite in its own colours, where near copies were found and where not."""
    assert own_views(750, 200, settings()) == 120 > MOST_VIEWS
    assert round(own_views(750, 200, settings(recolour=0.8))) == 24 < MOST_VIEWS
    assert round(own_views(1418, 1512, settings())) == 30 < MOST_VIEWS


def test_a_plan_is_told_once_and_its_coming_to_pass_once() -> None:
    watch = ViewsWatch(200, settings())
    assert watch.planned(750) == (
        "this run will show each of its 200 training sprites 120 times, and may learn them by "
        "heart; choose fewer `steps`, more sprites, `training.recolour=0.8` or "
        "`stop_when_memorising`"
    )
    told = [watch.made(step, step / 750) for step in range(1, 751)]
    (line,) = filter(None, told)
    assert line.startswith("this run has shown each of its 200 training sprites 60 times")
    assert told.index(line) == 375  # the first update beyond 60 views


def test_a_run_of_minutes_is_foretold_by_its_pace() -> None:
    watch = ViewsWatch(200, settings(steps=None, max_minutes=10))
    assert watch.planned(None) is None
    assert watch.made(10, 0.01) is None  # too early to tell
    line = watch.made(20, 0.02)
    assert line is not None
    assert "will show each of its 200 training sprites 160 times" in line
    assert "fewer `max_minutes`" in line
    assert watch.made(40, 0.04) is None


def test_the_remedies_are_those_that_are_left() -> None:
    line = ViewsWatch(20, settings(prediction="v")).planned(750)
    assert line is not None
    assert "recolour" not in line
    line = ViewsWatch(20, settings(recolour=0.8)).planned(750)
    assert line is not None
    assert "240 times" not in line
    assert "1200 times" in line
    assert "recolour" not in line


@pytest.mark.parametrize(
    ("sprites", "how"),
    [
        (SMALL_SET, {}),
        (200, {"steps": 375}),
        (200, {"recolour": 0.8}),
        (200, {"stop_when_memorising": True}),
    ],
)
def test_who_is_not_warned(sprites: int, how: dict[str, Any]) -> None:
    given = settings(**how)
    watch = ViewsWatch(sprites, given)
    assert given.steps is not None
    assert watch.planned(given.steps) is None
    assert not any(watch.made(step, step / given.steps) for step in range(1, given.steps + 1))


@pytest.mark.parametrize("sprites", [1512, 4500])
def test_an_hour_of_a_preset_on_the_sets_that_come_along(sprites: int) -> None:
    """On a machine ten times as fast as the slow one that the recipe was measured on."""
    small = preset("small").override({"training.max_minutes": 60}).training
    watch = ViewsWatch(sprites, small)
    assert not any(watch.made(160 * share, share / 1000) for share in range(1, 1001))


def test_views_in_the_colours_of_others_are_not_a_sprites_own() -> None:
    assert own_views(750, 200, settings(recolour=0.5, swap=0.5)) == 30
