"""``spritelab train``: from an empty folder to a run, on again, and every mistake in one line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spritelab import runs
from spritelab.cli import main
from spritelab.config import preset
from spritelab.training import DeviceSprites, Losses, Update, checkpoints, loop
from tiny import STEPS, Refused, outcome, save_npz, snapshot, tiny_set

PICTURES = (
    *("loss_curves.png", "samples_ddpm.png", "samples_ddim.png"),
    *("denoising_ddpm.png", "denoising_ddim.png"),
)
SHORT = [
    *("--set", "network.widths=[32, 32]", "--set", "network.attention=[8]"),
    *("--set", "schedule.timesteps=10", "--set", "sampling.steps=5"),
    *("--set", "training.warmup=3"),
    *("--set", "training.validate_every=5", "--set", "training.checkpoint_every=4"),
    *("--batch-size", "8", "--cpu"),
]

pytestmark = pytest.mark.usefixtures("short_validation")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with sprites in a file beside it."""
    folder = tmp_path / "here"
    folder.mkdir()
    save_npz(tiny_set(), tmp_path / "sprites.npz")
    monkeypatch.chdir(folder)
    return folder


def words(*more: str, steps: int = STEPS) -> list[str]:
    return ["train", "--data", "../sprites.npz", "--steps", str(steps), *SHORT, *more]


def test_from_an_empty_folder_to_a_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words("--out", "runs/a")) == 0
    shown = capsys.readouterr()
    folder = here / "runs" / "a"
    assert shown.out.splitlines() == [
        *(f"wrote {Path('runs/a') / name}" for name in PICTURES[:1]),
        *("wrote runs/a/samples_ddpm.png", "wrote runs/a/denoising_ddpm.png"),
        *("wrote runs/a/samples_ddim.png", "wrote runs/a/denoising_ddim.png"),
        "wrote runs/a/model",
    ]
    first, *_ = shown.err.splitlines()
    assert first == "training: 36 sprites, 4 held out, in runs/a"
    assert f"updates: {STEPS}/{STEPS} in " in shown.err
    assert "held-out 0." in shown.err
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            *PICTURES,
            "checkpoints",
            "metrics.jsonl",
            "model",
            "run.json",
            "run.lock",
            "tensorboard",
        ]
    )
    for name in PICTURES:
        with Image.open(folder / name) as picture:
            assert picture.format == "PNG"
            colours = np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)
            assert len(colours) > 20
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 12]
    settings = json.loads((folder / "run.json").read_text())["settings"]
    assert settings["training"]["steps"] == STEPS
    assert settings["data"]["source"] == str(here.parent / "sprites.npz")
    assert list(here.rglob(".*")) == []


def test_stopped_and_resumed_with_no_other_flag(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words("--out", "alone")) == 0
    assert main(words("--out", "a b", "--stop-after", "7")) == 0
    assert "stopped: after 7 updates; go on with: spritelab train --resume --out 'a b'" in (
        capsys.readouterr().err
    )
    assert not (here / "a b" / "samples_ddpm.png").exists()
    assert main(["train", "--resume", "--out", "a b"]) == 0
    repeated, alone = outcome(here / "a b"), outcome(here / "alone")
    assert repeated["model/model.safetensors"] == alone["model/model.safetensors"]
    assert repeated["metrics"] == alone["metrics"]
    for name in ("samples_ddpm.png", "denoising_ddim.png"):
        assert (here / "a b" / name).read_bytes() == (here / "alone" / name).read_bytes()


