"""Commands are listed without their modules, and are themselves once they are called."""

import inspect
from importlib import import_module
from typing import Any

import pytest
from typer.main import get_command

from spritelab import cli
from spritelab.cli import main
from spritelab.cli.deferred import DeferredCommand

COMMANDS: dict[str, Any] = get_command(cli.commands).commands  # type: ignore[attr-defined]
DEFERRED = [name for name, one in COMMANDS.items() if isinstance(one, DeferredCommand)]


def test_the_commands() -> None:
    more = ["app", "calibrate", "compare", "distill", "evaluate", "mcp", "merge", "push"]
    assert sorted(DEFERRED) == [*more, "sample", "tidy", "train"]


@pytest.mark.parametrize("name", DEFERRED)
def test_the_summary_is_the_first_line_of_the_help(name: str) -> None:
    function = getattr(import_module(f"spritelab.cli.{name}"), name)
    assert COMMANDS[name].help == (inspect.getdoc(function) or "").splitlines()[0]


@pytest.mark.parametrize("name", DEFERRED)
def test_its_help_is_that_of_the_command_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "-h"]) == 0
    text = capsys.readouterr().out
    assert f"spritelab {name}" in text
    assert any(option in text for option in ("--out", "--json", "--port", "--folder"))
    assert "Example: spritelab" in text
    assert COMMANDS[name].params == COMMANDS[name].command.params != []
