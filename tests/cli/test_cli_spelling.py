"""Messages name parameters; the command line prints the options that set them."""

import warnings
from typing import Annotated, Any

import pytest
import typer
from typer.main import get_command

from spritelab import cli
from spritelab.cli import main
from spritelab.cli.spelling import options_of, spell
from spritelab.errors import SettingsError


@pytest.fixture(scope="module")
def command() -> Any:
    return get_command(cli.commands)


@pytest.mark.parametrize(
    ("words", "message", "spelled"),
    [
        ("train", "`margin` and `spacing` need a `tile`", "--margin and --spacing need a --tile"),
        ("train --out a", "raise `n`, the `count`", "raise -n, the --count"),
        ("train", "raise `batch-size` or `batch_size`", "raise --batch-size or --batch-size"),
        ("train", "choose another `folder`", "choose another --out"),
        ("train", "say `tile=16`", "say --tile 16"),
        ("train", "`data.source`, `data.size`", "--data, --size"),
        ("train", "`training.batch_size` is 3", "--batch-size is 3"),
        ("train", "`training.warmup=100`", "--set training.warmup=100"),
        ("train", "`training.warmup`", "--set training.warmup"),
        ("train", "`sampling.steps` draw", "--set sampling.steps draw"),  # not those of training
        ("train", "`no_mirror`, `set`", "--no-mirror, --set"),
        ("train", "pass `progress` or `loss.board`", "pass progress or --set loss.board"),
        ("sample crawl-16", "`sampling.steps` of `model`", "--steps of MODEL"),
        ("sample", "`training.warmup`", "training.warmup"),
        ("evaluate", "name them by `source`, `held_out`", "name them by --data, --held-out"),
        ("data inspect a.png", "`source` and `out`", "SOURCE and --out"),
        ("data inspect train", "`mirror`", "mirror"),
        ("data", "`tile`", "tile"),
        ("nonsense", "`tile`", "tile"),
        ("train", "a ` alone, ``tile``, `two words`", "a ` alone, `--tile`, `two words`"),
    ],
)
def test_names_become_options(command: Any, words: str, message: str, spelled: str) -> None:
    assert spell(message, options_of(command, words.split())) == spelled


def act(tile: Annotated[int, typer.Option()] = 3) -> None:
    warnings.warn(f"`tile` is {tile}", stacklevel=2)
    raise SettingsError("choose another `tile`, not the `other`")


def test_errors_and_warnings_are_spelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer(add_completion=False)
    app.callback()(lambda: None)
    app.command("act")(act)
    monkeypatch.setattr(cli, "commands", app)
    assert main(["act"]) == 2
    assert capsys.readouterr() == (
        "",
        "warning: --tile is 3\nerror: choose another --tile, not the other\n",
    )
