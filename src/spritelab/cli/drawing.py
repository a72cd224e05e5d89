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


ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A run's folder, a model folder, or a model that comes along: crawl-16.",
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        help="Steps to visit; all for ddpm, 50 for ddim and 10 for dpm if not given.",
        show_default=False,
    ),
]
Eta = Annotated[float, typer.Option(help="η of ddim: 0 adds no noise, 1 as much as ddpm.")]
VarianceChoice = Annotated[Variance, typer.Option(help="Variance of a ddpm step.")]
Guidance = Annotated[float, typer.Option(help="Weight of classifier-free guidance; 1 is without.")]
SamplerChoice = Annotated[Sampler, typer.Option(help="The sampler; dpm is DPM-Solver++(2M).")]
Device = Annotated[
    str | None, typer.Option(help="cpu, cuda, mps …; the best one found if not given.")
]
