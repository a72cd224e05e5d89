"""DDPM and DDIM as in the papers: the schedule, the forward process and the samplers."""

from spritelab.diffusion.process import (
    Network,
    Prediction,
    Predictor,
    diffusion_loss,
    eps_from_output,
    eps_from_v,
    eps_from_x0,
    eps_predictor,
    min_snr_weight,
    q_sample,
    training_target,
    v_from,
    x0_from_eps,
    x0_from_v,
)
from spritelab.diffusion.samplers import (
    Generators,
    Step,
    Variance,
    ddim_steps,
    ddpm_steps,
    noise_like,
)
from spritelab.diffusion.schedule import Schedule, Spacing, build_schedule

__all__ = [
    "Schedule",
    "Spacing",
    "build_schedule",
    "q_sample",
    "x0_from_eps",
    "eps_from_x0",
    "v_from",
    "x0_from_v",
    "eps_from_v",
    "Prediction",
    "training_target",
    "eps_from_output",
    "diffusion_loss",
    "min_snr_weight",
    "Network",
    "Predictor",
    "eps_predictor",
    "Step",
    "Variance",
    "Generators",
    "ddpm_steps",
    "ddim_steps",
    "noise_like",
]
