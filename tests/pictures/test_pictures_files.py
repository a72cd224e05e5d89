"""Saving: whole files or none, and pictures that say what they were given."""

import csv
import errno
import io
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

import spritelab.pictures
from spritelab import pictures, pixels
from spritelab.errors import DataError, SettingsError, StorageError
from spritelab.pictures import curves, text
from spritelab.pictures.layout import lay_on
from spritelab.pixels import Images
from spritelab.storage import files


def noise(n: int, size: int = 8, channels: int = 3, seed: int = 0) -> Images:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, size, size, channels), dtype=np.uint8)


def read(path: Path) -> Images:
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture)


def test_public_names() -> None:
    assert sorted(spritelab.pictures.__all__) == [
        "Ground",
        "MOVING",
        "Picture",
        "Side",
        "before_and_after_picture",
        "captioned",
        "contact_sheet",
        "contact_sheet_picture",
        "curves_picture",
        "data_uri",
        "denoising_strip",
        "encode_png",
        "evenly",
        "grid",
        "labelled_rows",
        "lay_on",
        "loss_curves",
        "samples_picture",
        "save_animation",
        "save_png",
        "sheet_html",
        "short_strip",
        "side_by_side",
        "sprites_html",
        "sprites_png",
        "strip_picture",
        "table_html",
        "titled",
        "titled_rows",
        "to_pil",
    ]
    assert all(hasattr(spritelab.pictures, name) for name in spritelab.pictures.__all__)


@pytest.mark.parametrize("channels", [3, 4])
def test_png_round_trip_is_exact(tmp_path: Path, channels: int) -> None:
    picture = noise(1, 33, channels)[0]
    path = pictures.save_png(picture, tmp_path / "new" / "folder" / "picture.png")
    assert path == tmp_path / "new" / "folder" / "picture.png"
    assert_array_equal(read(path), picture)
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]


