"""One progress for the whole house: counts of a part are counts of the whole."""

from __future__ import annotations

import pytest

from spritelab import progress as progress_module
from spritelab.progress import SILENT, Progress, showing


def listening() -> tuple[Progress, list[tuple[int, int | None, str]]]:
    told: list[tuple[int, int | None, str]] = []
    return Progress(lambda *now: told.append(now)), told


def test_what_is_said_is_told() -> None:
    progress, told = listening()
    progress(1)
    progress(2, 5)
    progress(3, 5, "drawing")
    assert told == [(1, None, ""), (2, 5, ""), (3, 5, "drawing")]


def test_a_part_counts_from_where_it_began_and_for_the_whole() -> None:
    progress, told = listening()
    part = progress.part("second half", before=10, total=20)
    part(3, 10, "of its own")
    part(10)
    assert told == [(13, 20, "second half"), (20, 20, "second half")]


def test_parts_of_parts() -> None:
    progress, told = listening()
    inner = progress.part(before=100, total=300).part("drawing", before=20, total=50)
    inner(5, 7)
    assert told == [(125, 300, "drawing")]
    named = progress.part("outer").part("inner")
    named(1, 2)
    assert told[-1] == (1, 2, "outer")


def test_silence() -> None:
    SILENT(1, 2, "nothing happens")
    SILENT.part("still", before=3)(1)


def test_progress_that_was_given_is_the_one_that_is_told() -> None:
    progress, told = listening()
    with showing("updates", progress) as given:
        given(1, 2)
    assert given is progress
    assert told == [(1, 2, "")]


def test_elsewhere_a_line_is_written_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with showing("updates") as progress:
        progress(5, 20, "early")
        progress(20, 20, "loss 0.5")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "updates: 20 of 20 in 0 s, loss 0.5\n"


def test_a_notebook_shows_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(data["text/plain"])

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(data["text/plain"])
        return Handle()

    monkeypatch.setattr(progress_module, "_notebook_display", lambda: display)
    with showing("updates") as progress:
        progress(1_000, 4_000)
        progress(2_000, 4_000)
    assert shown == ["updates …", "updates: 2,000 of 4,000 in 0 s, about 0 s left"]


@pytest.mark.parametrize(
    ("seconds", "said"), [(42.4, "42 s"), (185, "3:05 min"), (7_800, "2:10 h")]
)
def test_a_clock_for_reading(seconds: float, said: str) -> None:
    assert progress_module._clock(seconds) == said
