"""Which tiles of Crawl are sprites, what they are, and that the archive is the known one."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fake_server import Answer, serving
from PIL import Image

from sprite_files import SHARED, png, random_sprites
from spritelab import data
from spritelab.data import SpriteSet, crawl
from spritelab.errors import DataError, DownloadError

ARCHIVE = SHARED / crawl.FILE
needs_archive = pytest.mark.skipif(
    not ARCHIVE.is_file(), reason="the real archive is not beside the repository"
)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("mon/orc.png", "creature"),
        ("mon/undead/skeletons/skeleton_bat.png", "creature"),
        ("UNUSED/monsters/phoenix.png", "creature"),
        ("player/transform/pig_form.png", "creature"),
        ("player/base/elf_f.png", "figure"),
        ("item/weapon/artefact/urand_katana.png", "weapon"),
        ("item/wand/gem_gold.png", "weapon"),
        ("item/armour/headgear/hat1.png", "armour"),
        ("item/potion/ruby.png", "potion"),
        ("item/ring/artefact/urand_shadows.png", "treasure"),
        ("item/scroll/scroll-red.png", "book"),
        ("item/food/apple.png", "food"),
        ("gui/spells/fire/fireball.png", "spell"),
        ("effect/cloud_fire0.png", "effect"),
        ("item/potion/i-might.png", None),
        ("item/armour/brands/i-fire-res.png", None),
        ("mon/panlord/demon_head_bird.png", None),
        ("mon/tentacles/kraken_ends/kraken_tentacle_e.png", None),
        ("mon/statues/overlay_axe.png", None),
        ("player/hand1/axe_short.png", None),
        ("player/base/shadow.png", None),
        ("dngn/wall/brick_gray0.png", None),
        ("dngn/floor/grass/grass0.png", None),
        ("gui/skills/axes.png", None),
        ("misc/blood/blood_red.png", None),
        ("effect/umbra0.png", None),
        ("effect/readme.txt", None),
        ("monument/x.png", None),
    ],
)
def test_class_by_path(name: str, label: str | None) -> None:
    assert crawl.class_of(name) == label


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("mon/animals/butterfly10.png", "butterfly"),
        ("player/base/naga_darkgreen_f.png", "naga"),
        ("player/base/lorc_m6.png", "lorc"),
        ("player/base/kobold2_m.png", "kobold"),
        ("item/scroll/scroll-blue.png", "scroll"),
        ("mon/merfolk_water.png", "merfolk"),
        ("UNUSED/monsters/asmodeus.small.png", "asmodeus"),
        ("item/potion/ruby.png", "ruby"),
        ("item/potion/black.png", "black"),
        ("item/gold/16.png", "16"),
        ("mon/deep_elf_mage.png", "deep_elf_mage"),
    ],
)
def test_thing_by_name(name: str, thing: str) -> None:
    assert crawl.thing(name) == thing


def archive_of(tiles: dict[str, bytes]) -> bytes:
    """Pack tiles as GitHub packs the repository."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"tiles-{crawl.COMMIT}/README.md", "hello")
        for name, content in tiles.items():
            archive.writestr(f"tiles-{crawl.COMMIT}/{crawl.ROOT}{name}", content)
    return buffer.getvalue()


SPRITES = random_sprites(4, 32)


def tiles() -> dict[str, bytes]:
    return {
        "mon/orc2.png": png(SPRITES[0]),
        "item/potion/ruby.png": png(SPRITES[1]),
        "UNUSED/monsters/orc.png": png(SPRITES[2]),
        "dngn/wall/brick0.png": png(SPRITES[3]),
        "mon/tower.png": png(random_sprites(1, 48)[0][:, :32]),
        "mon/blank.png": png(np.zeros((32, 32, 4), dtype=np.uint8)),
    }