def test_early_stopping_says_what_is_kept(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = iter([0.5, 0.25, 0.5, 0.5, 0.75])

    def told(_network: object, _head: object, sprites: DeviceSprites) -> Losses:
        return Losses(1.0, 1.0 if len(sprites) == 36 else next(held_out))

    monkeypatch.setattr(loop, "validation_losses", told)
    more = ("--stop-when-memorising", "--set", "training.validate_every=2")
    assert main(words("--out", "a", *more)) == 0
    line = (
        "early stopping: the model kept is that of 4 updates (1 views a sprite), with the least "
        "held-out loss, 0.2500; after 10 it had risen to 0.7500"
    )
    assert line in capsys.readouterr().err.splitlines()
    assert (here / "a" / "loss_curves.png").exists()
    # Asked to go on, it says that it is over.
    assert main(["train", "--resume", "--out", "a", "--cpu"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "finished: this run made all its 10 updates before" in lines
    assert line in lines


@pytest.mark.filterwarnings("default:this run")
@pytest.mark.usefixtures("here")
def test_a_small_set_that_is_shown_too_often_is_warned_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spritelab.training.views.MOST_VIEWS", 2)
    plain = ("--set", "training.recolour=0")  # every view counts
    assert main(words("--out", "a", "--stop-after", "10", *plain)) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    remedies = "may learn them by heart; choose fewer --steps, more sprites, "
    assert warned == [
        f"warning: this run {does} each of its 36 training sprites {times} times, and {remedies}"
        "--set training.recolour=0.8 or --stop-when-memorising"
        for does, times in (("will show", 3), ("has shown", 2))
    ]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_saves_and_says_so_by_its_status(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = runs.log.Log.update

    def interrupt(self: runs.log.Log, update: Update, batch_size: int, kept: int | None) -> None:
        written(self, update, batch_size, kept)
        if update.step == 6:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(runs.log.Log, "update", interrupt)
    assert main(words("--out", "a")) == 130
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1] == (
        "stopped: after 7 updates; go on with: spritelab train --resume --out a"
    )
    assert [step for step, _ in checkpoints(here / "a" / "checkpoints")] == [4, 7]


def test_resuming_a_finished_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words("--out", "a", steps=2)) == 0
    before = snapshot(here)
    assert main(["train", "--resume", "--out", "a"]) == 0
    assert "finished: this run made all its 2 updates before" in capsys.readouterr().err
    after = snapshot(here)
    assert {name: after[name] for name in before if not name.endswith(".png")} == {
        name: content for name, content in before.items() if not name.endswith(".png")
    }
    assert after.keys() == before.keys()


def test_resuming_with_flags(here: Path, refused: Refused) -> None:
    assert main(words("--out", "a", "--stop-after", "3")) == 0
    before = snapshot(here)
    same = ["--steps", str(STEPS), "--batch-size", "8", "--preset", "small", "--seed", "0"]
    for flags, named in (
        (["--steps", "13"], "training.steps is 12 in a and cannot become 13 on the way"),
        (["--epochs", "2"], "training.epochs is None in a and cannot become 2.0"),
        (["--preset", "base"], "preset is small in a and cannot become base"),
        (["--mirror"], "data.mirror is False in a and cannot become True"),
        (["--set", "training.warmup=4"], "training.warmup is 3 in a and cannot become 4"),
        (["--set", "training.warmpu=4"], "training.warmpu: there is no such setting"),
        (["--config", "x.toml"], "--resume takes its settings from the run; leave out --config"),
        (["--data", "nowhere"], "there is nothing at nowhere"),
    ):
        assert named in refused("train", "--resume", "--out", "a", *flags)
        assert snapshot(here) == before
    assert main(["train", "--resume", "--out", "a", "--stop-after", "4", *same]) == 0
    assert [step for step, _ in checkpoints(here / "a" / "checkpoints")] == [3, 4]


def test_from_another_model(
    here: Path, tiny_run: Path, capsys: pytest.CaptureFixture[str], refused: Refused
) -> None:
    """The parent decides the network; it may be gone when the run is resumed."""
    parent = here / "parent"
    shutil.copytree(tiny_run / "model", parent)
    sprites = tiny_set()
    np.savez(here / "mine.npz", images=sprites.images, labels=sprites.labels)
    flags = ["--steps", "4", "--batch-size", "8", "--out", "a", "--cpu"]
    argv = ["train", "--data", "mine.npz", "--init", "parent", *flags]
    assert main([*argv, "--stop-after", "2"]) == 0
    assert "begun from: parent (memory, unknown)" in capsys.readouterr().err.splitlines()
    shutil.rmtree(parent)
    before = snapshot(here)
    line = refused("train", "--resume", "--out", "a", "--init", "parent")
    assert line.startswith("--resume goes on with the weights that the run has; leave out --init")
    assert snapshot(here) == before
    assert main(["train", "--resume", "--out", "a", "--stop-after", "3", "--cpu"]) == 0
    record = json.loads((here / "a" / "run.json").read_text())
    assert record["parent"]["name"] == "parent"
    settings = record["settings"]
    assert settings["network"]["widths"] == [32, 32]
    assert settings["training"]["learning_rate"] == pytest.approx(1e-3)
    model = json.loads((here / "a" / "model" / "config.json").read_text())
    assert model["trained_on"]["parent"] == record["parent"]
    assert model["class_names"] != ["square", "disc", "side-facing"]


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--init", "none"], "there is no model at none; give a run's folder"),
        (["--init", "stranger"], "stranger holds no model"),
        (["--init", "broken"], "config.json"),
        (["--init", "torn"], "model.safetensors"),
        (["--init", "parent", "--channels", "3"], "--channels is 4 in parent and cannot be 3"),
        (
            ["--init", "parent", "--set", "schedule.name=linear"],
            "--set schedule.name is cosine in parent and cannot be linear",
        ),
        (["--init", "parent", "--config", "mine.toml"], "--set schedule.timesteps is 50 in"),
    ],
)
def test_a_parent_that_will_not_do(
    here: Path, tiny_run: Path, refused: Refused, flags: list[str], named: str
) -> None:
    for name in ("parent", "broken", "torn"):
        shutil.copytree(tiny_run / "model", here / name)
    (here / "broken" / "config.json").write_text("{")
    torn = here / "torn" / "model.safetensors"
    torn.write_bytes(torn.read_bytes()[:1000])
    (here / "stranger").mkdir()
    (here / "mine.toml").write_text(preset("small").to_toml())
    before = snapshot(here)
    assert named in refused("train", "--data", "../sprites.npz", "--out", "a", *flags)
    assert snapshot(here) == before
    assert not (here / "a").exists()


