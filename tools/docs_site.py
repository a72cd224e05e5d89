"""The hook of ``mkdocs.yml``: makes one site of the repository's Markdown and its docstrings.

``docs/`` is read on GitHub too, so its links are those of the repository, such as ``../src/…``.
Here every such link becomes one within the site. Pages that are not in ``docs/`` come along (the
README is the start), the reference has a page for every room of ``src/spritelab``, and a source
file that a page links to becomes a page of its own. Nothing is imported and nothing is fetched.
"""

from __future__ import annotations

import ast
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File
from mkdocs.structure.nav import Link

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
"""The repository."""

PACKAGE = "src/spritelab"

PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
"""Markdown outside of ``docs/`` and its place on the site; model cards are found."""

PLAY = "SPRITELAB_SITE_PAGE"
"""The environment variable that names the folder of the page that draws, if the site has one."""

FOLDERS = ("examples",)
"""Folders of programs that become one page each."""

LANGUAGES = {".py": "python", ".toml": "toml", ".html": "html", ".yml": "yaml"}

FIRST = ("data", "diffusion", "networks", "training", "generate", "runs", "evaluation")
"""Rooms that most readers come for; the others follow by their names."""

NOTATION = {"diffusion": ("schedule", "process", "heads", "samplers", "noise")}
"""Modules whose docstrings set the names of the papers beside those of the code."""

COMMANDS = "cli"
"""The room that is called from the shell and has no names for Python."""

