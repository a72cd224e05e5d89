"""Both ends of a drawing: whether a model has the parts for it, and the finished pixels."""

from __future__ import annotations

from torch import Tensor, nn

from spritelab import pixels
from spritelab.config import SamplerSettings
from spritelab.diffusion import Moments
from spritelab.errors import ModelError, SettingsError
from spritelab.pixels import Images


def check_parts(how: SamplerSettings, moments: Moments | None, guide: nn.Module | None) -> None:
    """Raise ``SettingsError`` where ``how``, complete, asks for a part that a model has not."""
    if how.first_leg == "gaussian" and moments is None:
        raise SettingsError(
            "this model's folder has no moments of its sprites, by which `first_leg` leads; "
            "`spritelab calibrate` writes them, or leave it out"
        )
    if how.autoguidance != 1 and guide is None:
        raise SettingsError(
            "this model's folder has no guide for `autoguidance`; `spritelab train` keeps one "
            "with `guide` 0.125, or leave it out"
        )


def finish(x: Tensor, palette: bool, trained_hard: bool, hard_alpha: bool | None) -> Images:
    """Turn a sampler's last x, float ``[N,C,H,W]``, into sprites, uint8 ``[N,H,W,C]``.

    Args:
        x: where a chain ended.
        palette: whether it did so in a choice of a palette's colours.
        trained_hard: whether all training sprites had hard edges.
        hard_alpha: as in ``Model.sample``.

    Raises:
        ModelError: if x is not finite.
    """
    if not bool(x.isfinite().all()):
        raise ModelError(
            "what the model drew is no number any more; draw with less `guidance` or another "
            "`sampler`, or take another model"
        )
    images = pixels.decode(x)
    if palette and not hard_alpha:
        return pixels.clear_hidden(images)
    if trained_hard if hard_alpha is None else hard_alpha:
        return pixels.harden_alpha(images)
    return pixels.settle_alpha(images)
