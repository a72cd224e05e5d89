"""What is sent to the server: bounded, kept apart, checked, looked at."""

from __future__ import annotations

import base64
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from page_server import open_page, packed, upload
from starlette.testclient import TestClient

import tiny
from spritelab import data
from spritelab.app import Served, uploads
from spritelab.data import archives
from spritelab.data.decode import decode
from spritelab.pictures import encode_png


def test_it_is_kept_privately_as_it_came(client: TestClient, served: Served) -> None:
    content = packed(tiny.tiny_set(8))
    made = upload(client, content, "../../my art.zip")
    assert made["name"] == "my art"
    assert made["bytes"] == len(content)
    folder = served.runs / ".app" / "uploads" / made["id"]
    assert {path.name for path in folder.iterdir()} == {"upload.json", "my art.zip"}
    assert (folder / "my art.zip").read_bytes() == content
    assert (served.runs / ".app").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..\\..\\windows.zip", "windows.zip"),
        ("/etc/passwd.zip", "passwd.zip"),
        (".hidden.zip", "hidden.zip"),
        ("a:b*c?.zip", "a-b-c.zip"),
        ("x" * 300 + ".zip", "x" * 40 + ".zip"),
        ("...ZIP", "sprites.zip"),
    ],
)
def test_names_lead_nowhere(client: TestClient, served: Served, name: str, kept: str) -> None:
    made = upload(client, packed(tiny.tiny_set(4)), name)
    assert served.uploads.path(made["id"]).name == kept
    assert served.uploads.path(made["id"]).is_file()


def test_the_same_as_data_inspect_says(client: TestClient, served: Served) -> None:
    sprites = tiny.tiny_set(30)
    made = upload(client, packed(sprites))
    told = client.get(f"/api/uploads/{made['id']}/inspect").json()
    facts = data.inspect(data.load(served.uploads.path(made["id"])))
    for key, value in facts.as_dict().items():
        if key not in ("classes",):
            assert told[key] == value, key
    assert [one["name"] for one in told["classes"]] == ["disc", "side-facing", "square"]
    assert list(told["parents"]) == sorted(told["parents"], key=told["parents"].__getitem__)
    assert set(told["parents"]) == {"builtin-16", "crawl-16"}
    png = base64.b64decode(told["contact_sheet"].removeprefix("data:image/png;base64,"))
    assert decode(png).shape[2] <= 680


@pytest.fixture
def no_parents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_parents", lambda *_: {})


@pytest.mark.usefixtures("no_parents")
def test_sheets_are_cut_as_they_are_told(client: TestClient) -> None:
    images = tiny.tiny_set(8).images
    sheet = np.concatenate(list(images), axis=1)
    made = upload(client, encode_png(sheet), "sheet.png")
    address = f"/api/uploads/{made['id']}/inspect"
    answer = client.get(address)
    assert answer.status_code == 422
    assert "tile" in answer.json()["errors"]
    assert client.get(address, params={"cut": "tile", "tile": 16}).json()["n"] == 8
    assert "tile" in client.get(address, params={"cut": "tile"}).json()["errors"]
    assert "tile" in client.get(address, params={"cut": "tile", "tile": 0}).json()["errors"]
    assert "size" in client.get(address, params={"size": 24}).json()["errors"]
    assert "foo" in client.get(address, params={"foo": 1}).json()["errors"]


@pytest.mark.usefixtures("no_parents")
@pytest.mark.parametrize("width", [200, 300, 1200])
def test_the_contact_sheet_has_the_width_that_there_is(client: TestClient, width: int) -> None:
    made = upload(client, packed(tiny.tiny_set(60)))
    told = client.get(f"/api/uploads/{made['id']}/inspect", params={"width": width}).json()
    png = base64.b64decode(told["contact_sheet"].removeprefix("data:image/png;base64,"))
    assert decode(png).shape[2] <= width


@pytest.mark.parametrize("name", ["a.exe", "a.7z", "a.svg", "a", "", "zip"])
def test_kinds_that_hold_no_sprites(client: TestClient, served: Served, name: str) -> None:
    answer = client.post("/api/uploads", params={"name": name}, content=b"x")
    assert answer.status_code == 422
    assert "file" in answer.json()["errors"]
    assert list((served.runs / ".app" / "uploads").iterdir()) == []


