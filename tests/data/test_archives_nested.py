"""Tar archives, archives in archives, and names as packers write them."""

from __future__ import annotations

import io
import resource
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from sprite_files import png, random_sprites, write
from spritelab import data
from spritelab.data import SpriteSet, archives, listing, tars
from spritelab.data.member_names import decode_names
from spritelab.errors import DataError

SPRITES = random_sprites(4)
MEMBERS = {
    f"{label}/{k}.png": png(sprite)
    for k, (label, sprite) in enumerate(zip(("food", "food", "hero", "hero"), SPRITES, strict=True))
}


def left_out(found: SpriteSet) -> dict[str, tuple[str, ...]]:
    return {one.reason: one.names for one in found.left_out}


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(
    members: dict[str, bytes], mode: str = "w", *, more: tuple[tarfile.TarInfo, ...] = ()
) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info)
    return file.getvalue()


def entry(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    ("end", "mode"),
    [
        (".tar", "w"),
        (".tar.gz", "w:gz"),
        (".TGZ", "w:gz"),
        (".tar.bz2", "w:bz2"),
        (".tar.xz", "w:xz"),
    ],
)
def test_a_tar_reads_like_its_folder(tmp_path: Path, end: str, mode: str) -> None:
    for name, content in MEMBERS.items():
        write(tmp_path / "folder" / name, content)
    members = {f"pack/{name}": content for name, content in MEMBERS.items()}
    members |= {"pack/.git/x.png": b"junk", "pack/read me.txt": b"hello"}
    folder = entry("pack/food/", tarfile.DIRTYPE)
    path = write(tmp_path / f"art{end}", tarred(members, mode, more=(folder,)))
    found = data.load(path)
    assert found.content_hash == data.load(tmp_path / "folder").content_hash
    assert found.ids == data.load(tmp_path / "folder").ids
    assert left_out(found) == {
        listing.HIDDEN: ("pack/.git/x.png",),
        "no images of a kind that is read": ("pack/read me.txt",),
    }
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([path.name, "folder"])


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "x/../../a.png", "C:/a.png"])
def test_paths_that_lead_out_of_a_tar_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="lead out of it"):
        data.load(write(tmp_path / "a.tar", tarred({name: MEMBERS["food/0.png"]})))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    link = entry("a.png", kind, "/etc/passwd")
    with pytest.raises(DataError, match=r"holds links \(a\.png\)"):
        data.load(write(tmp_path / "a.tar", tarred(MEMBERS, more=(link,))))


def test_devices_and_pipes_in_a_tar_are_left_out(tmp_path: Path) -> None:
    special = tuple(
        entry(f"{k}.png", kind)
        for k, kind in enumerate((tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE))
    )
    found = data.load(write(tmp_path / "a.tar", tarred(MEMBERS, more=special)))
    assert len(found) == 4
    assert left_out(found) == {listing.SPECIAL: ("0.png", "1.png", "2.png")}


def test_a_tar_may_be_cut_short_or_no_tar(tmp_path: Path) -> None:
    whole = tarred(MEMBERS, "w:gz")
    for content in (b"", b"no tar", whole[:-40], whole[:100]):
        with pytest.raises(DataError, match=r"a\.tgz is not a whole tar archive"):
            data.load(write(tmp_path / "a.tgz", content))
    cut = tarred({"a.png": b"\1" * 5000})[:2000]
    with pytest.raises(DataError, match=r"not a whole tar|damaged inside"):
        data.load(write(tmp_path / "a.tar", cut))


