"""What ``sample``, ``evaluate`` and ``compare`` share: which model draws, and how."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Sampler(StrEnum):
    """How noise becomes a sprite."""

    ddpm = "ddpm"
    ddim = "ddim"
    dpm = "dpm"


class Variance(StrEnum):
    """The variance of a DDPM step."""

    posterior = "posterior"
    beta = "beta"


Steps = Annotated[
    int | None,
    typer.Option(
        help="Steps to visit; all for ddpm, 50 for ddim and 10 for dpm if not given.",
        show_default=False,
    ),
]
