"""What an agent may do, without the protocol: a call checks, works, and returns what it shows."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spritelab import pictures
from spritelab.app import uploads
from spritelab.app.answers import Refusal, check_form
from spritelab.app.drawing import MOST, Drawing, prepare
from spritelab.app.server import Served
from spritelab.app.watching import latest_grid, small_grid
from spritelab.app.wishes import Wish
from spritelab.errors import SettingsError, SpritelabError
from spritelab.generate import SpriteBatch
from spritelab.palette import Palette
from spritelab.pixels import Images

RUNS = "runs"
"""The folder of the runs, in the one that the agent works in."""

SIDE = 64
"""Pixels that a sprite is shown at least, each of its own enlarged by a whole factor."""

COLUMNS = 8
"""Sprites in a row of a picture."""


class Mistake(Exception):  # noqa: N818 (it is an answer)
    """Something that cannot be done, in one line for the agent."""


@dataclass(frozen=True)
class Shown:
    """What a call shows: facts, and perhaps a PNG."""

    facts: Any
    png: bytes | None = None


@dataclass(frozen=True)
class Desk:
    """The folder that an agent works in, and the models and trainings in it.

    Attributes:
        folder: files are read and written here and below; nowhere else.
        served: the models and the queue of trainings, of ``folder / "runs"``.
    """

    folder: Path
    served: Served

    @classmethod
    def at(cls, folder: Path, device: str | None = None) -> Desk:
        """Open ``folder``, which must exist.

        Raises:
            SettingsError: if it is no folder.
            StorageError: if it cannot be written.
        """
        folder = folder.resolve()
        if not folder.is_dir():
            raise SettingsError(f"{folder} is no folder; make it, or choose another `folder`")
        return cls(folder, Served.below(folder / RUNS, device))

    def list_models(self) -> Shown:
        """The models that there are, without their weights."""
        keys = ("name", "kind", "size", "channels", "class_names", "has_palettes", "timesteps")
        more = ("sampling", "updates", "source", "licence")
        return Shown([{k: one[k] for k in (*keys, *more)} for one in self.served.shelf.listed()])

    def draw(self, wanted: Mapping[str, Any]) -> Shown:
        """Draw sprites; ``wanted`` is a ``Drawing``."""
        with told():
            batch = self._drawn(wanted)
        return Shown(described(batch), picture(batch.images))

    def vary(self, wanted: Mapping[str, Any], number: int, n: int, amount: float) -> Shown:
        """Draw ``n`` sprites around one."""
        with told():
            if not 1 <= n <= MOST:
                raise Mistake(f"n must lie in 1 … {MOST}, not {n}")
            form = check_form({**wanted, "numbers": [number]}, Drawing)
            model, how, _ = prepare(form, self.served.shelf)
            batch = model.vary(n, how, amount=amount, number=number, **_how(form))
        facts = described(batch)
        variations = {"of": facts.pop("sprites")[0], "amount": amount, "variations": n}
        return Shown({**facts, **variations}, picture(batch.images))

    def sheet(
        self, wanted: Mapping[str, Any], file: str, format: str | None, **layout: Any
    ) -> Shown:
        """Draw sprites and write them as one sheet below the folder."""
        path = self.inside(file)
        with told(path="file"):
            batch = self._drawn(wanted)
            written = batch.save_sheet(path, format, **layout)  # type: ignore[arg-type]
        facts = {"files": [str(one.relative_to(self.folder)) for one in written]}
        return Shown({**facts, **described(batch)}, picture(batch.images))

    def inspect(self, source: str, reading: Mapping[str, Any]) -> Shown:
        """What is in a set of sprites below the folder."""
        with told():
            look = check_form({**reading}, uploads.Look)
            found = uploads.inspect(self.inside(source, there=True), look)
        png = base64.b64decode(found.pop("contact_sheet").partition(",")[2])
        return Shown(found, png)

    def train(self, source: str, wanted: Mapping[str, Any]) -> Shown:
        """Put a training of sprites below the folder into the queue."""
        path = self.inside(source, there=True)
        with told():
            wish = check_form({**wanted, "upload": ""}, Wish)
            return Shown(self.served.trainings.ask_for(wish, path))

    def trainings(self, name: str | None) -> Shown:
        """How all trainings are; or how one is, with its newest samples."""
        with told():
            if name is None:
                return Shown(self.served.trainings.listed())
            state = self.served.trainings.state(name)
            run = self.served.runs / name
            newest = latest_grid(run)
            png = None if newest is None else small_grid(run, newest)
        return Shown(state if newest is None else {**state, "samples_of_update": newest}, png)

    def stop(self, name: str) -> Shown:
        """Ask a training to save and stop."""
        with told():
            return Shown(self.served.trainings.stop(name))

    def resume(self, name: str) -> Shown:
        """Let a training go on from where it was stopped."""
        with told():
            return Shown(self.served.trainings.resume(name))

    def inside(self, name: str, there: bool = False) -> Path:
        """A path below the folder, links followed.

        Raises:
            Mistake: for one that leads out of it or into what is kept for the program, or that is
                missing and should be ``there``.
        """
        try:
            path = (self.folder / name).resolve()
            inner = path.relative_to(self.folder).parts
            found = path.exists()
        except (OSError, ValueError):
            raise self._outside(name) from None
        if any(part.startswith(".") for part in inner) or (not inner and not there):
            raise self._outside(name)
        if there and not found:
            raise Mistake(f"there is nothing at {name!r} below {self.folder}")
        return path

    def _outside(self, name: str) -> Mistake:
        return Mistake(f"{name!r} is no file that may be used; name files below {self.folder}")

    def _drawn(self, wanted: Mapping[str, Any]) -> SpriteBatch:
        form = check_form({**wanted}, Drawing)
        model, how, request = prepare(form, self.served.shelf)
        numbers = request.noise.numbers.tolist()
        return model.sample(len(numbers), how, numbers=numbers, **_how(form))


def _how(form: Drawing) -> dict[str, Any]:
    """What else a form says of sprites, as ``Model.sample`` takes it."""
    palette = None if form.palette is None else Palette.from_hex(form.palette)
    return {
        "seed": form.seed,
        "label": form.label,
        "palette": palette,
        "hard_alpha": form.hard_alpha,
    }


def described(batch: SpriteBatch) -> dict[str, Any]:
    """What a batch is, sprite by sprite, in the order of its picture."""
    numbers, seeds = batch.numbers.tolist(), batch.seeds.tolist()
    sprites = [
        {"number": number, "seed": seed, "label": label}
        for number, seed, label in zip(numbers, seeds, batch.asked, strict=True)
    ]
    return {"model": batch.model, "how": batch.how.name, "sprites": sprites}


def picture(images: Images) -> bytes:
    """All sprites in a grid, row by row, enlarged by a whole factor, on a checkerboard: a PNG."""
    scale = max(1, -(-SIDE // images.shape[2]))
    columns = min(len(images), COLUMNS)
    return pictures.encode_png(
        pictures.grid(images, columns, scale, scale, background="checker"), about_sprites=True
    )


@contextmanager
def told(**renamed: str) -> Iterator[None]:
    """Turn what the library and the page refuse into one line for the agent.

    Args:
        renamed: what a tool calls a parameter of the library, by the library's name.

    Raises:
        Mistake: with it.
    """
    try:
        yield
    except Refusal as refusal:
        beside = [f"{key}: {line}" for key, line in refusal.errors.items()]
        said = [line for line in beside if refusal.message not in line]
        raise Mistake("; ".join([refusal.message, *said])) from None
    except SpritelabError as error:
        # A message names parameters in backticks, as the tools do.
        message = " ".join(str(error).split())
        for name, called in renamed.items():
            message = message.replace(f"`{name}`", f"`{called}`")
        raise Mistake(message) from None
