"""Commands whose modules are imported when they are called, and not to list them."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


def deferred(
    app: typer.Typer, name: str, summary: str, example: str, module: str | None = None
) -> None:
    """Add a command to ``app``: the function ``name`` of a module of ``spritelab.cli``.

    Args:
        app: the program.
        name: of the command and its function.
        summary: what the list of commands says of it: the first line of the function's docstring.
        example: a command line, for the end of its help.
        module: where the function is; one of its own name, if not given.
    """
    kind = type("Deferred", (DeferredCommand,), {"module": module})
    app.command(name, cls=kind, help=summary, epilog=f"Example: {example}")(_nothing)


def _nothing() -> None:
    """Stand where the command's own function will."""


class DeferredCommand(TyperCommand):
    """Knows its name, its summary and its example; all else once it is asked for."""

    module: str | None = None

    @cached_property
    def command(self) -> Any:
        """The command itself."""
        function = getattr(
            import_module(f"spritelab.cli.{self.module or self.name}"), str(self.name)
        )
        app = typer.Typer(
            add_completion=False,
            rich_markup_mode="rich",
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        app.command(self.name, epilog=self.epilog)(function)
        return get_command(app)

    @property
    def params(self) -> Any:
        """The options and arguments of the command itself."""
        return self.command.params

    @params.setter
    def params(self, _: Any) -> None:
        """Click sets those of the function that stands here, which has none."""

    def make_context(self, *words: Any, **extra: Any) -> Any:
        """The context that the command itself runs in."""
        return self.command.make_context(*words, **extra)
