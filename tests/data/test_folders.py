"""Folders of images: classes, metadata, sizes, sheets, and what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sprite_files import Pixels, png, random_sprites, write
from spritelab import data, pixels
from spritelab.errors import DataError
from spritelab.progress import Progress


def test_class_folders(tmp_path: Path) -> None:
    sprites = random_sprites(4)
    for name, sprite in zip(
        ("food/b.png", "food/deep/a.PNG", "hero/x.png", "Ärger/é.png"), sprites, strict=True
    ):
        write(tmp_path / name, png(sprite))
    write(tmp_path / "README.txt", b"not an image, and said not to be one")
    write(tmp_path / ".hidden/c.png", b"rubbish")
    write(tmp_path / "food/.thumb.png", b"rubbish")
    write(tmp_path / "__MACOSX/food/b.png", b"rubbish")
    got = data.load(tmp_path)
    assert got.class_names == ("food", "hero", "Ärger")
    assert got.ids == ("food/b.png", "food/deep/a.PNG", "hero/x.png", "Ärger/é.png")
    assert got.labels.tolist() == [0, 0, 1, 2]
    assert len(set(got.groups.tolist())) == 4
    np.testing.assert_array_equal(got.images, sprites)
    assert got.provenance.source == tmp_path.name


def test_a_flat_folder_is_one_class_and_opaque_art_is_rgb(tmp_path: Path) -> None:
    sprites = random_sprites(3, channels=3)
    for i, sprite in enumerate(sprites):
        write(tmp_path / f"{i}.png", png(sprite))
    got = data.load(tmp_path)
    assert got.class_names == ("sprite",)
    np.testing.assert_array_equal(got.images, sprites)
    assert data.load(tmp_path, channels=4).channels == 4


def test_directions_are_not_mirrorable(tmp_path: Path) -> None:
    for name in ("hero", "side-facing"):
        write(tmp_path / name / "a.png", png(random_sprites(1, seed=len(name))[0]))
    assert data.load(tmp_path).mirrorable == (True, False)


def fill(folder: Path, names: list[str]) -> Pixels:
    sprites = random_sprites(len(names))
    for name, sprite in zip(names, sprites, strict=True):
        write(folder / name, png(sprite))
    return sprites


def test_metadata_csv(tmp_path: Path) -> None:
    sprites = fill(tmp_path, ["a.png", "b.png", "sub/c.png"])
    rows = (
        '\ufefffile_name,label,group,artist\nsub/c.png,10,,x\nb.png,9,pair,"y, z"\na.png,10,pair,\n'
    )
    write(tmp_path / "metadata.csv", rows.encode())
    got = data.load(tmp_path)
    assert got.class_names == ("9", "10")  # by value, not by letter
    assert got.ids == ("a.png", "b.png", "sub/c.png")
    assert got.labels.tolist() == [1, 0, 1]
    assert got.groups.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(got.images, sprites)


def test_metadata_jsonl_in_each_class_folder_without_labels(tmp_path: Path) -> None:
    fill(tmp_path, ["food/a.png", "hero/b.png"])
    for name in ("food/a.png", "hero/b.png"):
        record = json.dumps({"file_name": Path(name).name, "text": "a caption is no class"})
        write(tmp_path / name.split("/")[0] / "metadata.jsonl", f"{record}\n\n".encode())
    got = data.load(tmp_path)
    assert got.class_names == ("food", "hero")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("file_name\na.png\nb.png\ngone.png\n", r"1 image that cannot be found: gone\.png"),
        ("file_name\na.png\n", r"leaves out 1 image: b\.png"),
        ("file_name\na.png\nb.png\na.png\n", r"line 4: a\.png is listed twice"),
        ("file_name,label\na.png,x\nb.png,\n", r"no label to b\.png"),
        ("name\na.png\n", "line 2 has no 'file_name'"),
        ("file_name\n../a.png\n", "leads out of the folder"),
        ("file_name\n/etc/a.png\n", "leads out of the folder"),
        ("file_name\n\udcff\n", "cannot be read as UTF-8"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    fill(tmp_path, ["a.png", "b.png"])
    write(tmp_path / "metadata.csv", rows.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=message) as caught:
        data.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    ["{not json", "[1, 2]", '{"a":' * 100_000, '{"group": ' + "1" * 4301 + "}"],
    ids=["no JSON", "no object", "deep", "long number"],
)
def test_broken_jsonl_is_refused(tmp_path: Path, line: str) -> None:
    fill(tmp_path, ["a.png"])
    write(tmp_path / "metadata.jsonl", line.encode())
    with pytest.raises(DataError, match=r"metadata\.jsonl"):
        data.load(tmp_path)


def test_every_broken_file_is_named_and_counted(tmp_path: Path) -> None:
    fill(tmp_path, ["good.png"])
    whole = png(random_sprites(1)[0])
    write(tmp_path / "b/text.png", b"I am text")
    write(tmp_path / "b/cut.png", whole[: len(whole) // 2])
    for i in range(5):
        write(tmp_path / f"c/{i}.png", b"")
    with pytest.raises(DataError) as caught:
        data.load(tmp_path)
    message = str(caught.value)
    assert message.startswith("7 images of 8 in ")
    assert "b/cut.png: it is truncated or damaged" in message
    assert "b/text.png: it is not a PNG" in message
    assert "and 4 more" in message
    assert "\n" not in message


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "notes.txt", b"hello")
    with pytest.raises(DataError, match="there is no image in"):
        data.load(tmp_path)


def test_mixed_sizes_are_named_and_counted(tmp_path: Path) -> None:
    for i, side in enumerate((8, 16, 16, 16, 32)):
        write(tmp_path / f"{i}.png", png(random_sprites(1, side)[0]))
    with pytest.raises(
        DataError, match=r"3 of 16×16, 1 of 8×8, 1 of 32×32; choose one with `size`"
    ):
        data.load(tmp_path)


def test_mixed_sizes_by_whole_factors_fit_one_size(tmp_path: Path) -> None:
    sides = (8, 16, 32)
    sprites = [random_sprites(1, side)[0] for side in sides]
    for side, sprite in zip(sides, sprites, strict=True):
        write(tmp_path / f"{side:02}.png", png(sprite))
    got = data.load(tmp_path, size=16).images
    np.testing.assert_array_equal(got[0], sprites[0].repeat(2, axis=0).repeat(2, axis=1))
    np.testing.assert_array_equal(got[1], sprites[1])
    np.testing.assert_array_equal(got[2], pixels.downscale(sprites[2][None], 2)[0])


def test_a_size_that_is_no_whole_factor_is_refused(tmp_path: Path) -> None:
    for side in (16, 24):
        write(tmp_path / f"{side}.png", png(random_sprites(1, side)[0]))
    with pytest.raises(DataError, match="24×24 cannot be scaled"):
        data.load(tmp_path, size=16)


def test_sprites_that_are_not_square_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "tall.png", png(random_sprites(1, 16)[0][:, :8]))
    with pytest.raises(DataError, match=r"must be square.*1 of 8×16"):
        data.load(tmp_path)


def test_a_large_picture_is_taken_for_a_sheet(tmp_path: Path) -> None:
    write(tmp_path / "big.png", png(np.zeros((600, 600, 3), dtype=np.uint8)))
    with pytest.raises(DataError, match=r"big\.png: 600×600 is too large .* `tile`"):
        data.load(tmp_path)


def test_frames_of_one_animation_share_a_group(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    write(tmp_path / "walk.gif", buffer.getvalue())
    write(tmp_path / "a.png", png(random_sprites(1)[0]))
    got = data.load(tmp_path)
    assert got.ids == ("a.png", "walk.gif#0", "walk.gif#1", "walk.gif#2")
    assert got.groups.tolist() == [0, 1, 1, 1]
    alone = data.load(tmp_path / "walk.gif")
    assert alone.images[:, 0, 0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_a_folder_of_sheets(tmp_path: Path) -> None:
    cells = random_sprites(4)
    write(tmp_path / "food/s.png", png(np.concatenate(list(cells[:2]), axis=1)))
    write(tmp_path / "hero/s.png", png(np.concatenate(list(cells[2:]), axis=0)))
    got = data.load(tmp_path, tile=8)
    np.testing.assert_array_equal(got.images, cells)
    assert got.ids == ("food/s.png#r0c0", "food/s.png#r0c1", "hero/s.png#r0c0", "hero/s.png#r1c0")
    assert got.labels.tolist() == [0, 0, 1, 1]
    assert len(set(got.groups.tolist())) == 4


def test_sheets_of_nothing_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "s.png", png(np.zeros((16, 16, 4), dtype=np.uint8)))
    with pytest.raises(DataError, match=r"every tile in .* is empty"):
        data.load(tmp_path, tile=8)


def test_progress_counts_images(tmp_path: Path) -> None:
    for k in range(3):
        write(tmp_path / f"{k}.png", png(random_sprites(1, seed=k)[0]))
    told: list[tuple[int, int | None, str]] = []
    data.load(tmp_path, progress=Progress(lambda *now: told.append(now)))
    done = (3, 3, "bringing sprites together")
    assert told == [*((k, 3, "reading images") for k in range(3)), done]
