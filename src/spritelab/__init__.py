"""spritelab: learn a set of pixel-art sprites with a denoising diffusion model and draw new ones.

The names below are the public face::

    model = spritelab.train("my-sprites/", "runs/mine", max_minutes=60)
    model = spritelab.load_model("runs/mine")    # or one that comes along: "builtin-16"
    batch = model.sample(20, label="hero")
    spritelab.evaluate(model)
    spritelab.compare(model, out="reports/mine")

What is behind them is in the rooms, such as ``spritelab.diffusion``, which holds the mathematics.
Names and rooms are imported on first use, so that ``import spritelab`` and ``spritelab --help``
stay quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spritelab.devices import let_idle_threads_sleep
from spritelab.errors import (
    DataError,
    DownloadError,
    MissingExtraError,
    ModelError,
    SettingsError,
    SpritelabError,
    StorageError,
    TrainingError,
)

if TYPE_CHECKING:
    from spritelab import (
        config,
        convert,
        data,
        diffusion,
        evaluation,
        generate,
        networks,
        palette,
        pictures,
        pixels,
        progress,
        runs,
        sheets,
        training,
    )
    from spritelab.config import RunSettings, SamplerSettings, preset
    from spritelab.data import SpriteSet
    from spritelab.data import load as load_sprites
    from spritelab.evaluation import Comparison, Evaluation, compare, evaluate
    from spritelab.generate import Model, SpriteBatch, Trace, load_model, shipped_models
    from spritelab.palette import Palette
    from spritelab.progress import SILENT
    from spritelab.runs import distill, train

__version__ = "0.2.0.dev0"

# Here, for it must be done before torch is imported.
let_idle_threads_sleep()

__all__ = [
    "train",
    "distill",
    "load_model",
    "load_sprites",
    "shipped_models",
    "evaluate",
    "compare",
    "preset",
    "Model",
    "SpriteBatch",
    "SpriteSet",
    "Trace",
    "Palette",
    "Evaluation",
    "Comparison",
    "SamplerSettings",
    "RunSettings",
    "SILENT",
    "SpritelabError",
    "SettingsError",
    "DataError",
    "DownloadError",
    "ModelError",
    "StorageError",
    "TrainingError",
    "MissingExtraError",
    "__version__",
]

_HOMES = {
    "train": ("runs", "train"),
    "distill": ("runs", "distill"),
    "load_model": ("generate", "load_model"),
    "load_sprites": ("data", "load"),
    "shipped_models": ("generate", "shipped_models"),
    "evaluate": ("evaluation", "evaluate"),
    "compare": ("evaluation", "compare"),
    "preset": ("config", "preset"),
    "Model": ("generate", "Model"),
    "SpriteBatch": ("generate", "SpriteBatch"),
    "SpriteSet": ("data", "SpriteSet"),
    "Trace": ("generate", "Trace"),
    "Palette": ("palette", "Palette"),
    "Evaluation": ("evaluation", "Evaluation"),
    "Comparison": ("evaluation", "Comparison"),
    "SamplerSettings": ("config", "SamplerSettings"),
    "RunSettings": ("config", "RunSettings"),
    "SILENT": ("progress", "SILENT"),
}

_ROOMS = (
    "config",
    "convert",
    "data",
    "diffusion",
    "evaluation",
    "generate",
    "networks",
    "palette",
    "pictures",
    "pixels",
    "progress",
    "runs",
    "sheets",
    "training",
)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"spritelab.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'spritelab' has no attribute {name!r}")
    room, attribute = _HOMES[name]
    return getattr(import_module(f"spritelab.{room}"), attribute)


def __dir__() -> list[str]:
    return sorted((*__all__, *_ROOMS))
