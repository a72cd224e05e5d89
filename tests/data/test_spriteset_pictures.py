"""A set shows itself, is sliced, and is written and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tiny
from spritelab import data, pictures
from spritelab.data import Provenance, SpriteSet
from spritelab.errors import DataError, SettingsError


@pytest.fixture
def sprites() -> SpriteSet:
    made = tiny.tiny_set(12)
    return SpriteSet.from_arrays(
        made.images,
        made.labels,
        made.class_names,
        groups=np.arange(12) // 2,
        mirrorable=[False, True, True],
        provenance=Provenance("by hand", "CC0-1.0", "", "a note"),
    )


def test_one_line_without_arrays(sprites: SpriteSet) -> None:
    assert repr(sprites) == "<SpriteSet: 12 RGBA sprites of 16×16, 3 classes, from by hand>"


def test_slices_are_sets(sprites: SpriteSet) -> None:
    np.testing.assert_array_equal(sprites[3].images, sprites.images[3:4])
    assert sprites[sprites.labels == 1].ids == ("1", "4", "7", "10")
    assert [one.ids for one in sprites[2:4]] == [("2",), ("3",)]


def test_pictures(sprites: SpriteSet) -> None:
    np.testing.assert_array_equal(np.asarray(sprites.grid(4)), pictures.grid(sprites.images, 4))
    sheet = pictures.contact_sheet(sprites.images, sprites.labels, sprites.class_names, rows=1)
    np.testing.assert_array_equal(np.asarray(sprites.contact_sheet(rows=1)), sheet)
    assert f'width="{sheet.shape[1]}"' in sprites._repr_html_()
    assert sprites._repr_png_()[:4] == b"\x89PNG"
    np.testing.assert_array_equal(np.asarray(sprites.to_pil()[5]), sprites.images[5])


def test_it_is_read_back_whole(sprites: SpriteSet, tmp_path: Path) -> None:
    again = data.load(sprites.save(tmp_path / "a.npz"))
    assert again.content_hash == sprites.content_hash
    np.testing.assert_array_equal(again.groups, sprites.groups)
    assert (again.mirrorable, again.provenance) == (sprites.mirrorable, sprites.provenance)


def test_what_cannot_be_written_or_read(sprites: SpriteSet, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must end so"):
        sprites.save(tmp_path / "a.npy")
    for broken in ({"mirrorable": np.ones(2, bool)}, {"provenance": np.array(["a"])}):
        np.savez(tmp_path / "b.npz", images=sprites.images, labels=sprites.labels, **broken)
        with pytest.raises(DataError, match=next(iter(broken))):
            data.load(tmp_path / "b.npz")
