"""Students: models that were distilled to make the steps of one chain, and can make no others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spritelab.config import SamplerSettings
from spritelab.config.sampler import GUIDANCE
from spritelab.diffusion import Constraint, Pairs, Schedule, visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.model_config import ModelConfig
from spritelab.pixels import Images

OWN = (
    *("sampler", "steps", "times", "start", "first_leg", "spacing", "eta", "variance"),
    *GUIDANCE,
)
"""Settings of a student that are what it was distilled for."""


def check_student(config: ModelConfig, how: SamplerSettings) -> None:
    """Let a student draw as it was distilled to, and in no other way; other models as they like.

    Args:
        config: of the model.
        how: complete settings.

    Raises:
        SettingsError: for another sampler, other steps or guidance.
    """
    own = config.sampling.complete(config.schedule.timesteps)
    if config.distilled is not None and any(getattr(own, k) != getattr(how, k) for k in OWN):
        raise SettingsError(
            f"this model was distilled to draw by {own.name}, and draws by nothing else, such as "
            f"{how.name}; leave out the sampler and its settings, or draw with its teacher"
            f"{_teacher(config)}"
        )


def check_jumps(
    config: ModelConfig,
    how: SamplerSettings,
    schedule: Schedule,
    pairs: Pairs | None,
    constrain: Constraint | None,
) -> None:
    """Let a student make its whole chain, from noise to the end; it knows nothing of other x.

    Args:
        config: of the model.
        how: complete settings.
        schedule: of the model.
        pairs, constrain: of the chain, see ``diffusion.samplers``.

    Raises:
        SettingsError: for a student that is entered elsewhere, or given other x on its way.
    """
    whole = pairs is None or list(pairs) == visited_pairs(how, schedule)
    if config.distilled is not None and not (whole and constrain is None):
        raise SettingsError(
            "this model was distilled to draw from noise alone, in steps that cannot be entered "
            f"or held to known pixels; take its teacher{_teacher(config)}"
        )


def agreement(drawn: Images, others: Images | Sequence[Images]) -> tuple[float, float]:
    """How alike two sets of sprites are, one by one; uint8 ``[N,H,W,C]`` both.

    Returns:
        the share of equal pixels, in [0, 1], and the mean absolute difference of all values, in
        levels of 255.
    """
    apart = np.abs(np.asarray(drawn, dtype=np.int16) - np.asarray(others, dtype=np.int16))
    return float((apart == 0).all(axis=-1).mean()), float(apart.mean())


def _teacher(config: ModelConfig) -> str:
    parent = config.trained_on.parent
    return f", {parent.name}" if parent is not None else ""
