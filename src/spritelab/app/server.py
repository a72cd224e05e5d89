"""The server: which address leads where, and how it is opened and closed."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import spritelab
from spritelab.app import drawing, locks, page, steering, uploads, watch
from spritelab.app.answers import Refusal, check_form, mistaken, read_form, refused, stream
from spritelab.app.guard import Door, Guard
from spritelab.app.models import Shelf
from spritelab.app.trainings import Trainings
from spritelab.app.uploads import Uploads
from spritelab.app.watching import latest_grid, run_events, small_grid
from spritelab.app.wishes import Naming, Wish
from spritelab.errors import SettingsError, SpritelabError
from spritelab.storage import storing

PRIVATE = ".app"
"""The folder, in that of the runs, with uploads and jobs."""

TURN_SECONDS = 1.0
"""Between two looks at whether the next run's turn has come."""


@dataclass(frozen=True)
class Served:
    """What is served: the folder of the runs, and what is made of it."""

    runs: Path
    shelf: Shelf
    uploads: Uploads
    trainings: Trainings

    @classmethod
    def below(cls, runs: Path, device: str | None = None) -> Served:
        """Make the folders that are needed below ``runs``.

        Raises:
            StorageError: if they cannot be made.
        """
        runs = runs.resolve()
        private = runs / PRIVATE
        with storing(private):
            for folder in (private, private / "uploads", private / "jobs"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shelf, kept = Shelf(runs, device), Uploads(private / "uploads")
        return cls(runs, shelf, kept, Trainings(runs, private / "jobs", kept, shelf))


def build_app(served: Served, door: Door) -> Starlette:
    """The application, to be served by any ASGI server."""
    looking = CapacityLimiter(1)  # sets that are inspected at a time: each is held in memory

    @contextlib.asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        served.uploads.tidy(served.trainings.used_uploads())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take_turns, served.trainings)
            yield
            tasks.cancel_scope.cancel()

    async def models(_: Request) -> Response:
        return JSONResponse({"models": await to_thread.run_sync(served.shelf.listed)})

    async def page_models(_: Request) -> Response:
        found = await to_thread.run_sync(served.shelf.listed)
        files = [
            {"name": one["name"], "file": f"{one['name']}?{one['version']}", "bytes": 0}
            for one in found
        ]
        told = {"spritelab": spritelab.__version__, "served": True, "runtime_bytes": 0}
        return JSONResponse({**told, "models": files})

    async def model(request: Request) -> Response:
        return JSONResponse(
            await to_thread.run_sync(served.shelf.facts, request.path_params["name"])
        )

    async def draw(request: Request) -> Response:
        form = await read_form(request, drawing.Drawing)
        ready = await to_thread.run_sync(drawing.prepare, form, served.shelf)
        return stream(drawing.draw_events(form, *ready))

    async def steer(request: Request) -> Response:
        form = await read_form(request, steering.Steered)
        ready = await to_thread.run_sync(steering.prepare_steering, form, served.shelf)
        return stream(steering.steer_events(form, ready))

    async def watched(request: Request) -> Response:
        form = await read_form(request, watch.Watching)
        ready = await to_thread.run_sync(watch.prepare_watching, form, served.shelf)
        return stream(watch.watch_events(ready))

    async def upload(request: Request) -> Response:
        length = request.headers.get("content-length", "")
        name = request.query_params.get("name", "")
        made = await served.uploads.receive(
            name, int(length) if length.isdecimal() else None, request.stream()
        )
        return JSONResponse(made, 201)

    async def inspect(request: Request) -> Response:
        how = check_form(dict(request.query_params), uploads.Look)
        path = served.uploads.path(request.path_params["key"])
        return JSONResponse(await to_thread.run_sync(uploads.inspect, path, how, limiter=looking))

    async def forget(request: Request) -> Response:
        key = request.path_params["key"]
        served.uploads.path(key)
        if key in served.trainings.used_uploads():
            raise Refusal("a run needs this upload to go on; remove the run", status=409)
        served.uploads.remove(key)
        return Response(status_code=204)

    async def runs(_: Request) -> Response:
        return JSONResponse({"runs": await to_thread.run_sync(served.trainings.listed)})

    async def begin(request: Request) -> Response:
        wish = await read_form(request, Wish)
        return JSONResponse(await to_thread.run_sync(served.trainings.ask, wish), 201)

    async def rename(request: Request) -> Response:
        form = await read_form(request, Naming)
        name = request.path_params["name"]
        return JSONResponse(await to_thread.run_sync(served.trainings.rename, name, form.name))

    async def events(request: Request) -> Response:
        name = request.path_params["name"]
        await to_thread.run_sync(served.trainings.state, name)
        return stream(run_events(served.trainings, name))

    async def samples(request: Request) -> Response:
        name = request.path_params["name"]
        await to_thread.run_sync(served.trainings.state, name)
        newest = latest_grid(served.runs / name)
        if newest is None:
            raise Refusal("there are no samples yet", status=404)
        png = await to_thread.run_sync(small_grid, served.runs / name, newest)
        return Response(png, media_type="image/png")

    def act(action: Callable[[str], Any]) -> Callable[[Request], Any]:
        async def acted(request: Request) -> Response:
            done = await to_thread.run_sync(action, request.path_params["name"])
            return Response(status_code=204) if done is None else JSONResponse(done)

        return acted

    trainings = served.trainings
    routes = [
        Route("/api/models", models),
        Route("/api/models/{name}", model),
        Route("/api/draw", draw, methods=["POST"]),
        Route("/api/steer", steer, methods=["POST"]),
        Route("/api/watch", watched, methods=["POST"]),
        Route("/api/uploads", upload, methods=["POST"]),
        Route("/api/uploads/{key}", forget, methods=["DELETE"]),
        Route("/api/uploads/{key}/inspect", inspect),
        Route("/api/runs", runs, methods=["GET"]),
        Route("/api/runs", begin, methods=["POST"]),
        Route("/api/runs/{name}", act(trainings.state), methods=["GET"]),
        Route("/api/runs/{name}", act(trainings.remove), methods=["DELETE"]),
        Route("/api/runs/{name}/events", events),
        Route("/api/runs/{name}/samples.png", samples),
        Route("/api/runs/{name}/stop", act(trainings.stop), methods=["POST"]),
        Route("/api/runs/{name}/resume", act(trainings.resume), methods=["POST"]),
        Route("/api/runs/{name}/rename", rename, methods=["POST"]),
        Route("/models.json", page_models),
        *page.routes(),
    ]
    return Starlette(
        routes=routes,
        lifespan=living,
        middleware=[Middleware(Guard, door=door)],
        exception_handlers={Refusal: refused, SpritelabError: mistaken},
    )