MISTAKES: list[tuple[list[str], str]] = [
    (["--steps", "0"], "--steps"),
    (["--steps", "-5"], "--steps"),
    (["--steps", "many"], "--steps"),
    (["--epochs", "0"], "training.epochs"),
    (["--max-minutes", "0"], "training.max_minutes"),
    (["--steps", "5", "--epochs", "1"], "only one of --epochs, --steps and --max-minutes"),
    (["--stop-after", "0"], "--stop-after"),
    (["--batch-size", "0"], "--batch-size"),
    (["--learning-rate", "0"], "training.learning_rate"),
    (["--learning-rate", "nan"], "training.learning_rate"),
    (["--preset", "huge"], "--preset"),
    (["--size", "24"], "data.size"),
    (["--channels", "2"], "data.channels"),
    (["--seed", "-1"], "--seed"),
    (["--set", "training.stepz=3"], "training.stepz: there is no such setting"),
    (["--set", "trainnig.steps=3"], "trainnig.steps: there is no such setting"),
    (["--set", "training.warmup"], "a setting is given as KEY=VALUE"),
    (["--set", "=3"], "a setting is given as KEY=VALUE"),
    (["--set", "network.widths=[33]"], "every width must be a multiple of"),
    (["--config", "none.toml"], "cannot read the settings in none.toml"),
    (["--config", "none.toml", "--preset", "small"], "give --preset or --config, not both"),
    (["--data", "none"], "there is nothing at none"),
    (["--data", "../text.png", "--tile", "16"], "text.png"),
    (["--data", "../truncated.png", "--tile", "16"], "truncated.png"),
    (["--data", "../empty"], "empty"),
    (["--data", "../mixed"], "mixed"),
    (["--data", "../objects.npy"], "objects.npy"),
    (["--data", "../art.npy", "--labels", "../few.npy"], "few.npy"),
    (["--data", "../sprites.npz", "--count", "0"], "--count"),
    (["--data", "../sprites.npz", "--labels", "../few.npy"], "--labels"),
    (["--resume"], "there is no run at a"),
]


@pytest.mark.parametrize(("flags", "named"), MISTAKES, ids=[" ".join(f) for f, _ in MISTAKES])
def test_a_mistake_is_one_line_and_leaves_nothing(
    here: Path, refused: Refused, flags: list[str], named: str
) -> None:
    beside = here.parent
    (beside / "text.png").write_text("not a picture")
    Image.fromarray(np.zeros((64, 64, 3), dtype=np.uint8)).save(beside / "truncated.png")
    (beside / "truncated.png").write_bytes((beside / "truncated.png").read_bytes()[:60])
    (beside / "empty").mkdir()
    (beside / "mixed").mkdir()
    for side in (16, 20):
        art = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(art).save(beside / "mixed" / f"{side}.png")
    np.save(beside / "objects.npy", np.array([{"a": 1}], dtype=object))
    np.save(beside / "art.npy", tiny_set().images)
    np.save(beside / "few.npy", np.array([0, 1]))
    assert named in refused("train", "--out", "a", *flags)
    assert list(here.iterdir()) == []


