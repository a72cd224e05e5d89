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


def stand_ins(folder: Path, **scripts: str) -> dict[str, str]:
    """An environment in which these commands are scripts, which write down how they were called."""
    folder.mkdir()
    for name, script in scripts.items():
        path = folder / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >> "$CALLS"\n{script}\n')
        path.chmod(0o755)
    calls = folder / "calls"
    return {"PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), "SLURM_JOB_ID": "5"}


def test_one_task_of_the_drawing_alone(tmp_path: Path) -> None:
    """Run again by itself it draws its own shard; the last one queues the merging, once."""
    out = tmp_path / "out"
    for k in range(63):
        (out / "shards" / str(k)).mkdir(parents=True)
        (out / "shards" / str(k) / "shard.json").touch()
    draws = f"mkdir -p '{out}/shards/63' && touch '{out}/shards/63/shard.json'"
    environment = stand_ins(tmp_path / "bin", spritelab=draws, sbatch="")
    alone = {"SLURM_ARRAY_TASK_ID": "17", "SLURM_ARRAY_TASK_COUNT": "1"}
    words = [program("bash"), str(SCALING / "slurm_draw.sh"), "crawl-16", str(out)]
    for _ in range(2):
        subprocess.run(words, env=environment | alone, check=True)
    calls = Path(environment["CALLS"]).read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["spritelab", "sbatch", "spritelab"]
    assert "--shard 17/64" in calls[0]
    assert f"spritelab merge '{out}/shards' --out '{out}/sprites.npz'" in calls[1]


def test_a_run_whose_time_is_nearly_over_saves_and_queues_itself(tmp_path: Path) -> None:
    saves = "trap 'echo saved >> \"$CALLS\"; exit 1' TERM; echo ready; while :; do sleep 0.1; done"
    environment = stand_ins(
        tmp_path / "bin", scontrol='[ "$1" = requeue ] || echo first', srun=saves
    )
    environment |= {"SLURM_JOB_NODELIST": "a", "SLURM_NNODES": "8", "SLURM_CPUS_PER_TASK": "32"}
    words = [program("bash"), str(SCALING / "slurm_train.sh"), "mine.npz", str(tmp_path / "out")]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "ready\n"
        job.terminate()
        assert job.wait(30) == 0
    calls = Path(environment["CALLS"]).read_text().splitlines()
    assert calls[1].startswith("srun --cpus-per-task=32 torchrun --nnodes 8 --nproc_per_node 8")
    assert "--rdzv_endpoint first:29500 -m spritelab train --data mine.npz" in calls[1]
    assert calls[2:] == ["saved", "scontrol requeue 5"]


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