@pytest.mark.parametrize("packer", ["gz", "xz", "bz2"])
def test_a_tar_that_unpacks_to_far_more_is_refused_before_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packer: str
) -> None:
    path = write(tmp_path / f"a.tar.{packer}", tarred({"a.bin": bytes(2**23)}, f"w:{packer}"))
    written: list[IO[bytes]] = []
    monkeypatch.setattr(tars, "_SPARED", 2**21)
    monkeypatch.setattr(tars, "_CHUNK", 2**16)
    temporary = tempfile.TemporaryFile

    def counted() -> IO[bytes]:
        written.append(temporary())
        return written[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    with pytest.raises(DataError, match="unpacks to more than 2 MiB"):
        data.load(path)
    assert written[0].closed


def test_absurd_tars_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tar", tarred(MEMBERS))
    monkeypatch.setattr(tars, "MAX_FILES", 3)
    with pytest.raises(DataError, match="holds more than 3 files"):
        data.load(path)
    monkeypatch.setattr(tars, "MAX_FILES", 99)
    monkeypatch.setattr(archives, "MAX_UNPACKED", 100)
    with pytest.raises(DataError, match="GiB"):
        data.load(path)


@pytest.mark.parametrize("end", [".zip", ".tar.gz"])
def test_an_archive_in_an_archive_is_a_folder(tmp_path: Path, end: str) -> None:
    def packed(members: dict[str, bytes]) -> bytes:
        return zipped(members) if end == ".zip" else tarred(members, "w:gz")

    for name, content in MEMBERS.items():
        write(tmp_path / "folder" / name, content)
    foods = {name.split("/")[1]: MEMBERS[name] for name in MEMBERS if name.startswith("food")}
    heroes = {name: MEMBERS[name] for name in MEMBERS if name.startswith("hero")}
    deeper = {f"more{end}": packed(foods), ".DS_Store": b"junk"}
    path = write(tmp_path / "all.zip", zipped({f"food{end}": packed(foods | deeper)} | heroes))
    found = data.load(path)
    assert found.content_hash == data.load(tmp_path / "folder").content_hash
    assert found.ids == data.load(tmp_path / "folder").ids
    assert left_out(found) == {
        listing.HIDDEN: ("food/.DS_Store",),
        archives.DEEPER: (f"food/more{end}",),
    }


def test_an_archive_beside_its_folder_is_counted(tmp_path: Path) -> None:
    inner = zipped({"0.png": MEMBERS["food/0.png"]})
    found = data.load(write(tmp_path / "a.zip", zipped(MEMBERS | {"food.zip": inner})))
    assert len(found) == 4
    assert left_out(found) == {archives.TWICE: ("food/0.png",)}


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        (zipped({"../a.png": b""}), "i.zip in a.zip holds paths that lead out of it"),
        (b"no zip", "i.zip in a.zip is not a whole zip archive"),
    ],
)
def test_an_inner_archive_is_held_to_the_same(tmp_path: Path, inner: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        data.load(write(tmp_path / "a.zip", zipped(MEMBERS | {"i.zip": inner})))


def test_bounds_hold_for_all_archives_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped({"a.png": bytes(300_000)})
    path = write(tmp_path / "a.zip", zipped({f"{k}.zip": bomb for k in range(10)}))
    with monkeypatch.context() as patch:
        patch.setattr(archives, "MAX_UNPACKED", 2_000_000)
        with pytest.raises(DataError, match=r"a\.zip unpacks to"):
            data.load(path)
    with monkeypatch.context() as patch:
        patch.setattr(archives, "MAX_FILES", 15)
        with pytest.raises(DataError, match="16 files; 15 are the limit"):
            data.load(path)
    monkeypatch.setattr(archives, "MAX_INNER", 1000)
    with pytest.raises(DataError, match="unpack it and give the folder"):
        data.load(path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="its memory is counted as Linux counts it")
def test_a_real_bomb_takes_neither_memory_nor_patience(tmp_path: Path) -> None:
    """256 MiB of zeros in about one."""

    class Zeros(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(size)

    info = tarfile.TarInfo("a.png")
    info.size = 2**28
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.addfile(info, Zeros())
    before = resource.getrusage(resource.RUSAGE_SELF)
    with pytest.raises(DataError, match="unpacks to more than"):
        data.load(tmp_path / "a.tar.gz")
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_maxrss - before.ru_maxrss < 100 * 1024  # KiB
    assert after.ru_utime - before.ru_utime < 10


# Names, as packers write them.

WORDS = ["Schlüssel/Größe.png", "Löwe/Äpfel.png", "épée/âme.png", "Château/niño.png", "é.png"]
JAPANESE = ["スライム/剣.png", "敵キャラ/ソード.png", "アイテム/表（大）０１.png", "武器/a剣.png"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp437"])
@pytest.mark.parametrize("word", WORDS)
def test_western_names(word: str, encoding: str) -> None:
    assert decode_names([word.encode(encoding)]) == [word]


@pytest.mark.parametrize("names", [WORDS, ["Löwe/Äpfel.png"], ["Mädchen.png", "Über/Tür.png"]])
def test_latin_1_names(names: list[str]) -> None:
    assert decode_names([name.encode("latin-1") for name in names]) == names


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_japanese_names(encoding: str) -> None:
    for names in [JAPANESE, *([name] for name in JAPANESE)]:
        assert decode_names([name.encode(encoding) for name in names]) == names


def rewritten(content: bytes, changes: dict[bytes, bytes]) -> bytes:
    for old, new in changes.items():
        assert len(old) == len(new)
        content = content.replace(old, new)
    return content


@pytest.mark.parametrize(("encoding", "label"), [("cp932", "表ソ"), ("cp437", "Löwe")])
def test_classes_of_an_archive_in_the_packers_encoding(
    tmp_path: Path, encoding: str, label: str
) -> None:
    r"""表 and ソ end in the byte of a backslash."""
    raw = label.encode(encoding)
    content = zipped({"X" * len(raw) + "/0.png": MEMBERS["food/0.png"], "b/1.png": png(SPRITES[1])})
    path = write(tmp_path / "a.zip", rewritten(content, {b"X" * len(raw): raw}))
    assert set(data.load(path).class_names) == {label, "b"}


def test_a_tar_of_another_encoding(tmp_path: Path) -> None:
    raw = "剣士".encode("cp932")
    content = tarred({"XXXX/0.png": MEMBERS["food/0.png"]})
    header = bytearray(rewritten(content, {b"XXXX": raw})[:512])
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    path = write(tmp_path / "a.tar", bytes(header) + content[512:])
    assert data.load(path).class_names == ("剣士",)


@pytest.mark.parametrize("fresh", [True, False])
def test_the_unicode_path_of_info_zip_goes_before(tmp_path: Path, fresh: bool) -> None:
    raw = "L\x94we/0.png".encode("latin-1")  # in code page 437
    field = struct.pack("<BI", 1, zlib.crc32(raw) if fresh else 7) + "狮子/0.png".encode()
    info = zipfile.ZipInfo("XXXX/0.png")
    info.extra = struct.pack("<HHI", 0x9999, 4, 0) + struct.pack("<HH", 0x7075, len(field)) + field
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, MEMBERS["food/0.png"])
    path = write(tmp_path / "a.zip", rewritten(file.getvalue(), {b"XXXX/0.png": raw}))
    found = data.load(path)
    assert found.class_names == (("狮子",) if fresh else ("Löwe",))
    np.testing.assert_array_equal(found.images[0], SPRITES[0])
