"""Numbers and durations as people read them."""

import pytest

from spritelab.evaluation.formatting import duration, figure


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0, "0"), (None, "–"), (0.00123, "0.0012"), (0.123, "0.123"), (1.5, "1.50")),
        *((31.996, "32.0"), (152.4, "152"), (12345.6, "12,346"), (-2.34, "−2.34")),
    ],
)
def test_figures_for_reading(value: float | None, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0032, "3.2 ms"), (41.2, "41.2 s"), (150, "2 min"), (7500, "2 h 05 min")],
)
def test_durations_for_reading(seconds: float, text: str) -> None:
    assert duration(seconds) == text
