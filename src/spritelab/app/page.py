"""The files of the page: those of a list that is made once, and no others."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

PAGE = Path(__file__).parent / "page"

KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""The kinds of files that are served. The system's own list of kinds may be anything."""


def routes() -> list[Route]:
    """An address for each file; ``/`` for ``index.html``."""
    found = []
    for path in sorted(PAGE.rglob("*")):
        if path.is_file() and path.suffix in KINDS:
            address = "/" + path.relative_to(PAGE).as_posix()
            found.append(_route("/" if address == "/index.html" else address, path))
    return found


def _route(address: str, path: Path) -> Route:
    async def file(_: Request) -> FileResponse:
        return FileResponse(path, media_type=KINDS[path.suffix])

    return Route(address, file)
