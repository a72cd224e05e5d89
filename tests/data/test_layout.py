"""Which class a path is of, and which files a pattern means."""

from __future__ import annotations

import pytest

from spritelab.data.layout import chosen, matches, read_classes, wrapper


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["a/1.png", "b/2.png"], "a b"),
        (["1.png", "2.png"], "sprite sprite"),
        (["a/1.png", "a/2.png"], "a a"),  # the only class folder keeps its name
        (["pack/v1/a/1.png", "pack/v1/b/2.png"], "a b"),
        (["pack/a/1.png", "pack/b/2.png", "Preview.png"], "a b sprite"),
        (["a/deep/1.png", "a/2.png", "a/3.png"], "a a a"),  # its few sub-folders are no classes
        (["train/a/1.png", "test/b/2.png", "Valid/a/3.png"], "a b a"),
        (["pack/train/a/1.png", "pack/val/b/2.png"], "a b"),
        (["train/1.png", "test/2.png"], "sprite sprite"),
        (["train/a/1.png", "extra/b/2.png"], "train extra"),  # not only splits: classes after all
        (["cafe\u0301/1.png", "caf\u00e9/2.png"], "caf\u00e9 caf\u00e9"),
    ],
)
def test_classes(paths: list[str], classes: str) -> None:
    found = read_classes(paths)
    assert [found.of[path] for path in paths] == classes.split()
    split = any(path.lower().startswith(("train/", "pack/train")) for path in paths)
    assert bool(found.notes) == (split and "extra" not in classes)


@pytest.mark.parametrize(
    ("images", "tables", "prefix"),
    [
        (["p/q/a/1.png", "p/q/b/2.png"], [], "p/q/"),
        (["p/a/1.png", "b/2.png"], [], ""),
        (["p/a/1.png", "p/b/2.png"], ["metadata.csv"], ""),
        (["p/a/1.png", "p/b/2.png"], ["p/metadata.csv"], "p/"),
        (["p/1.png"], [], ""),
        ([], [], ""),
    ],
)
def test_wrappers(images: list[str], tables: list[str], prefix: str) -> None:
    assert wrapper(images, tables) == prefix


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("Tiles", "pack/Tiles/a.png pack/Tiles/deep/b.png"),
        ("tiles/*.PNG", "pack/Tiles/a.png pack/Tiles/deep/b.png"),
        ("Tiles\\deep", "pack/Tiles/deep/b.png"),
        ("./pack/Tiles/", "pack/Tiles/a.png pack/Tiles/deep/b.png"),
        ("Preview.png", "Preview.png"),
        ("*view*", "Preview.png"),
        ("?.png", "pack/Tiles/a.png pack/Tiles/deep/b.png"),
        ("ile", ""),
    ],
)
def test_patterns(pattern: str, wanted: str) -> None:
    paths = ["Preview.png", "pack/Tiles/a.png", "pack/Tiles/deep/b.png"]
    assert [path for path in paths if matches(path, pattern)] == wanted.split()


def test_what_is_excluded_is_not_included() -> None:
    assert chosen("a/1.png", (), ())
    assert chosen("a/1.png", ("a", "b"), ("2.png",))
    assert not chosen("a/2.png", ("a", "b"), ("2.png",))
    assert not chosen("c/1.png", ("a", "b"), ())
