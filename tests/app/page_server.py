"""A served page for tests: a folder of runs, a client that has the token, sprites to upload."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from spritelab.app import Served, build_app
from spritelab.app.guard import Door
from spritelab.data import SpriteSet
from spritelab.pictures import encode_png

BASE = "http://127.0.0.1:8017"


def open_page(served: Served, door: Door | None = None) -> TestClient:
    """A client that has opened the address that the server prints."""
    door = door or Door("127.0.0.1", 8017)
    client = TestClient(build_app(served, door), base_url=BASE)
    client.headers["Authorization"] = f"Bearer {door.token}"
    return client


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Server-sent events as (name, values)."""
    found = []
    for one in text.split("\n\n"):
        if one.startswith("event: "):
            name, values = one.removeprefix("event: ").split("\ndata: ")
            found.append((name, json.loads(values)))
    return found


def packed(sprites: SpriteSet) -> bytes:
    """A ``.zip`` of a folder of PNGs, one folder a class."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for i, image in enumerate(sprites.images):
            name = sprites.class_names[sprites.labels[i]]
            archive.writestr(f"{name}/{i:04}.png", encode_png(image))
    return content.getvalue()


def upload(client: TestClient, content: bytes, name: str = "art.zip") -> dict[str, Any]:
    """Send a file; the answer, whose status must be 201."""
    answer = client.post("/api/uploads", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def served_below(folder: Path) -> Served:
    """What is served of a folder of runs, drawn on the CPU."""
    return Served.below(folder, "cpu")
