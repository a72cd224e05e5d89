"""Trajectory distillation: a student that jumps where its teacher walks.

A step of DDIM in v turns x_t towards x_s by a fixed angle, whatever the network says (see
``diffusion.ddim_jump``); what the network says decides where it lands. From t to a far s a teacher
lands beside the path that many short steps would take. A student learns the jumps of one chain: to
land where the teacher, in several steps, is on its path *from the same noise*. It starts each jump
from where its own jump before has landed, and so learns to mend what it has missed.

Its jumps are the steps of DPM-Solver++: x̂_0 is carried on along the line from the jump before. So a
student begins as good as that solver is in as few steps, and not as DDIM is.

No data is needed, nothing is random but the first noise, and the student draws nearly the sprite
that its teacher draws from that noise. Source: Zhou et al. 2024, "Simple and fast distillation of
diffusion models" (SFD), algorithm 1 and equation 8.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from spritelab.config import Interval, TrainingSettings
from spritelab.diffusion import (
    Denoiser,
    Head,
    Network,
    Pairs,
    Palettes,
    Schedule,
    carried_on,
    ddim_jump,
    denoiser,
    dpm_steps,
)
from spritelab.diffusion.times import (
    LAMBDA_LIMIT,
    LEAST_LAMBDA,
    half_log_snr,
    nearest_steps,
    pairs_of,
)
from spritelab.training.loop import Update
from spritelab.training.state import TrainingState
from spritelab.training.updating import Clock, Learner, share_done


@dataclass(frozen=True)
class Start:
    """Where chains start.

    Attributes:
        x: at the student's first step, float ``[B,C,H,W]``.
        context: float ``[B,K]``.
        palettes: for a palette head.
        walked: x at the teacher's first step, if that is another.
    """

    x: Tensor
    context: Tensor
    palettes: Palettes | None = None
    walked: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)


Draw = Callable[[int], Start]
"""``draw(round)`` → where the chains of that round start: a function of its number alone."""


@dataclass(frozen=True)
class Distilling:
    """What a student learns of its teacher.

    Attributes:
        teacher: the network that walks.
        head: what both networks' output means.
        times: the K steps that the student visits, descending.
        teacher_steps: steps of the teacher in the place of one of the student's.
        guidance, guide, interval: of the teacher, see ``diffusion.denoiser``; the student has none.
        begin: the teacher's first step, or the student's if that is noisier; None: where the
            teacher's own chains begin, in noise.
    """

    teacher: Network
    head: Head
    times: tuple[int, ...]
    teacher_steps: int = 4
    guidance: float = 1.0
    begin: int | None = None
    guide: Network | None = None
    interval: Interval | None = None

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """The student's jumps (t, s)."""
        return pairs_of(self.times)

    @cached_property
    def ratios(self) -> list[float]:
        """r of every jump, see ``diffusion.carried_on``: 0 in the first and in the last."""
        alpha_bar = self.head.schedule.alpha_bar
        h = [half_log_snr(alpha_bar(s)) - half_log_snr(alpha_bar(t)) for t, s in self.pairs]
        return [0.0, *(before / after for before, after in pairwise(h))]

    @cached_property
    def walked_from(self) -> int:
        """The teacher's first step."""
        begin = self.head.schedule.pairs(1, "logsnr")[0][0] if self.begin is None else self.begin
        return max(self.times[0], begin)

    @cached_property
    def legs(self) -> list[Pairs]:
        """The teacher's steps, for each jump of the student those that lead to the same s."""
        schedule = self.head.schedule
        ends = [(self.walked_from, self.pairs[0][1]), *self.pairs[1:]]
        return [_between(schedule, t, s, self.teacher_steps) for t, s in ends]

    @torch.no_grad()
    def targets(self, start: Start) -> list[Tensor]:
        """x at the end of every jump on the teacher's path: K tensors float ``[B,C,H,W]``.

        DPM-Solver++ walks it, clipped as in drawing; the last is a finished sprite.
        """
        head = self.head.of(start.palettes)
        walker = denoiser(
            *(self.teacher, head, start.context, self.guidance),
            guide=self.guide,
            interval=self.interval,
        )
        walk = [pair for leg in self.legs for pair in leg]
        ends = {s for _, s in self.pairs}
        x = start.x if start.walked is None else start.walked
        steps = dpm_steps(walker, head.schedule, x, pairs=walk)
        return [step.x for step in steps if step.t_prev in ends]

    def jump(
        self,
        network: Network,
        x: Tensor,
        start: Start,
        number: int,
        target: Tensor,
        x0_before: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Let the student make jump ``number``, from 0 to K-1, of the chains of ``start``.

        Args:
            network: the student.
            x: where it jumps from.
            start: of the chains.
            number: of the jump.
            target: where it is to land.
            x0_before: x̂_0 of the jump before; None in the first.

        Returns:
            the mean loss, a scalar; x where the jump lands as it is drawn; and x̂_0. Both without
            gradient.
        """
        head = self.head.of(start.palettes)

        def line(x0_hat: Tensor) -> Tensor:
            before = x0_hat if x0_before is None else x0_before
            return carried_on(x0_hat, before, self.ratios[number])

        t, s = (torch.full((len(x),), at, device=x.device) for at in self.pairs[number])
        output = head.ask(network, x, t, start.context)
        taken = line(head.x0_hat(output, x, t))
        loss = head.jump_loss(output, x, t, target, s, taken).mean()
        with torch.no_grad():
            read = Denoiser(lambda *_: output, head).read(output.detach(), x, t)
            x0_hat = read.x0_hat.to(x.dtype)
            landed = ddim_jump(head.schedule, x, line(x0_hat), t, s)
        return loss, landed, x0_hat


def distill(
    state: TrainingState,
    distilling: Distilling,
    draw: Draw,
    settings: TrainingSettings,
    accelerator: Accelerator,
    clock: Clock = time.perf_counter,
) -> Iterator[Update]:
    """Let the student of ``state`` learn until the run's length is reached.

    A round draws a batch of noises, lets the teacher walk, and makes an update for each of the K
    jumps. It yields after every round, with the mean loss of the jumps; ``state`` is whole then, as
    in ``train``. Without data there are no epochs.

    Raises:
        TrainingError: if a loss is not finite; the state is then of no use any more.
    """
    learner = Learner(state, settings, accelerator)
    start = clock() - state.seconds
    jumps = len(distilling.pairs)
    while state.progress < 1:
        chains = draw(state.step // jumps)
        x, x0_hat, losses = chains.x, None, []
        for number, target in enumerate(distilling.targets(chains)):
            rate = learner.rate()
            loss, x, x0_hat = distilling.jump(learner.model, x, chains, number, target, x0_hat)
            losses.append(learner.update(partial(_add_gradient, loss, accelerator)))
        state.seconds = clock() - start
        state.progress = share_done(state, settings, 1, accelerator)
        mean = sum(losses) / jumps
        yield Update(state.step, 0.0, mean, rate, state.seconds, state.progress, None)


def _add_gradient(loss: Tensor, accelerator: Accelerator) -> Tensor:
    accelerator.backward(loss)
    return loss.detach()


def _between(schedule: Schedule, t: int, s: int, steps: int) -> Pairs:
    """At most ``steps`` pairs from t to s, as even in λ as the schedule has them; s = -1: clean.

    The last of a chain goes from just before t = 0 to clean, as that of the spacing ``logsnr``.
    """
    lambdas = schedule.lambdas.clip(LEAST_LAMBDA, LAMBDA_LIMIT)
    wanted = np.linspace(lambdas[t], lambdas[max(s, 0)], steps + 1)[1:-1]
    inside = [visited for visited in nearest_steps(lambdas, wanted) if s < visited < t]
    return list(zip([t, *inside], [*inside, s], strict=True))
