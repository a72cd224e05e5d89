"""The scripts for many machines: shells parse them, and their commands have these options."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from programs import program
from spritelab import cli

SCALING = Path(__file__).parents[1] / "examples" / "scaling"
SHELL = sorted(SCALING.glob("*.sh"))
PAGE = (Path(__file__).parents[1] / "docs" / "scaling.md").read_text("utf-8")
COMMANDS: dict[str, Any] = get_command(cli.commands).commands  # type: ignore[attr-defined]


def test_what_there_is() -> None:
    names = {path.name for path in SCALING.iterdir() if path.is_file()}
    assert names == {
        *("slurm_draw.sh", "slurm_evaluate.sh", "slurm_train.sh"),
        *("kubernetes_draw.yaml", "ray_draw.py"),
    }
    assert all(f"examples/scaling/{name}" in PAGE for name in names)


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.stem)
def test_a_shell_parses_it(path: Path) -> None:
    done = subprocess.run([program("bash"), "-n", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_job_of_kubernetes() -> None:
    yaml = pytest.importorskip("yaml")
    (job,) = yaml.safe_load_all((SCALING / "kubernetes_draw.yaml").read_text("utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    spec = job["spec"]
    assert spec["completionMode"] == "Indexed"  # gives JOB_COMPLETION_INDEX
    (container,) = spec["template"]["spec"]["containers"]
    (command,) = container["args"]
    assert f'--shard "$JOB_COMPLETION_INDEX/{spec["completions"]}"' in command
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in spec["template"]["spec"]["volumes"]}


def test_the_script_of_ray_parses() -> None:
    ast.parse((SCALING / "ray_draw.py").read_text("utf-8"))


def commands(text: str) -> list[list[str]]:
    """The calls of spritelab in a script or a page, as words."""
    joined = text.replace("\\\n", " ")
    names = "sample|merge|evaluate|train|data"
    found = re.findall(rf"(?:-m )?spritelab ((?:{names})\b[^\n#|;`]*)", joined)
    return [shlex.split(one.replace("'", "").replace('"', "")) for one in found]


@pytest.mark.parametrize(
    "path", [*SHELL, SCALING / "kubernetes_draw.yaml"], ids=lambda path: path.name
)
def test_options_are_those_of_the_commands(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".yaml":
        text = " ".join(text.split())
    check(text)


def test_options_on_the_page_are_those_of_the_commands() -> None:
    check(PAGE)


def check(text: str) -> None:
    found = commands(text)
    assert found
    for name, *words in found:
        command = COMMANDS[name]
        if name == "data":
            command, words = command.commands[words[0]], words[1:]
        known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        used = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert used <= known, (name, used - known)
