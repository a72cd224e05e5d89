"""One progress for the whole house: counts of a part are counts of the whole."""

from __future__ import annotations

from spritelab.progress import SILENT, Progress


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