def test_reading_a_small_archive(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(archive_of(tiles()))
    sprites = crawl.read(path)
    assert sprites.ids == ("UNUSED/monsters/orc.png", "item/potion/ruby.png", "mon/orc2.png")
    np.testing.assert_array_equal(sprites.images, SPRITES[[2, 1, 0]])
    assert [sprites.class_names[k] for k in sprites.labels] == ["creature", "potion", "creature"]
    assert sprites.groups.tolist() == [0, 1, 0]  # two tiles of an orc
    assert sprites.provenance.licence == "CC0-1.0"


def test_another_compression_of_the_same_tiles_is_verified_and_other_pixels_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(crawl, "_SHA256", hash_of(tiles(), tmp_path))
    packed_anew = {
        name: content
        if name.startswith("dngn")
        else recompressed(content)  # the same pixels in other bytes
        for name, content in tiles().items()
    }
    assert packed_anew != tiles()
    other = tiles() | {"mon/orc2.png": png(random_sprites(1, 32, seed=9)[0])}
    with serving() as server:
        monkeypatch.setattr(crawl, "_ADDRESSES", (f"{server.address}/1", f"{server.address}/2"))
        server.answers["/1"] = Answer(archive_of(other))
        with pytest.raises(DownloadError, match="not those of the known release"):
            data.load("crawl", cache=tmp_path / "cache")
        server.answers["/2"] = Answer(archive_of(packed_anew))
        assert len(data.load("crawl", cache=tmp_path / "cache")) == 3
        assert [path.name for path in (tmp_path / "cache").iterdir()] == [crawl.FILE]
        asked = len(server.asked)
        assert data.load("crawl", cache=tmp_path / "cache", size=16).size == 16
        assert len(server.asked) == asked


def hash_of(files: dict[str, bytes], folder: Path) -> str:
    path = folder / "known.zip"
    path.write_bytes(archive_of(files))
    return crawl.content_hash(crawl.read(path))


def recompressed(content: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(content)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def test_the_hash_covers_names_and_pixels(tmp_path: Path) -> None:
    base = hash_of(tiles(), tmp_path)
    renamed = {name.replace("orc2", "ork2"): content for name, content in tiles().items()}
    changed = SPRITES[0].copy()
    changed[0, 0] ^= 255
    assert base == hash_of(tiles(), tmp_path)
    assert base != hash_of(renamed, tmp_path)
    assert base != hash_of(tiles() | {"mon/orc2.png": png(changed)}, tmp_path)


@pytest.mark.parametrize("content", [b"no zip", archive_of({"dngn/wall/x.png": png(SPRITES[0])})])
def test_another_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / crawl.FILE
    path.write_bytes(content)
    with pytest.raises(DataError):
        crawl.read(path)
    with pytest.raises(DownloadError, match=r"is not the file .* \(it is not a whole archive"):
        data.load("crawl", cache=tmp_path)


@pytest.fixture(scope="module")
def real() -> SpriteSet:
    return crawl.read(ARCHIVE)


@needs_archive
def test_the_real_archive_is_the_pinned_one(tmp_path: Path) -> None:
    (tmp_path / crawl.FILE).symlink_to(ARCHIVE)
    assert len(data.load("crawl", cache=tmp_path)) == 1680  # found by hand, verified, not fetched


@needs_archive
def test_the_real_classes(real: SpriteSet) -> None:
    counts = Counter(real.class_names[label] for label in real.labels)
    assert counts == {
        "creature": 644,
        "figure": 104,
        "weapon": 248,
        "armour": 134,
        "treasure": 97,
        "potion": 19,
        "book": 42,
        "food": 25,
        "spell": 186,
        "effect": 181,
    }
    assert real.images.shape == (1680, 32, 32, 4)
    hidden = real.images[real.images[..., 3] == 0]
    assert (hidden == 0).all()


@needs_archive
def test_no_sprite_is_nearly_empty(real: SpriteSet) -> None:
    visible = (real.images[..., 3] > 0).sum(axis=(1, 2))
    assert visible.min() >= 16
    assert np.median(visible) > 250


@needs_archive
def test_every_folder_and_exclusion_of_the_rule_is_used(real: SpriteSet) -> None:
    """A misspelt folder or beginning would silently choose nothing."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        prefix = f"tiles-{crawl.COMMIT}/{crawl.ROOT}"
        names = [n.removeprefix(prefix) for n in archive.namelist() if n.startswith(prefix)]
    for folder in crawl.FOLDERS:
        assert any(name.startswith(f"{folder}/") for name in real.ids), folder
    for start in crawl.NOT_SPRITES:
        head, star, tail = start.partition("*")
        last = tail.rsplit("/", 1)[-1] if star else None
        found = [
            name
            for name in names
            if name.startswith(head) and (last is None or name.split("/")[-1].startswith(last))
        ]
        assert found, start
        assert not set(found) & set(real.ids), start


@needs_archive
def test_the_real_split_holds_out_every_class(real: SpriteSet) -> None:
    train, held_out = real.split(0.1, seed=0)
    assert set(held_out.labels.tolist()) == set(range(10))
    assert set(train.groups.tolist()).isdisjoint(held_out.groups.tolist())
    both = real.leak_groups()
    in_train = set(both[np.isin(real.ids, train.ids)].tolist())
    assert in_train.isdisjoint(both[np.isin(real.ids, held_out.ids)].tolist())


@needs_archive
def test_the_real_archive_holds_every_image_mode_that_matters() -> None:
    """Palette with and without transparency, grey, grey with alpha and with a key, RGB and RGBA."""
    modes: Counter[tuple[str, bool]] = Counter()
    with zipfile.ZipFile(ARCHIVE) as archive:
        for name in archive.namelist():
            if name.endswith(".png"):
                image = Image.open(io.BytesIO(archive.read(name)))
                modes[image.mode, "transparency" in image.info] += 1
    wanted = {("P", True), ("P", False), ("L", True), ("L", False), ("LA", False)}
    assert wanted | {("RGB", False), ("RGBA", False)} == set(modes)
