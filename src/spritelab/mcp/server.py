"""The tools of the protocol: names, arguments and what is said of them; ``desk`` does the work."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
from anyio import CapacityLimiter, to_thread
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

import spritelab
from spritelab.app.drawing import MOST
from spritelab.app.server import take_turns
from spritelab.app.wishes import MAX_MINUTES
from spritelab.config import Sampler, SheetFormat
from spritelab.mcp.desk import Desk, Mistake, Shown

INSTRUCTIONS = f"""spritelab draws pixel-art sprites with small diffusion models, and trains them.
A sprite is named by model, seed and number, and drawn again by these three. Pictures show sprites
row by row in the order of the list beside them, every pixel enlarged by a whole factor. At most
{MOST} sprites a call. Files are those of one folder; paths are relative to it."""

Count = Annotated[int, Field(ge=1, le=MOST, description=f"how many sprites, 1 to {MOST}")]
Name = Annotated[str, Field(description="of a model, as list_models has it")]
Seed = Annotated[int, Field(ge=0, description="other seeds give other sprites")]
Label = Annotated[
    str | dict[str, float] | None,
    Field(description='a class; a mix such as {"food": 0.7, "spell": 0.3}; "none"; or nothing'),
]
Numbers = Annotated[
    list[int] | None, Field(description="which sprites of the seed, in place of the first n")
]
Steps = Annotated[int | None, Field(ge=1, description="of the sampler; as the model says if unset")]
Guidance = Annotated[
    float | None, Field(description="above 1: more typical of the class, less varied")
]
Colours = Annotated[
    list[str] | None,
    Field(description="#rrggbb colours to draw in, for a model that has_palettes"),
]
Source = Annotated[
    str, Field(description="a folder, sheet, archive, .npz or .aseprite below the folder")
]
RunName = Annotated[str, Field(description="of a training")]

Show = Callable[..., Awaitable[list[Any]]]
"""``await shown(call, …)``: makes a call of the desk in a thread, and what it shows an answer."""

READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(destructive_hint=False, open_world_hint=False)


def build_server(desk: Desk) -> MCPServer:
    """The server with its tools, for any transport of the SDK."""

    @contextlib.asynccontextmanager
    async def living(_: MCPServer) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take_turns, desk.served.trainings)
            yield
            tasks.cancel_scope.cancel()

    server = MCPServer(
        "spritelab",
        version=spritelab.__version__,
        instructions=INSTRUCTIONS,
        lifespan=living,
        log_level="WARNING",
    )
    working = CapacityLimiter(1)  # calls that draw or look at sets, one at a time

    async def shown(call: Callable[..., Shown], *args: Any, **named: Any) -> list[Any]:
        try:
            found = await to_thread.run_sync(partial(call, *args, **named), limiter=working)
        except Mistake as mistake:
            raise ToolError(str(mistake)) from None
        pictures = [] if found.png is None else [Image(data=found.png, format="png")]
        return [found.facts, *pictures]

    _add_drawing(server, desk, shown)
    _add_training(server, desk, shown)
    return server


def _add_drawing(server: MCPServer, desk: Desk, shown: Show) -> None:
    """The tools that draw and look."""

    @server.tool(annotations=READS, structured_output=False)
    async def list_models() -> list[Any]:
        """List the models: their classes, size, how they draw, what they were trained on."""
        return await shown(desk.list_models)

    @server.tool(annotations=READS, structured_output=False)
    async def draw(
        model: Name,
        n: Count = 8,
        label: Label = None,
        seed: Seed = 0,
        numbers: Numbers = None,
        palette: Colours = None,
        sampler: Sampler | None = None,
        steps: Steps = None,
        guidance: Guidance = None,
    ) -> list[Any]:
        """Draw sprites and show them, enlarged; no file is written."""
        wanted = _given(
            model=model,
            n=n if numbers is None else None,
            numbers=numbers,
            label=label,
            seed=seed,
            palette=palette,
            sampler=sampler,
            steps=steps,
            guidance=guidance,
        )
        return await shown(desk.draw, wanted)

    @server.tool(annotations=READS, structured_output=False)
    async def vary(
        model: Name,
        number: Annotated[int, Field(ge=0, description="of the sprite to vary")],
        n: Count = 8,
        amount: Annotated[
            float, Field(ge=0, le=1, description="0: the sprite itself, 1: another altogether")
        ] = 0.2,
        label: Label = None,
        seed: Seed = 0,
        palette: Colours = None,
        steps: Steps = None,
        guidance: Guidance = None,
    ) -> list[Any]:
        """Draw sprites that are like one; give the label it was drawn with."""
        wanted = _given(
            model=model, label=label, seed=seed, palette=palette, steps=steps, guidance=guidance
        )
        return await shown(desk.vary, wanted, number, n, amount)

    @server.tool(annotations=WRITES, structured_output=False)
    async def sheet(
        model: Name,
        file: Annotated[str, Field(description="NAME.png or NAME.aseprite, below the folder")],
        n: Count = 8,
        label: Label = None,
        seed: Seed = 0,
        numbers: Numbers = None,
        palette: Colours = None,
        steps: Steps = None,
        guidance: Guidance = None,
        format: Annotated[
            SheetFormat | None, Field(description="the engine or editor that reads it")
        ] = None,
        columns: Annotated[int | None, Field(ge=1, le=MOST)] = None,
        padding: Annotated[int, Field(ge=0, le=64, description="pixels between sprites")] = 0,
        overwrite: Annotated[bool, Field(description="replace files that are there")] = False,
    ) -> list[Any]:
        """Draw sprites and write them as a sprite sheet, with the file that an engine reads."""
        wanted = _given(
            model=model,
            n=n if numbers is None else None,
            numbers=numbers,
            label=label,
            seed=seed,
            palette=palette,
            steps=steps,
            guidance=guidance,
        )
        layout = {"columns": columns, "padding": padding, "overwrite": overwrite}
        return await shown(desk.sheet, wanted, file, format, **layout)

    @server.tool(annotations=READS, structured_output=False)
    async def inspect(
        data: Source,
        size: Literal[16, 32] | None = None,
        cut: Literal["files", "tile", "auto"] = "files",
        tile: Annotated[int | None, Field(ge=1, le=512)] = None,
        pad: bool = False,
        snap: bool = False,
    ) -> list[Any]:
        """Look at a set of sprites before training on it: counts, classes, advice, a picture."""
        reading = _given(size=size, cut=cut, tile=tile, pad=pad, snap=snap)
        return await shown(desk.inspect, data, reading)


def _add_training(server: MCPServer, desk: Desk, shown: Show) -> None:
    """The tools that train, each in a process of its own that outlives the server."""

    @server.tool(annotations=WRITES, structured_output=False)
    async def train(
        name: Annotated[str, Field(description="of the new run, and later of its model")],
        data: Source,
        minutes: Annotated[float, Field(gt=0, le=MAX_MINUTES)] = 10.0,
        init: Annotated[
            str | None, Field(description="a model to begin from; best for few")
        ] = None,
        palette: Annotated[
            bool, Field(description="few hard colours; false: painted softly; of init's kind")
        ] = True,
        mirror: Annotated[bool, Field(description="mirror images are as good")] = False,
        size: Literal[16, 32] | None = None,
        cut: Literal["files", "tile", "auto"] = "files",
        tile: Annotated[int | None, Field(ge=1, le=512)] = None,
        pad: bool = False,
        snap: bool = False,
    ) -> list[Any]:
        """Begin a training, or queue it behind the one that goes on; returns at once."""
        reading = _given(size=size, cut=cut, tile=tile, pad=pad, snap=snap)
        wanted = _given(name=name, minutes=minutes, init=init, palette=palette, mirror=mirror)
        return await shown(desk.train, data, {**wanted, **reading})

    @server.tool(annotations=READS, structured_output=False)
    async def trainings(
        name: Annotated[str | None, Field(description="one alone")] = None,
    ) -> list[Any]:
        """How trainings are; with a name, that one and its newest samples as a picture."""
        return await shown(desk.trainings, name)

    @server.tool(annotations=WRITES, structured_output=False)
    async def stop_training(name: RunName) -> list[Any]:
        """Save and stop a training; it can be resumed."""
        return await shown(desk.stop, name)

    @server.tool(annotations=WRITES, structured_output=False)
    async def resume_training(name: RunName) -> list[Any]:
        """Go on with a training that was stopped."""
        return await shown(desk.resume, name)


def _given(**values: Any) -> dict[str, Any]:
    """The arguments of a tool that were given."""
    return {name: value for name, value in values.items() if value is not None}


def serve(folder: Path, device: str | None = None) -> None:
    """Serve one agent on standard input and output until it goes.

    Args:
        folder: that files are read from and written to; models are trained in its ``runs``.
        device: that sprites are drawn on, see ``load_model``.

    Raises:
        SettingsError: if the folder is none.
        StorageError: if it cannot be written.
    """
    build_server(Desk.at(folder, device)).run("stdio")
