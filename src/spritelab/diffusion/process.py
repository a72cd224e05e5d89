"""The forward process, and the identities between x_t, x_0, ε and v.

With a = √ᾱ_t and s = √(1-ᾱ_t), so that a² + s² = 1:

| quantity | definition        | source                           |
|----------|-------------------|----------------------------------|
| x_t      | a·x_0 + s·ε       | Ho et al. 2020, equation 4       |
| v        | a·ε - s·x_0       | Salimans and Ho 2022, appendix D |
| x_0      | (x_t - s·ε) / a   | = a·x_t - s·v                    |
| ε        | (x_t - a·x_0) / s | = s·x_t + a·v                    |
| x_s      | a_s·x_0 + s_s·ε   | Song et al. 2020, equation 12    |

Everywhere: ``x0``, ``x_t``, ``eps``, ``v`` are float ``[B,C,H,W]``, ``t`` is int64 ``[B]``.
Noise is always an argument and never drawn here.
"""

from __future__ import annotations

from torch import Tensor

from spritelab.diffusion.schedule import Schedule


def q_sample(schedule: Schedule, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """Draw x_t from q(x_t | x_0) with the noise ``eps``: a·x_0 + s·ε (t = -1 returns x_0)."""
    a, s = schedule.signal_and_noise(t, x0)
    return a * x0 + s * eps


def x0_from_eps(schedule: Schedule, x_t: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """x_0 = (x_t - s·ε) / a."""
    a, s = schedule.signal_and_noise(t, x_t)
    return (x_t - s * eps) / a


def eps_from_x0(schedule: Schedule, x_t: Tensor, t: Tensor, x0: Tensor) -> Tensor:
    """ε = (x_t - a·x_0) / s; t must be at least 0."""
    a, s = schedule.signal_and_noise(t, x_t)
    return (x_t - a * x0) / s


def v_from(schedule: Schedule, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
    """v = a·ε - s·x_0."""
    a, s = schedule.signal_and_noise(t, x0)
    return a * eps - s * x0


def x0_from_v(schedule: Schedule, x_t: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """x_0 = a·x_t - s·v."""
    a, s = schedule.signal_and_noise(t, x_t)
    return a * x_t - s * v


def eps_from_v(schedule: Schedule, x_t: Tensor, t: Tensor, v: Tensor) -> Tensor:
    """ε = s·x_t + a·v."""
    a, s = schedule.signal_and_noise(t, x_t)
    return s * x_t + a * v


def ddim_jump(schedule: Schedule, x_t: Tensor, x0: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """x_s = a_s·x_0 + s_s·ε with the ε that x_t and x_0 imply: a step of DDIM with η = 0 to step s.

    With a = cos φ and s = sin φ it turns x_t by δ = φ_t - φ_s: x_s = cos δ·x_t - sin δ·v (Salimans
    and Ho 2022, appendix D). ``s`` is int64 ``[B]``; -1 returns x_0.
    """
    a_s, s_s = schedule.signal_and_noise(s, x_t)
    return a_s * x0 + s_s * eps_from_x0(schedule, x_t, t, x0)