def test_too_much_is_refused_before_it_is_sent(client: TestClient, served: Served) -> None:
    sent = []

    def chunks() -> Iterator[bytes]:
        sent.append(1)
        yield b"x"

    headers = {"Content-Length": str(uploads.MAX_UPLOAD + 1)}
    answer = client.post(
        "/api/uploads", params={"name": "a.zip"}, content=chunks(), headers=headers
    )
    assert answer.status_code == 413
    assert "256 MiB" in answer.json()["errors"]["file"]
    assert list((served.runs / ".app" / "uploads").iterdir()) == []


def test_too_much_is_refused_while_it_comes(
    client: TestClient, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_UPLOAD", 1000)

    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    answer = client.post("/api/uploads", params={"name": "a.zip"}, content=chunks())
    assert answer.status_code == 413
    assert list((served.runs / ".app" / "uploads").iterdir()) == []


def test_a_long_upload_goes_to_the_disk(client: TestClient, served: Served) -> None:
    """100 MB, as noise: it is taken, and then it is no archive."""

    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"\x55" * 1_000_000

    answer = client.post("/api/uploads", params={"name": "a.zip"}, content=chunks())
    assert answer.status_code == 422
    assert "whole zip archive" in answer.json()["errors"]["file"]
    assert list((served.runs / ".app" / "uploads").iterdir()) == []


def test_a_bomb_is_refused_by_its_own_list(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 2**28)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(6):
            archive.writestr(f"{i}.bmp", bytes(100_000_000))
    answer = client.post("/api/uploads", params={"name": "b.zip"}, content=content.getvalue())
    assert answer.status_code == 422
    assert "b.zip unpacks to 0.6 GiB" in answer.json()["errors"]["file"]


def test_a_picture_that_unfolds(client: TestClient) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    made = upload(client, png, "b.png")
    answer = client.get(f"/api/uploads/{made['id']}/inspect", params={"cut": "tile", "tile": 16})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["../x.png", "/x.png", "C:/x.png"])
def test_an_archive_that_leads_out(client: TestClient, path: str) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(path, encode_png(tiny.tiny_set(1).images[0]))
    answer = client.post("/api/uploads", params={"name": "a.zip"}, content=content.getvalue())
    assert answer.status_code == 422
    assert "lead out of it" in answer.json()["errors"]["file"]


@pytest.mark.usefixtures("no_parents")
@pytest.mark.parametrize("name", ["my art.tar.gz", "my art.TGZ", "my art.tar"])
def test_a_tar_is_an_archive_too(client: TestClient, name: str) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w" if name.endswith("tar") else "w:gz") as archive:
        for i, image in enumerate(tiny.tiny_set(6).images):
            png = encode_png(image)
            member = tarfile.TarInfo(f"disc/{i}.png")
            member.size = len(png)
            archive.addfile(member, io.BytesIO(png))
    made = upload(client, content.getvalue(), name)
    assert made["name"] == "my art"
    assert client.get(f"/api/uploads/{made['id']}/inspect").json()["n"] == 6
    answer = client.post("/api/uploads", params={"name": name}, content=b"no tar")
    assert "whole tar archive" in answer.json()["errors"]["file"]


def test_an_empty_file(client: TestClient) -> None:
    answer = client.post("/api/uploads", params={"name": "a.png"}, content=b"")
    assert answer.json()["errors"]["file"] == "the file is empty"


def test_uploads_go_when_they_are_told_to_or_the_next_server_begins(
    client: TestClient, served: Served
) -> None:
    """And by no clock: one that a run was begun with stays, whatever its job says."""
    first, second, third, fourth, fifth = (
        upload(client, packed(tiny.tiny_set(4)))["id"] for _ in range(5)
    )
    assert client.delete(f"/api/uploads/{first}").status_code == 204
    assert client.delete(f"/api/uploads/{first}").status_code == 404
    folder = served.runs / ".app" / "uploads"
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))
    served.uploads.keep(third)
    (folder / fourth / "upload.json").write_text("no JSON")
    (folder / fifth / "upload.json").unlink()  # killed while it came
    with open_page(Served.below(served.runs)):
        pass
    assert {path.name for path in folder.iterdir()} == {third, fourth}
    assert client.get(f"/api/uploads/{second}/inspect").status_code == 404
    assert served.uploads.path(third)
    served.uploads.tidy({fourth})
    assert (folder / fourth).is_dir()


def test_two_clients_have_uploads_of_their_own(served: Served) -> None:
    made: list[Any] = [upload(open_page(served), packed(tiny.tiny_set(4))) for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
