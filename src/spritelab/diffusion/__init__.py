"""DDPM, DDIM and DPM-Solver++ as in the papers: schedule, forward process, heads and samplers."""

from spritelab.config import Prediction, Spacing, Variance
from spritelab.diffusion.calibration import Trajectories, best_times, trajectories
from spritelab.diffusion.chains import evaluations, guided_steps, sampler_steps, visited_pairs
from spritelab.diffusion.denoiser import (
    Denoised,
    Denoiser,
    Predictor,
    denoiser,
    from_eps,
    guided_times,
)
from spritelab.diffusion.first_leg import MAX_RANK, Moments, gaussian_leg
from spritelab.diffusion.heads import (
    EpsHead,
    Head,
    Network,
    PaletteHead,
    RegressionHead,
    VHead,
    X0Head,
    build_head,
    palette_channels,
)
from spritelab.diffusion.ideal import ideal_denoiser, with_mirrored
from spritelab.diffusion.inversion import invert_steps
from spritelab.diffusion.noise import Generators, Noise, TurnedNoise, noise_like
from spritelab.diffusion.palettes import FEATURES, Palettes, evidence
from spritelab.diffusion.process import (
    ddim_jump,
    eps_from_v,
    eps_from_x0,
    q_sample,
    v_from,
    x0_from_eps,
    x0_from_v,
)
from spritelab.diffusion.samplers import (
    Constraint,
    Step,
    carried_on,
    ddim_steps,
    ddpm_steps,
    dpm_steps,
)
from spritelab.diffusion.schedule import Schedule, build_schedule
from spritelab.diffusion.times import Pairs

__all__ = [
    "Schedule",
    "build_schedule",
    "q_sample",
    "x0_from_eps",
    "eps_from_x0",
    "v_from",
    "x0_from_v",
    "eps_from_v",
    "ddim_jump",
    "carried_on",
    "Prediction",
    "Head",
    "RegressionHead",
    "EpsHead",
    "X0Head",
    "VHead",
    "PaletteHead",
    "build_head",
    "ideal_denoiser",
    "with_mirrored",
    "Palettes",
    "evidence",
    "FEATURES",
    "palette_channels",
    "Network",
    "Predictor",
    "Denoised",
    "Denoiser",
    "denoiser",
    "from_eps",
    "guided_times",
    "guided_steps",
    "evaluations",
    "Step",
    "Pairs",
    "Moments",
    "Trajectories",
    "trajectories",
    "best_times",
    "MAX_RANK",
    "gaussian_leg",
    "Spacing",
    "Variance",
    "Noise",
    "TurnedNoise",
    "Generators",
    "Constraint",
    "ddpm_steps",
    "ddim_steps",
    "dpm_steps",
    "invert_steps",
    "sampler_steps",
    "visited_pairs",
    "noise_like",
]