_LINK = re.compile(r"(!?\[(?:[^\]\[]|\[[^\]]*\])*\]\()([^)\s]+)(\))")
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_REFERENCE = "Reference"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the reference's pages into the navigation."""
    assert config.nav is not None
    for entry in config.nav:
        if _REFERENCE in entry:
            entry[_REFERENCE] = [
                *({module_of(room): page_of(room)} for room in rooms()),
            ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in ``docs/``, the reference, and the sources that are linked."""
    for origin, place in pages().items():
        if origin != _in_docs(place):
            files.append(_generated(config, place, (ROOT / origin).read_text("utf-8")))
    for room in rooms():
        files.append(_generated(config, page_of(room), reference(room)))
    for folder in FOLDERS:
        files.append(_generated(config, f"{folder}.md", folder_page(folder)))
    for linked in sorted(linked_sources()):
        if linked.endswith(".ipynb"):
            files.append(_generated(config, linked, (ROOT / linked).read_bytes()))
        else:
            files.append(_generated(config, source_page_of(linked), source_page(linked)))
    return files


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG001
    """Lead to the page that draws, where it is made beside the documentation (``tools.site``)."""
    if PLAY in os.environ:
        nav.items.insert(1, Link("Draw in your browser", f"{os.environ[PLAY]}/"))
    return nav


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Turn the repository's links into the site's."""
    origins = {place: origin for origin, place in pages().items()}
    origin = origins.get(page.file.src_uri)
    return markdown if origin is None else relink(markdown, origin)


def relink(markdown: str, origin: str) -> str:
    """Turn the links of a page of the repository into those of the site.

    Args:
        markdown: of the page; what stands in fenced code is left alone.
        origin: the page's path in the repository.
    """
    here = posixpath.dirname(pages()[origin])

    def site_link(match: re.Match[str]) -> str:
        before, target, after = match.groups()
        path, hash_, anchor = target.partition("#")
        place = None if "://" in path or not path else place_of(resolve(path, origin))
        if place is None:
            return match.group()
        return f"{before}{posixpath.relpath(place, here or '.')}{hash_}{anchor}{after}"

    return "".join(
        part if fenced else _LINK.sub(site_link, part) for part, fenced in _parts(markdown)
    )


def resolve(path: str, origin: str) -> str:
    """The path in the repository that a link of the page ``origin`` names."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))


def place_of(path: str) -> str | None:
    """Where the site has a file or a room of the repository; None where it has not."""
    known = pages()
    if path in known:
        return known[path]
    if path in FOLDERS:
        return f"{path}.md"
    room = posixpath.relpath(path, PACKAGE)
    if room in rooms():
        return page_of(room)
    if not (ROOT / path).is_file():
        return None  # the strict build reports the link
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return path if path.endswith(".ipynb") else source_page_of(path)


def pages() -> dict[str, str]:
    """All Markdown of the repository that the site shows: path in the repository → on the site."""
    found = {origin: place for origin, place in PAGES.items() if (ROOT / origin).is_file()}
    for file in sorted((ROOT / "docs").rglob("*.md")):
        place = file.relative_to(ROOT / "docs").as_posix()
        found[_in_docs(place)] = place
    for card in sorted((ROOT / PACKAGE / "shipped").glob("*/README.md")):
        found[card.relative_to(ROOT).as_posix()] = f"models/{card.parent.name}.md"
    return found


def linked_sources() -> set[str]:
    """Files outside of ``docs/`` that pages link to and that are no pages themselves."""
    known, found = pages(), set()
    for origin in known:
        text = (ROOT / origin).read_text("utf-8")
        for part, fenced in _parts(text):
            for match in () if fenced else _LINK.finditer(part):
                path = resolve(match.group(2).partition("#")[0], origin)
                outside = path not in known and not path.startswith(("docs/", ".."))
                if outside and (ROOT / path).is_file():
                    found.add(path)
    return found


def rooms() -> list[str]:
    """The rooms with names for Python, and their own rooms, as paths below ``src/spritelab``."""
    top = ROOT / PACKAGE
    names = {path.stem for path in top.glob("*.py") if not path.stem.startswith("_")}
    names |= {path.parent.name for path in top.glob("*/__init__.py")}
    inner = {path.parent.relative_to(top).as_posix(): path for path in top.glob("*/*/__init__.py")}
    with_names = {name for name, path in inner.items() if public_names(path)}
    order = [*FIRST, *sorted(names - {*FIRST, COMMANDS})]
    return [
        ".",
        *(room for name in order for room in (name, *sorted(_within(with_names, name)))),
    ]


def module_of(room: str) -> str:
    """``evaluation/metrics`` → ``spritelab.evaluation.metrics``."""
    return ".".join(("spritelab", *Path(room).parts))


def page_of(room: str) -> str:
    """The reference's page of a room."""
    return f"reference/{'index' if room == '.' else room.replace('/', '.')}.md"


def reference(room: str) -> str:
    """The page of a room: its docstring, its public names, and the notation of its modules."""
    source = ROOT / PACKAGE / room
    module = module_of(room)
    names = public_names(source / "__init__.py" if source.is_dir() else source.with_suffix(".py"))
    # A function that has the name of its module is taken for the module unless asked for by both.
    shadowed = [name for name in names if (source / f"{name}.py").is_file()]
    members = [name for name in names if not name.startswith("__") and name not in shadowed]
    parts = [f"# {module}", _directive(module, {"members": members} if names else {})]
    parts += [
        _directive(f"{module}.{name}.{name}", {"show_root_heading": "true"}) for name in shadowed
    ]
    if room in NOTATION:
        parts.append("## Notation")
    for name in NOTATION.get(room, ()):
        parts.append(f"### {module}.{name}")
        parts.append(_directive(f"{module}.{name}", {"members": "false", "summary": "false"}))
    return "\n\n".join(parts) + "\n"


def _directive(name: str, options: dict[str, object]) -> str:
    """What mkdocstrings turns into the documentation of a name."""
    lines = [
        f"      {key}: {'[' + ', '.join(value) + ']' if isinstance(value, list) else value}"
        for key, value in options.items()
    ]
    return "\n".join([f"::: {name}", *(["    options:", *lines] if lines else [])])


def public_names(module: Path) -> list[str]:
    """``__all__`` of a module, read and not imported; none if it has none."""
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return []


def source_page_of(path: str) -> str:
    """The site's page of a source file."""
    return f"source/{path}.md"


def source_page(path: str) -> str:
    """A source file as a page, kept out of the search: its names are found in the reference."""
    code = (ROOT / path).read_text("utf-8")
    language = LANGUAGES.get(Path(path).suffix, "text")
    return (
        f"---\nsearch:\n  exclude: true\n---\n\n# {Path(path).name}\n\n`{path}`\n\n"
        f'````{language} linenums="1"\n{code}````\n'
    )


def folder_page(folder: str) -> str:
    """All programs of a folder, one after the other."""
    found = sorted((ROOT / folder).glob("*.py"))
    programs = [f"## {path.name}\n\n````python\n{path.read_text('utf-8')}````\n" for path in found]
    return "\n".join([f"# {folder.capitalize()}\n", *programs])


def _parts(markdown: str) -> Iterator[tuple[str, bool]]:
    """The text in parts, in order, each with whether it is fenced code."""
    end = 0
    for fence in _FENCE.finditer(markdown):
        yield markdown[end : fence.start()], False
        yield fence.group(), True
        end = fence.end()
    yield markdown[end:], False


def _within(rooms_within: set[str], name: str) -> set[str]:
    return {room for room in rooms_within if room.startswith(f"{name}/")}


def _in_docs(place: str) -> str:
    return f"docs/{place}"


def _generated(config: Any, place: str, content: str | bytes) -> File:
    return File.generated(config, place, content=content)