async def take_turns(trainings: Trainings) -> None:
    """Begin the run whose turn it is, now and whenever the one before has ended."""
    while True:
        try:
            await to_thread.run_sync(trainings.go_on)
        except (SpritelabError, OSError) as error:  # such as a full disk, which may be mended
            logging.getLogger("uvicorn.error").warning("%s", error)
        await anyio.sleep(TURN_SECONDS)


def serve(
    runs: Path,
    host: str,
    port: int,
    *,
    device: str | None = None,
    opened: Callable[[Door], None],
) -> None:
    """Serve the page until it is interrupted.

    Args:
        runs: the folder of the runs, which is made if need be.
        host: the address to listen on; ``127.0.0.1`` is this machine alone.
        port: 0 for any that is free.
        device: that sprites are drawn on, see ``load_model``.
        opened: is told how to reach it; connections are taken from then on.

    Raises:
        SettingsError: if the port or the folder is taken, or there is no such address.
        StorageError: if the folder of the runs cannot be made.
    """
    served = Served.below(runs, device)
    with contextlib.ExitStack() as stack:
        if locks.AVAILABLE:
            held = locks.take(served.runs / PRIVATE / "app.lock")
            if held is None:
                raise SettingsError(
                    f"another page serves {runs} already; use that one, or choose another `runs`"
                )
            stack.callback(os.close, held)
        listening = stack.enter_context(listen(host, port))
        door = Door(host, listening.getsockname()[1])
        settings = uvicorn.Config(
            build_app(served, door),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        opened(door)
        uvicorn.Server(settings).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections at an address.

    Raises:
        SettingsError: if the port is taken or reserved, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(64)
    except (OSError, OverflowError) as error:
        listening.close()
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise SettingsError(
                f"`port` {port} is in use; choose another one, or close the program that has it"
            ) from None
        if number in (errno.EACCES, errno.EPERM):
            raise SettingsError(f"`port` {port} is reserved; choose one above 1023") from None
        raise SettingsError(f"cannot listen at `host` {host}, `port` {port} ({error})") from None
    return listening
