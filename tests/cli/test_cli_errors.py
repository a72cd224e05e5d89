"""What a user meets when something goes wrong: one line, the right exit status, no traceback."""

import errno
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rich.console import Console

from spritelab import __version__, cli
from spritelab.cli import console, main
from spritelab.errors import DataError, SpritelabError

Run = Callable[[Callable[[], None]], int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``main`` over a command line whose only command does what the test says."""

    def run_with(action: Callable[[], None]) -> int:
        app = typer.Typer(add_completion=False)
        app.callback()(lambda: None)
        app.command("act")(action)
        monkeypatch.setattr(cli, "commands", app)
        return main(["act"])

    return run_with


def raiser(error: BaseException) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


def test_done(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lambda: console.wrote("runs/a/loss [x].png")) == 0
    assert capsys.readouterr() == ("wrote runs/a/loss [x].png\n", "")


def test_a_mistake_of_the_user_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    message = "'sheet.png' is 100 pixels wide, which 16 does not divide; give [another] --tile"
    assert run(raiser(DataError(message))) == 2
    assert capsys.readouterr() == ("", f"error: {message}\n")


def test_a_message_of_several_lines_becomes_one(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(raiser(SpritelabError("first\n  second  \n\nthird"))) == 2
    assert capsys.readouterr().err == "error: first second third\n"


def test_a_narrow_terminal_breaks_no_line(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert run(raiser(DataError("word " * 40 + "end"))) == 2
    assert capsys.readouterr().err == "error: " + "word " * 40 + "end\n"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (
            errno.ENOSPC,
            "error: runs/a: No space left on device; free some space and run it again\n",
        ),
        (
            errno.EACCES,
            "error: runs/a: Permission denied; check its permissions or choose another place\n",
        ),
    ],
)
def test_what_the_disk_refuses(
    run: Run, capsys: pytest.CaptureFixture[str], code: int, line: str
) -> None:
    assert run(raiser(OSError(code, os.strerror(code), "runs/a"))) == 2
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError(errno.ENOTDIR, "a bug")])
def test_a_fault_of_ours_keeps_its_traceback(run: Run, error: Exception) -> None:
    with pytest.raises(type(error), match="a bug"):
        run(raiser(error))


@pytest.mark.parametrize(
    ("interrupt", "line"),
    [
        (KeyboardInterrupt(), "interrupted\n"),
        (KeyboardInterrupt("stopped after step 70"), "interrupted: stopped after step 70\n"),
        (typer.Abort(), "interrupted\n"),
    ],
)
def test_ctrl_c(
    run: Run, capsys: pytest.CaptureFixture[str], interrupt: BaseException, line: str
) -> None:
    assert run(raiser(interrupt)) == 130
    assert capsys.readouterr() == ("", line)


def test_a_status_of_its_own(run: Run) -> None:
    assert run(raiser(typer.Exit(3))) == 3


def test_a_warning_for_the_user_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def action() -> None:
        warnings.simplefilter("always")
        warnings.warn("another image file\nof the right shape", UserWarning, stacklevel=1)
        warnings.warn("old name", DeprecationWarning, stacklevel=1)

    before = warnings.showwarning
    assert run(action) == 0
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "warning: another image file of the right shape"
    assert "DeprecationWarning: old name" in rest[0]
    assert warnings.showwarning is before


@pytest.mark.parametrize(
    ("words", "named", "where"),
    [
        (["paint"], "'paint'", "spritelab"),
        (["--paint"], "--paint", "spritelab"),
        (["data", "paint"], "'paint'", "spritelab data"),
        (["data", "inspect"], "SOURCE", "spritelab data inspect"),
        (["data", "inspect", "builtin", "--tiles", "3"], "--tiles", "spritelab data inspect"),
        (["data", "inspect", "builtin", "--count", "0"], "--count", "spritelab data inspect"),
        (["data", "inspect", "builtin", "--size", "big"], "--size", "spritelab data inspect"),
        (["data", "inspect", "builtin", "more"], "more", "spritelab data inspect"),
        (["data", "fetch", "nothing"], "nothing", "spritelab data fetch"),
    ],
)
def test_a_wrong_command_line(
    capsys: pytest.CaptureFixture[str], words: list[str], named: str, where: str
) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("error: ")
    assert named in line
    assert line.endswith(f" (see {where} --help)")


@pytest.mark.parametrize("words", [[], ["--help"], ["data"], ["data", "inspect", "-h"]])
def test_help_has_an_example(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) == 0
    shown = capsys.readouterr()
    assert "Usage: spritelab" in shown.out
    assert "Example" in shown.out
    assert shown.err == ""


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"spritelab {__version__}\n", "")


def test_the_process_itself() -> None:
    """Through ``python -m spritelab``: status, streams, and no colour where none is wanted."""
    result = subprocess.run(
        [sys.executable, "-m", "spritelab", "xyzzy"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == "error: No such command 'xyzzy' (see spritelab --help)\n"


@pytest.mark.skipif(os.name != "posix", reason="pipes close differently elsewhere")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["--version"], ["--help"], ["sample", "--help"]])
def test_a_closed_pipe_is_quiet(words: list[str], unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        result = subprocess.run(
            [sys.executable, "-m", "spritelab", *words],
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert result.stderr == b""
    assert result.returncode == 1


def test_names_that_the_terminal_cannot_show(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "spritelab", "data", "inspect", str(tmp_path / "épée.png")],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "NO_COLOR": "1"},
    )
    assert result.returncode == 2
    assert b"\\xe9p\\xe9e.png" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_progress_in_a_log_speaks_now_and_then_and_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 25.0, 26.0, 30.0])
    monkeypatch.setattr("spritelab.cli.console.time.monotonic", lambda: next(clock))
    with console.progress("sampling", total=50) as report:
        report(1)
        report(10, note="loss 0.04 [x]")
        report(11)
        report(20, 20)
    assert capsys.readouterr() == (
        "",
        "sampling: 10/50 in 25 s, loss 0.04 [x]\nsampling: 20/20 in 30 s\n",
    )


def test_a_log_hears_of_work_that_is_over_at_once_only_if_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 25.0, 26.0])
    monkeypatch.setattr("spritelab.cli.console.time.monotonic", lambda: next(clock))
    with console.progress("reading", transient=True) as report:
        report(1, 3)
        report(2, 3)
        report(3, 3)
    assert capsys.readouterr() == ("", "reading: 2/3 in 25 s\n")


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100, _environ={"TERM": "xterm"})
    monkeypatch.setattr(console, "console", terminal)
    with console.progress("sampling") as report:
        report(3, 7, "loss 0.04 [x]")
    assert "sampling" in screen.getvalue()
    assert "3/7" in screen.getvalue()
    assert "loss 0.04 [x]" in screen.getvalue()


def test_an_error_ends_the_progress_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    def read() -> None:
        with console.progress("reading", 5) as report:
            report(2)
            raise DataError("broken")

    with pytest.raises(DataError, match="broken"):
        read()
    assert capsys.readouterr().err == ""
