"""The files of the page: those of a list that is made once, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

PAGE = Path(__file__).parents[1] / "web" / "page"
"""The page that ``spritelab export web`` writes, found by its path: its room asks for the extra
``onnx``, which a server that draws by itself can do without."""

SERVED = Path(__file__).parent / "page"
"""What it has besides when it is served."""

KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""The kinds of files that are served. The system's own list of kinds may be anything."""


def routes() -> list[Route]:
    """An address for each file; ``/`` for ``index.html``."""
    found = {**dict(_files(PAGE, "/")), **dict(_files(SERVED, "/app/"))}
    found["/"] = found.pop("/index.html")
    return [_route(address, path) for address, path in found.items()]


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in KINDS:
            yield prefix + path.relative_to(folder).as_posix(), path


def _route(address: str, path: Path) -> Route:
    async def file(_: Request) -> FileResponse:
        return FileResponse(path, media_type=KINDS[path.suffix])

    return Route(address, file)