def test_saved_files_follow_the_umask(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    path = pictures.save_png(noise(1)[0], tmp_path / "a.png")
    assert path.stat().st_mode == plain.stat().st_mode


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'a\.jpg' must end in \.png"):
        pictures.save_png(noise(1)[0], tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


def test_full_disk_keeps_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pictures.save_png(noise(1)[0], tmp_path / "a.png")
    before = path.read_bytes()

    class HalfWritten(io.BytesIO):
        def __init__(self, file: Any) -> None:
            super().__init__()
            self.file = file

        def write(self, content: Any) -> int:
            self.file.write(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self) -> None:
            self.file.close()
            super().close()

    def no_room(*args: Any, **kwargs: Any) -> Any:
        return HalfWritten(os.fdopen(*args, **kwargs))

    monkeypatch.setattr(files, "open", no_room, raising=False)
    with pytest.raises(StorageError) as caught:
        pictures.save_png(noise(1, seed=1)[0], path)
    monkeypatch.undo()
    assert str(caught.value) == (
        f"cannot write {path} (No space left on device); what was there before is kept; "
        "free some space or choose another place"
    )
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        pictures.save_png(noise(1)[0], tmp_path / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_file_where_a_folder_must_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot write"):
        pictures.save_png(noise(1)[0], tmp_path / "file" / "a.png")


@pytest.mark.parametrize("channels", [3, 4])
def test_samples_picture_holds_all_sprites_unchanged(tmp_path: Path, channels: int) -> None:
    images = noise(20, 16, channels)
    picture = read(pictures.samples_picture(images, tmp_path / "s.png", "20 sprites"))
    tiles = pixels.upscale(lay_on(images), 8)
    step = 16 * 8 + 8
    top = picture.shape[0] - 4 * step
    for i, tile in enumerate(tiles):
        y, x = top + (i // 5) * step, 8 + (i % 5) * step
        assert_array_equal(picture[y : y + 128, x : x + 128], tile)


def test_strip_picture_of_many_frames_shows_true_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions: list[str] = []
    monkeypatch.setattr(text, "draw", lambda *given, **_: captions.append(given[2]))
    t = [*range(999, -1, -1), -1]
    frames = noise(1001, 4)
    path = pictures.strip_picture(frames, t, tmp_path / "strip.png", most=5)
    assert captions == ["t = 999", "t = 749", "t = 499", "t = 249", "clean"]
    picture = read(path)
    scale = 8
    for k, i in enumerate([0, 250, 500, 750, 1000]):
        width = (picture.shape[1] - 8) // 5
        left = 8 + k * width + (width - 8 - 4 * scale) // 2
        tile = pixels.upscale(frames[i : i + 1], scale)[0]
        assert_array_equal(picture[8 : 8 + 4 * scale, left : left + 4 * scale], tile)


def test_strip_picture_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="every frame needs its step"):
        pictures.strip_picture(list(noise(30)), [1, 0], tmp_path / "strip.png")
    with pytest.raises(DataError, match="every frame needs its step"):
        pictures.strip_picture(
            list(noise(3)), [2, 1, 0], tmp_path / "strip.png", x0_hat=list(noise(2))
        )
    with pytest.raises(DataError, match="at least one"):
        pictures.strip_picture([], [], tmp_path / "strip.png")
    assert list(tmp_path.iterdir()) == []


def test_contact_sheet_picture(tmp_path: Path) -> None:
    images, labels = noise(50, 16, 4), np.arange(50) % 2
    names = ["hero", "food"]
    path = pictures.contact_sheet_picture(images, labels, names, tmp_path / "c.png", "Two")
    sheet = pictures.contact_sheet(images, labels, names, columns=16, rows=2, scale=3)
    picture = read(path)
    assert_array_equal(picture[-len(sheet) :], sheet)
    assert len(picture) > len(sheet)  # the title


def record(step: int, train: float | None, held_out: float | None) -> dict[str, Any]:
    return {
        "step": step,
        "epoch": step / 100,
        "seconds": step * 0.5,
        "train_loss": train,
        "val_loss": held_out,
    }


def drawn(monkeypatch: pytest.MonkeyPatch, records: list[dict[str, Any]], **which: str) -> Any:
    """Draw the curves and return matplotlib's axes, to read what stands on them."""
    from matplotlib.figure import Figure

    kept: list[Any] = []
    add_subplot = Figure.add_subplot

    def keep(self: Figure, *args: Any, **kwargs: Any) -> Any:
        kept.append(add_subplot(self, *args, **kwargs))
        return kept[-1]

    monkeypatch.setattr(Figure, "add_subplot", keep)
    picture = pictures.loss_curves(records, **which)
    assert picture.dtype == np.uint8
    assert picture.shape == (552, 960, 3)
    return kept[0]


def test_curves_draw_the_numbers_over_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record(100, 0.5, 0.6), record(200, 0.4, 0.45), record(300, 0.35, 0.5)]
    axes = drawn(monkeypatch, records)
    train, held_out = axes.get_lines()
    assert_array_equal(train.get_xydata(), [[1, 0.5], [2, 0.4], [3, 0.35]])
    assert_array_equal(held_out.get_xydata(), [[1, 0.6], [2, 0.45], [3, 0.5]])
    assert axes.get_xlabel() == "epoch"
    assert axes.get_yscale() == "linear"
    assert [entry.get_text() for entry in axes.get_legend().get_texts()] == [
        "training sprites: 0.35 at the end",
        "held-out sprites: 0.5 at the end, lowest 0.45 at epoch 2",
    ]
    assert axes.get_title(loc="right") == "300 steps in 2 min 30 s"


def test_curves_mark_the_weights_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record(100, 0.5, 0.6), record(200, 0.4, 0.45), record(300, 0.35, 0.5)]
    axes = drawn(monkeypatch, [{**one, "kept_step": 200} for one in records])
    *_, kept = axes.get_lines()
    assert list(kept.get_xdata()) == [2, 2]
    assert axes.get_legend().get_texts()[-1].get_text() == "kept: step 200"


def test_curves_of_another_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [
        {**record(step, 9.0, 9.0), "train_objective": loss, "val_objective": loss + 1}
        for step, loss in ((100, 0.5), (200, 0.25))
    ]
    axes = drawn(monkeypatch, records, loss="objective", unit="nats a pixel")
    assert [list(line.get_ydata()) for line in axes.get_lines()] == [[0.5, 0.25], [1.5, 1.25]]
    assert axes.get_ylabel() == "nats a pixel"
    assert drawn(monkeypatch, records).get_ylabel() == "mean squared error on ε"
    pictures.curves_picture(records, tmp_path / "loss.png", loss="objective", unit="nats a pixel")
    other = pictures.loss_curves(records, loss="objective", unit="nats a pixel")
    assert_array_equal(read(tmp_path / "loss.png"), other)


def test_curves_are_logarithmic_only_for_a_wide_range(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = drawn(monkeypatch, [record(100, 1.0, 1.0), record(200, 0.9 / curves.LOG_RATIO, 0.5)])
    assert axes.get_yscale() == "log"


def test_curves_over_steps_within_the_first_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = drawn(monkeypatch, [record(10, 1.0, 1.0), record(20, 0.9, 0.8)])
    assert axes.get_xlabel() == "step"
    assert_array_equal(axes.get_lines()[0].get_xdata(), [10, 20])


def test_curves_leave_gaps_where_a_loss_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record(100, 1.0, None), record(200, math.inf, 0.8), {"step": 300, "epoch": 3.0}]
    train, held_out = drawn(monkeypatch, records).get_lines()
    assert_array_equal(train.get_ydata(), [1.0, math.nan, math.nan])
    assert_array_equal(held_out.get_ydata(), [math.nan, 0.8, math.nan])


def test_no_loss_no_curve(tmp_path: Path) -> None:
    for records in ([], [record(1, None, math.nan)]):
        with pytest.raises(DataError, match="no loss was recorded"):
            pictures.curves_picture(records, tmp_path / "loss.png")
    assert list(tmp_path.iterdir()) == []


def test_curves_leave_matplotlib_as_it_was() -> None:
    code = (
        "import sys, spritelab.pictures as e\n"
        "e.loss_curves([{'step': 1, 'train_loss': 1.0}])\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_curves_of_the_published_recipe(tmp_path: Path) -> None:
    """The figures that this project set out from, where they are at hand."""
    source = Path(__file__).resolve().parents[3] / "shared" / "seed" / "losses.csv"
    if not source.exists():
        pytest.skip("the published loss figures are not beside the repository")
    with source.open() as file:
        records = [
            {
                "epoch": float(row["epoch"]),
                "train_loss": float(row["train_loss"]),
                "val_loss": float(row["val_loss"]),
            }
            for row in csv.DictReader(file)
        ]
    assert len(records) == 40
    assert read(pictures.curves_picture(records, tmp_path / "loss.png")).shape == (552, 960, 3)
