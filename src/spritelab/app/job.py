"""One training that the page asked for, in a process of its own: ``python -m spritelab.app.job``.

It does what ``spritelab train`` does, and writes beside its job what the page shows: how far it is
every second, and how it ended. It needs no server: that may stop and start meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from spritelab.app.names import JOB, LIVE, LOG, OUTCOME, PHASE, PID
from spritelab.errors import SpritelabError
from spritelab.storage import read_json, write_file, write_json

EVERY_SECONDS = 1.0
"""Between two points of the loss curve."""


def main(folder: Path) -> int:
    """Carry out the job in ``folder``; returns 0 if the run is finished or was stopped."""
    write_file(folder / PID, str(os.getpid()))  # the server may not have come to it
    outcome: dict[str, Any] = {"state": "failed", "message": ""}
    try:
        outcome = _carry_out(folder, read_json(folder / JOB))
    except SpritelabError as error:
        outcome["message"] = " ".join(str(error).split())
    except KeyboardInterrupt:
        outcome["state"] = "stopped"
    except Exception as error:
        outcome["message"] = f"{type(error).__name__}: {error} (a fault of spritelab; see {LOG})"
        raise
    finally:
        write_json(folder / OUTCOME, outcome)
    return 1 if outcome["state"] == "failed" else 0


def _carry_out(folder: Path, job: dict[str, Any]) -> dict[str, Any]:
    from spritelab import runs

    out = Path(job["out"])
    write_file(folder / PHASE, "reading")
    resume = runs.record_file(out) is not None
    if resume:
        run = runs.open_run(out, {}, resume=True)
    else:
        run = runs.open_run(out, job["named"], preset=job["preset"], init=job["init"])
    _follow(run, folder)
    if run.interrupted:
        return {"state": "stopped", "message": ""}
    write_file(folder / PHASE, "pictures")
    runs.draw_pictures(out)
    return {"state": "finished", "message": ""}


def _follow(run: Any, folder: Path) -> None:
    """Train, and write down now and then how far it is and the mean loss since the last time."""
    write_file(folder / PHASE, "training")
    losses: list[float] = []
    spoken, before = time.monotonic(), run.step
    _forget_beyond(folder / LIVE, run.step)
    with (folder / LIVE).open("a", encoding="utf-8") as live:
        for update in run.train():
            losses.append(update.loss)
            now = time.monotonic()
            if now - spoken < EVERY_SECONDS and update.progress < 1 and update.step > before + 1:
                continue
            point = {
                "step": update.step,
                "seconds": round(update.seconds, 2),
                "progress": round(update.progress, 5),
                "loss": sum(losses) / len(losses),
            }
            live.write(json.dumps(point) + "\n")
            live.flush()
            losses.clear()
            spoken = now


def _forget_beyond(path: Path, step: int) -> None:
    """Drop the points beyond the checkpoint that a run goes on from: they will come again."""
    with contextlib.suppress(FileNotFoundError):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        write_file(path, "".join(line for line in lines if _step(line) <= step))


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):  # the line that a killed process was writing
        return float("inf")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
