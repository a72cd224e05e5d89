"""The models that can be drawn with: those that come along, and those of the runs."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

from spritelab.app.answers import wrong
from spritelab.app.names import is_plain_name
from spritelab.errors import ModelError
from spritelab.generate import Model, find_model, load_model, read_config, shipped_models
from spritelab.generate.folder import SHIPPED

KEPT = 4
"""Models that stay in memory: the last ones that were drawn with."""


class Shelf:
    """Finds models by name, loads each once, and keeps the last few.

    Args:
        runs: the folder of the runs.
        device: see ``load_model``.
    """

    def __init__(self, runs: Path, device: str | None = None) -> None:
        self.runs, self.device = runs, device
        self._loaded: OrderedDict[tuple[str, int], Model] = OrderedDict()
        self._loading = threading.Lock()

    def names(self) -> list[str]:
        """Of all models that there are: those of the runs first, the newest at the top."""
        found = self.runs.iterdir() if self.runs.is_dir() else ()
        own = [path for path in found if _is_run(path)]
        own.sort(key=_changed, reverse=True)
        return [path.name for path in own] + [
            name for name in shipped_models() if not (self.runs / name).is_dir()
        ]

    def source(self, name: str) -> Path:
        """The folder of the model of this name: a run's, or one that comes along.

        Raises:
            Refusal: if there is none.
        """
        if name in self.names():
            return self.runs / name if _is_run(self.runs / name) else SHIPPED / name
        raise wrong("model", f"there is no model {name!r}; choose one of the list")

    def listed(self) -> list[dict[str, Any]]:
        """What is told of every model. A broken one is left out."""
        found = []
        for name in self.names():
            with suppress(ModelError):
                found.append(self.described(name))
        return found

    def described(self, name: str) -> dict[str, Any]:
        """What is told of a model: what its folder says of it, without its weights.

        Raises:
            Refusal: if there is none.
            ModelError: if it is broken.
        """
        config = read_config(find_model(self.source(name)))
        timesteps = config.schedule.timesteps
        return {
            "name": name,
            "kind": "run" if _is_run(self.runs / name) else "shipped",
            "version": str(_changed(self.runs / name)),
            "size": config.size,
            "channels": config.channels,
            "class_names": list(config.class_names),
            "has_palettes": config.prediction == "palette",
            "timesteps": timesteps,
            "sampling": config.own_sampling.model_dump(mode="json", exclude={"guided_steps"}),
            "distilled": config.distilled is not None,
            "updates": config.step,
            "source": config.trained_on.source,
            "licence": config.trained_on.licence,
            "url": config.trained_on.url,
        }

    def facts(self, name: str) -> dict[str, Any]:
        """All of that, with its schedule and palettes; loads the model.

        ``alpha_bars`` is base64 of little-endian float64 ``[T]``.
        """
        model = self.get(name)
        alpha_bars = model.schedule.alpha_bars.numpy().astype("<f8")
        palettes = model.palettes
        return {
            **self.described(name),
            "alpha_bars": base64.b64encode(alpha_bars.tobytes()).decode("ascii"),
            "palettes": palettes and {"count": len(palettes), "most": palettes.most},
        }

    def get(self, name: str) -> Model:
        """The model of this name, as its folder has it now. May take a moment: call it in a thread.

        Raises:
            Refusal: if there is none.
            ModelError: if it is broken.
        """
        source = self.source(name)
        key = (name, _changed(source))
        with self._loading:
            if key not in self._loaded:
                for old in [one for one in self._loaded if one[0] == name]:
                    del self._loaded[old]
                self._loaded[key] = load_model(source, self.device)
            self._loaded.move_to_end(key)
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
            return self._loaded[key]


def _is_run(folder: Path) -> bool:
    return is_plain_name(folder.name) and (folder / "model" / "config.json").is_file()


def _changed(folder: Path) -> int:
    """When a run's model was written last, in nanoseconds; 0 where there is none."""
    try:
        # It is written last, after the weights.
        return (folder / "model" / "config.json").stat().st_mtime_ns
    except OSError:
        return 0
