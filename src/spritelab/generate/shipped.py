"""Where a model is: in a run's folder, in a model folder, or among those that come along."""

from __future__ import annotations

from pathlib import Path

from spritelab.errors import ModelError

SHIPPED = Path(__file__).parent.parent / "shipped"
"""One model folder a model, with its card as ``README.md``."""


def shipped_models() -> tuple[str, ...]:
    """The names of the models that come with spritelab, for ``load_model``."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/model.safetensors")))


def find_model(source: str | Path) -> Path:
    """The model folder of a run's folder, of a model folder, or of a shipped model's name.

    Raises:
        ModelError: if there is none.
    """
    folder = Path(source)
    if not folder.is_dir():
        if str(source) in shipped_models():
            return SHIPPED / str(source)
        raise ModelError(
            f"there is no model at {folder}; give a run's folder, a model folder or one of "
            f"{', '.join(shipped_models())}"
        )
    if (folder / "model" / "config.json").is_file():
        return folder / "model"
    if not (folder / "model.safetensors").is_file():
        raise ModelError(
            f"{folder} holds no model (no model/config.json); "
            "has its training reached its first checkpoint?"
        )
    return folder
