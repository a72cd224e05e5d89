"""The runs: those that the page began, one at a time, and those that were there.

All that is known of a run is read from the disk, so that neither the page nor the server has to be
there while it goes on. A job is ``.app/jobs/NAME/``; the run itself is an ordinary run's folder.
"""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spritelab import config
from spritelab.app import locks
from spritelab.app.answers import Refusal, wrong
from spritelab.app.models import Shelf
from spritelab.app.names import (
    JOB,
    LIVE,
    LOCK,
    LOG,
    OUTCOME,
    PHASE,
    PID,
    PLAIN_NAME,
    is_plain_name,
)
from spritelab.app.uploads import Uploads
from spritelab.app.wishes import Wish, settings_of
from spritelab.errors import ModelError, SpritelabError
from spritelab.storage import load_json, parse_json, storing, write_file, write_json


class Trainings:
    """The jobs below ``folder``, and the runs below ``runs``."""

    def __init__(self, runs: Path, folder: Path, uploads: Uploads, shelf: Shelf) -> None:
        self.runs, self.folder, self.uploads, self.shelf = runs, folder, uploads, shelf
        self._children: list[subprocess.Popen[bytes]] = []
        self._turn = threading.Lock()

    # What is asked for

    def ask(self, wish: Wish) -> dict[str, Any]:
        """Put a new run into the queue, and begin it if none is going on.

        Raises:
            Refusal: for what cannot be, beside its field.
        """
        return self.ask_for(wish, self.uploads.path(wish.upload))

    def ask_for(self, wish: Wish, path: Path) -> dict[str, Any]:
        """The same, for sprites at a ``path`` that need be no upload.

        Raises:
            Refusal: for what cannot be, beside its field.
        """
        name = wish.name.strip()
        self._check_free(name)
        job = {
            "format": 1,
            "out": str(self.runs / name),
            "upload": wish.upload or None,
            **settings_of(wish, path),
        }
        if wish.init is not None:
            job["init"] = str(self._parent(wish, job["named"]))
        if wish.upload:
            self.uploads.keep(wish.upload)
        (self.folder / name).mkdir(mode=0o700)
        write_json(self.folder / name / JOB, {**job, "queued": self._last_turn()})
        self.go_on()
        return self.state(name)

    def _parent(self, wish: Wish, named: Mapping[str, Any]) -> Path:
        from spritelab.runs import fine_tuning_settings

        try:
            source = self.shelf.source(wish.init or "")
        except Refusal as refusal:
            raise wrong("init", refusal.message) from None
        try:
            fine_tuning_settings(config.preset("small"), source, named)
        except SpritelabError as error:
            raise wrong("init", " ".join(str(error).split())) from None
        return source

    def _last_turn(self) -> float:
        """A time that is later than that of all who wait, whatever the clock says meanwhile."""
        jobs = self._jobs().values()
        turns = [job["queued"] for job in jobs if job.get("queued") is not None]
        return max([time.time(), *(math.nextafter(turn, math.inf) for turn in turns)])

    def stop(self, name: str) -> dict[str, Any]:
        """Ask a run to save and stop, or take it out of the queue."""
        with self._turn:
            job = self._job(name)
            if locks.is_taken(self.folder / name / LOCK):
                pid = _read(self.folder / name / PID)
                if pid.isdecimal():
                    os.kill(int(pid), signal.SIGTERM)
            elif job.get("queued") is not None:
                write_json(self.folder / name / JOB, {**job, "queued": None})
        return self.state(name)

    def resume(self, name: str) -> dict[str, Any]:
        """Let a run go on from its last checkpoint, when its turn comes."""
        state = self.state(name)
        if state["state"] in ("waiting", "running"):
            raise Refusal(f"{name} is {state['state']} already", status=409)
        if state["state"] == "finished":
            raise Refusal(f"{name} is finished; begin a new run from its model", status=409)
        job = load_json(self.folder / name / JOB)
        if job is None:  # begun in a terminal
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
            job = {"format": 1, "out": str(self.runs / name), "upload": None, "kept": True}
        (self.folder / name / OUTCOME).unlink(missing_ok=True)
        write_json(self.folder / name / JOB, {**job, "queued": self._last_turn()})
        self.go_on()
        return self.state(name)

    def rename(self, name: str, wanted: str) -> dict[str, Any]:
        """Give a run that the page began another name: its folder, its job, and what waits for it.

        Raises:
            Refusal: while it goes on, for a run that was begun elsewhere, and for a name that is
                taken or none.
        """
        wanted = wanted.strip()
        with self._turn:
            job = self._job(name)
            if wanted == name:
                return self.state(name)
            self._check_free(wanted)
            if job.get("kept"):
                raise Refusal(f"{name} was not begun here; rename its folder yourself", status=409)
            if any(locks.is_taken(path) for path in self._locks(name)):
                raise Refusal(f"{name} is running; stop it first", status=409)
            before, after = self.runs / name, self.runs / wanted
            with storing(after):
                if before.exists():
                    before.rename(after)
                try:
                    (self.folder / name).rename(self.folder / wanted)
                except OSError:
                    if after.exists():
                        after.rename(before)
                    raise
            write_json(self.folder / wanted / JOB, {**job, "out": str(after)})
            for other, own in self._jobs().items():
                if own.get("init") == str(before):
                    write_json(self.folder / other / JOB, {**own, "init": str(after)})
        return self.state(wanted)

    def _check_free(self, name: str) -> None:
        """Raise ``Refusal`` unless a run may be called so."""
        if not is_plain_name(name):
            raise wrong("name", f"a name has {PLAIN_NAME}")
        if (self.runs / name).exists() or (self.folder / name).exists():
            raise wrong("name", f"there is a run {name!r} already; choose another name")

    def _locks(self, name: str) -> tuple[Path, Path]:
        """What is held while a run goes on: begun here, and by whoever trains it."""
        return self.folder / name / LOCK, self.runs / name / "run.lock"

    def remove(self, name: str) -> None:
        """Remove a run that the page began, with its upload unless another run needs it.

        Raises:
            Refusal: while it goes on, and for a run that was begun elsewhere.
        """
        with self._turn:
            job = self._job(name)
            if job.get("kept"):
                raise Refusal(f"{name} was not begun here; remove its folder yourself", status=409)
            if locks.is_taken(self.folder / name / LOCK):
                raise Refusal(f"{name} is running; stop it first", status=409)
            shutil.rmtree(self.runs / name, ignore_errors=True)
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if job.get("upload") not in self.used_uploads():
                self.uploads.remove(str(job.get("upload")))

    def used_uploads(self) -> set[str]:
        """The uploads that runs were begun with: to go on they need them."""
        return {str(job.get("upload")) for job in self._jobs().values()}

    # The queue

    def go_on(self) -> None:
        """Begin the run whose turn it is, unless one is going on."""
        with self._turn:
            self._children = [one for one in self._children if one.poll() is None]
            jobs = self._jobs()
            if any(locks.is_taken(self.folder / name / LOCK) for name in jobs):
                return
            if waiting := _in_turn(jobs):
                self._begin(waiting[0], jobs[waiting[0]])

    def _begin(self, name: str, job: dict[str, Any]) -> None:
        folder = self.folder / name
        held = locks.take(folder / LOCK)
        if held is None:
            return
        try:
            write_json(folder / JOB, {**job, "queued": None})
            for left in (PID, OUTCOME, PHASE):
                (folder / left).unlink(missing_ok=True)
            with (folder / LOG).open("ab") as log:
                # The child inherits the lock: it is held for as long as the child lives.
                child = subprocess.Popen(
                    [sys.executable, "-Pm", "spritelab.app.job", str(folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(held,),
                )
            write_file(folder / PID, str(child.pid))
        finally:
            os.close(held)
        self._children.append(child)

    # What is there

    def names(self) -> list[str]:
        """Of all runs, the newest first."""
        from spritelab.runs import record_file

        found = dict.fromkeys(self._jobs())
        for path in self.runs.iterdir() if self.runs.is_dir() else ():
            if is_plain_name(path.name) and path.is_dir() and record_file(path) is not None:
                found[path.name] = None
        return sorted(found, key=self._begun, reverse=True)

    def listed(self) -> list[dict[str, Any]]:
        """The state of every run."""
        return [self.state(name) for name in self.names()]

    def state(self, name: str) -> dict[str, Any]:
        """What there is to say of a run: see ``docs/app.md``.

        Raises:
            Refusal: 404 if there is no such run.
        """
        self._check(name)
        jobs = self._jobs()
        job, folder = jobs.get(name), self.folder / name
        waiting = _in_turn(jobs)
        step, progress, minutes, parent = self._on_disk(name, job)
        outcome = load_json(folder / OUTCOME) or {}
        said = {
            "name": name,
            "step": step,
            "progress": progress,
            "minutes": minutes,
            "init": parent,
            "message": "",
            "mine": job is not None and not job.get("kept"),
            "has_model": (self.runs / name / "model" / "config.json").is_file(),
        }
        if job is not None and locks.is_taken(folder / LOCK):
            now = {key: value for key, value in _last(folder / LIVE).items() if key in said}
            return {**said, **now, "state": "running", "phase": _read(folder / PHASE) or "starting"}
        if name in waiting:
            return {**said, "state": "waiting", "place": waiting.index(name) + 1}
        if job is None and locks.is_taken(self.runs / name / "run.lock"):
            return {**said, "state": "running", "phase": "training"}
        if progress >= 1:
            return {**said, "state": "finished"}
        if outcome.get("state") == "failed":
            return {**said, "state": "failed", "message": outcome["message"]}
        return {**said, "state": "stopped"}

    def _on_disk(
        self, name: str, job: dict[str, Any] | None
    ) -> tuple[int, float, float | None, str | None]:
        """Updates, share done, minutes asked for and parent, as the run's folder has them."""
        from spritelab.runs import last_state, read_record

        try:
            record, last = read_record(self.runs / name), last_state(self.runs / name)
        except ModelError:
            named = (job or {}).get("named") or {}
            init = (job or {}).get("init")
            return 0, 0.0, named.get("training.max_minutes"), Path(init).name if init else None
        minutes = record.settings.training.max_minutes
        parent = record.parent.name if record.parent is not None else None
        if last is None:
            return 0, 0.0, minutes, parent
        return last.step, last.progress, minutes, parent

    def _check(self, name: str) -> None:
        if not is_plain_name(name) or name not in self.names():
            raise Refusal("there is no such run", status=404)

    def _job(self, name: str) -> dict[str, Any]:
        self._check(name)
        job = load_json(self.folder / name / JOB)
        if job is None:
            raise Refusal(f"{name} was begun in a terminal; stop it there", status=409)
        return job

    def _jobs(self) -> dict[str, dict[str, Any]]:
        found = {}
        for path in sorted(self.folder.iterdir()):
            if is_plain_name(path.name) and (job := load_json(path / JOB)) is not None:
                found[path.name] = job
        return found

    def _begun(self, name: str) -> float:
        for path in (self.runs / name / "run.json", self.folder / name / JOB):
            if path.exists():
                return path.stat().st_mtime
        return 0.0

    def live(self, name: str) -> Path:
        """The file with the loss of every second."""
        return self.folder / name / LIVE


def _in_turn(jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of the runs that wait, the next one first."""
    waiting = [(job["queued"], name) for name, job in jobs.items() if job.get("queued") is not None]
    return [name for _, name in sorted(waiting)]


def _last(path: Path) -> dict[str, Any]:
    """The last whole record of a file of JSON lines; none if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 1024))
            lines = file.read().split(b"\n")
        found = parse_json(lines[-2].decode("utf-8")) if len(lines) > 1 else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""
