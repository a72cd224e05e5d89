"""The order of the house: a room imports rooms above it, never below, and shuns what it must.

Read from the source with ``ast``, so that imports inside functions count as well.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import spritelab

SOURCE = Path(spritelab.__file__).parent

ROOMS = (
    "errors",
    "extras",
    "markup",
    "progress",
    "storage",
    "hub",
    "config",
    "pixels",
    "palette",
    "pictures",
    "sheets",
    "data",
    "diffusion",
    "networks",
    "devices",
    "training",
    "generate",
    "web",
    "runs",
    "evaluation",
    "convert",
    "app",
    "mcp",
    "cli",
)

PICTURES_MAY_USE = {"errors", "extras", "storage", "pixels", "pictures"}

# What a room knows nothing of, wherever in the file it were imported.
DRAWING = {"PIL", "matplotlib"}
PROGRESS = {"rich", "tqdm", "typer"}
FORBIDDEN: dict[str, set[str]] = {
    "storage": {"PIL", "matplotlib", *PROGRESS},
    "config": {"torch", "numpy"},
    "pixels": {"spritelab.config", *DRAWING, *PROGRESS},
    "palette": {"torch", "scipy", "spritelab.config", "matplotlib", *PROGRESS},
    "data": {"torch", "matplotlib", "rich", "typer"},
    "diffusion": {"spritelab.data", "spritelab.networks", *DRAWING, *PROGRESS},
    "networks": {"spritelab.data", "spritelab.diffusion", *DRAWING, *PROGRESS},
    "training": {*DRAWING, "rich", "typer"},
    "generate": {*DRAWING, *PROGRESS},
    "pictures": {
        "torch",
        "rich",
        "typer",
        *(f"spritelab.{room}" for room in ROOMS if room not in PICTURES_MAY_USE),
    },
    "evaluation": {"spritelab.training", "rich", "typer"},
    "runs": {"rich", "typer"},
    "app": {"spritelab.training", "spritelab.cli"},
}

# The modules of storage that any room may load without a thought for what it costs.
LIGHT = {f"spritelab.storage{name}" for name in ("", ".files", ".records")}

# Too slow to load before it is known that the command needs them.
HEAVY = {"torch", "numpy", "PIL", "pydantic", "matplotlib", "accelerate", "scipy", "torchmetrics"}

NOT_LIGHT = HEAVY | {"safetensors", "spritelab.storage.arrays", "spritelab.storage.tensors"}


@dataclass(frozen=True)
class Import:
    """One imported name: ``spritelab.pixels.encode`` for ``from spritelab.pixels import encode``.

    ``at_start`` tells whether merely importing the module runs it, ``checking`` whether only a type
    checker reads it.
    """

    name: str
    line: int
    at_start: bool
    checking: bool = False

    def within(self, package: str) -> bool:
        return self.name == package or self.name.startswith(f"{package}.")


def imports(source: str, module: str, is_package: bool = False) -> list[Import]:
    """Return everything that a module imports, relative names made absolute.

    After a bare ``import spritelab`` what counts is what is taken from it.
    """
    home = module.split(".") if is_package else module.split(".")[:-1]

    def names(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            return
        start = home[: len(home) - node.level + 1] if node.level else []
        base = ".".join([*start, *([node.module] if node.module else [])])
        yield from (f"{base}.{alias.name}" for alias in node.names)

    found: list[Import] = []

    def visit(node: ast.AST, at_start: bool, checking: bool = False) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.extend(
                Import(name, node.lineno, at_start, checking)
                for name in names(node)
                if name != "spritelab"
            )
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "spritelab":
            found.append(Import(f"spritelab.{node.attr}", node.lineno, at_start, checking))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_start = False
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for unseen in node.body:
                visit(unseen, False, True)
            for seen in node.orelse:
                visit(seen, at_start, checking)
            return
        for child in ast.iter_child_nodes(node):
            visit(child, at_start, checking)

    visit(ast.parse(source), True)
    return found


def modules() -> Iterator[tuple[str, str, Path]]:
    """Yield (room, dotted name, file) of every module in a room."""
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        if parts in {("__init__",), ("__main__",)}:  # the front door is no room
            continue
        name = ".".join(("spritelab", *parts)).removesuffix(".__init__")
        yield parts[0], name, path


def complaints(room: str, module: str, found: list[Import]) -> list[str]:
    """Return one line for every import that a module of ``room`` may not have."""
    below = {f"spritelab.{other}" for other in ROOMS[ROOMS.index(room) + 1 :]}
    out = []
    for one in found:
        reason = ""
        if any(one.within(package) for package in below):
            reason = f"lies below {room}"
        elif any(one.within(package) for package in FORBIDDEN.get(room, set())):
            reason = f"is nothing that {room} knows of"
        elif room == "errors" and not one.within("__future__"):
            reason = "is one import too many for errors"
        elif one.within("spritelab") and one.name.split(".")[1] not in {*ROOMS, "__version__"}:
            reason = "goes through the front door; import from the room itself"
        elif one.at_start and one.within("torchvision"):
            reason = "cannot be loaded beside a CPU build of torch; import it late"
        elif module in LIGHT and any(one.within(package) for package in NOT_LIGHT):
            reason = "is too heavy for the light half of storage"
        elif room == "cli" and one.at_start and any(one.within(package) for package in HEAVY):
            reason = "is too slow to load before a command needs it"
        elif (
            room == "pixels"
            and one.at_start
            and any(one.within(package) for package in HEAVY - {"numpy"})
        ):
            reason = "is too heavy for pixels"
        if reason:
            out.append(f"{module}:{one.line}: {one.name} {reason}")
    return out


def circle(sources: dict[str, tuple[str, bool]]) -> list[str]:
    """Return modules that import each other in a circle, first and last the same; none if none do.

    Imports inside functions count, those for type checkers do not.

    Args:
        sources: by a module's dotted name, its text and whether it is a package.
    """

    def edges(module: str, source: str, is_package: bool) -> Iterator[str]:
        for one in imports(source, module, is_package):
            where = one.name
            while where not in sources and "." in where:
                where = where.rpartition(".")[0]
            if where in sources and not one.checking:
                yield where

    graph = {name: sorted(set(edges(name, *told))) for name, told in sources.items()}
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module not in done:
            for other in graph[module]:
                if found := walk(other, [*way, module]):
                    return found
            done.add(module)
        return []

    for module in graph:
        if found := walk(module, []):
            return found
    return []


def test_every_module_has_a_room() -> None:
    assert {room for room, _, _ in modules()} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_no_imports_run_in_a_circle(room: str) -> None:
    sources = {
        module: (path.read_text(), path.name == "__init__.py")
        for where, module, path in modules()
        if where == room
    }
    assert circle(sources) == []


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("from spritelab.data.a import f", "data.a data.b data.a"),
        ("def f():\n    from .a import g", "data.a data.b data.a"),
        ("from spritelab.data import a", "data.a data.b data.a"),
        ("from spritelab.data import c\nfrom spritelab.data.c import f", ""),
        ("if TYPE_CHECKING:\n    from .a import g", ""),
        ("from spritelab.data_too import f", ""),
        ("from spritelab.data import f", "data data.a data.b data"),
        ("from . import b", "data.b data.b"),
    ],
)
def test_a_circle_is_found(source: str, wanted: str) -> None:
    sources = {
        "spritelab.data": ("from spritelab.data.a import f", True),
        "spritelab.data.a": ("from spritelab.data.b import f, g", False),
        "spritelab.data.b": (source, False),
        "spritelab.data.c": ("import numpy", False),
    }
    assert circle(sources) == [f"spritelab.{name}" for name in wanted.split()]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_above_it(room: str) -> None:
    out: list[str] = []
    for where, module, path in modules():
        if where == room:
            found = imports(path.read_text(), module, path.name == "__init__.py")
            out.extend(complaints(room, module, found))
    assert out == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("errors", "import os"),
        ("config", "def f():\n    import torch"),
        ("pixels", "import torch"),
        ("pixels", "from spritelab import data"),
        ("pixels", "import spritelab.generate as g"),
        ("palette", "from matplotlib import colors"),
        ("palette", "from spritelab.data import SpriteSet"),
        ("data", "from ..networks import UNet"),
        ("diffusion", "if TYPE_CHECKING:\n    from spritelab.data import SpriteSet"),
        ("diffusion", "from tqdm.auto import tqdm"),
        ("diffusion", "from PIL import Image"),
        ("networks", "from spritelab.diffusion.schedule import Schedule"),
        ("training", "from PIL import Image"),
        ("generate", "import PIL.Image"),
        ("generate", "from spritelab import load_model"),
        ("pictures", "from torch import Tensor"),
        ("pictures", "from spritelab.data import SpriteSet"),
        ("evaluation", "from spritelab.training import loop"),
        ("evaluation", "import torchvision.models"),
        ("cli", "import numpy as np"),
        ("cli", "class A:\n    from pydantic import BaseModel"),
        ("cli", "import spritelab\nspritelab.load_model('a')"),
        ("app", "from spritelab.cli import console"),
    ],
)
def test_a_wrong_import_is_found(room: str, source: str) -> None:
    found = imports(source, f"spritelab.{room}.module")
    assert len(complaints(room, f"spritelab.{room}.module", found)) == 1


@pytest.mark.parametrize(
    "source", ["import numpy", "def f():\n    import torch", "from .arrays import cached"]
)
@pytest.mark.parametrize("module", sorted(LIGHT))
def test_light_modules_of_storage(module: str, source: str) -> None:
    found = imports(source, module, module == "spritelab.storage")
    assert len(complaints("storage", module, found)) == 1
    assert complaints("storage", "spritelab.storage.other", found) == []


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("pixels", "import numpy as np\nif TYPE_CHECKING:\n    from torch import Tensor"),
        ("data", "from . import crawl\nfrom ..pixels import Images\nfrom .sheets import cut"),
        ("networks", "import torch\nfrom spritelab.errors import ModelError"),
        ("palette", "import numpy as np\nfrom spritelab.pixels import Images"),
        ("pictures", "from spritelab import pixels\nfrom PIL import Image"),
        ("evaluation", "def f():\n    import torchvision"),
        ("cli", "def f():\n    import numpy\n    from spritelab import runs"),
        ("cli", "def f():\n    from spritelab import __version__"),
        ("runs", "import spritelab\nspritelab.__version__"),
    ],
)
def test_a_right_import_passes(room: str, source: str) -> None:
    found = imports(source, f"spritelab.{room}.module")
    assert complaints(room, f"spritelab.{room}.module", found) == []