def test_a_folder_that_exists_is_kept(here: Path, refused: Refused) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("mine")
    (here / "file").write_text("mine")
    before = snapshot(here)
    for name in ("mine", "file"):
        line = refused(*words("--out", name))
        assert line.startswith(
            f"{name} exists already; choose another --out, or go on with the run"
        )
    assert snapshot(here) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written(here: Path, refused: Refused) -> None:
    (here / "closed").mkdir(mode=0o500)
    assert "cannot write closed/a" in refused(*words("--out", "closed/a"))


def test_out_is_needed(refused: Refused) -> None:
    assert "--out" in refused("train", "--data", "builtin")


def test_settings_from_a_file(here: Path) -> None:
    changes = {"training.steps": 3, "schedule.timesteps": 10, "sampling.steps": 5}
    settings = preset("small").override(changes)
    (here / "mine.toml").write_text(settings.to_toml())
    argv = ["train", "--config", "mine.toml", "--data", "../sprites.npz", "--out", "a", "--cpu"]
    assert main([*argv, "--stop-after", "1", "--set", "data.mirror=true"]) == 0
    written = runs.resume_run(here / "a").settings
    assert written == settings.override(
        {"data.source": str(here.parent / "sprites.npz"), "data.mirror": True}
    )


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "spritelab", *argv]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:this run:UserWarning")  # of so many views of so few sprites
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("name", "status"), [("SIGINT", 130), ("SIGTERM", 130), ("SIGKILL", -signal.SIGKILL)]
)
def test_a_signal_from_outside(here: Path, name: str, status: int) -> None:
    """A real process, stopped at a moment of the clock's choice, ends in the same bytes."""
    argv = words("--out", "a", "--set", "training.validate_every=1000", steps=3000)
    process = subprocess.Popen(command(*argv), env=environment(), stderr=subprocess.PIPE, text=True)
    folder = here / "a" / "checkpoints"
    until = time.monotonic() + 120
    while not checkpoints(folder):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    if name != "SIGKILL":
        assert "go on with: spritelab train --resume --out a" in errors
    saved = runs.resume_run(here / "a").step
    assert saved >= 4
    target = str(saved + 3)
    assert main(["train", "--resume", "--out", "a", "--cpu", "--stop-after", target]) == 0
    argv[argv.index("a")] = "alone"
    assert main([*argv, "--stop-after", target]) == 0
    assert runs.resume_run(here / "alone").step == saved + 3
    for path in (f"checkpoints/step-{saved + 3:08d}/state.safetensors", "model/model.safetensors"):
        assert (here / "a" / path).read_bytes() == (here / "alone" / path).read_bytes()


@pytest.mark.slow
def test_two_processes_train_the_same_weights_as_one(here: Path) -> None:
    """Each takes every other row of the batch; sums in another order differ by rounding.

    Adam divides by the size of the gradient, so where that is nearly zero rounding moves a weight
    by up to the learning rate: a low one keeps the bound tight.
    """
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    launch += ["--master_port", str(free_port())]
    flags = ["--set", "training.learning_rate=1e-4"]
    two = subprocess.run(
        [*launch, "-m", "spritelab", *words("--out", "two", *flags)],
        env={**environment(), "ACCELERATE_USE_CPU": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert two.returncode == 0, two.stderr
    assert main(words("--out", "one", *flags)) == 0
    weights = [weights_of(here / name) for name in ("one", "two")]
    assert weights[0].keys() == weights[1].keys()
    apart = max(float((weights[0][name] - weights[1][name]).abs().max()) for name in weights[0])
    assert apart < 1e-5
    assert [record["step"] for record in runs.read_metrics(here / "two")] == [5, 10, 12]
    assert two.stdout.count("wrote ") == 6
    assert two.stderr.count("training: ") == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def weights_of(folder: Path) -> dict[str, Any]:
    import safetensors.torch

    found: dict[str, Any] = safetensors.torch.load_file(folder / "model" / "model.safetensors")
    return found
