"""Trajectory distillation: a student that jumps where its teacher walks.

A step of DDIM in v turns x_t towards x_s by a fixed angle, whatever the network says (see
``diffusion.ddim_jump``); what the network says decides where it lands. From t to a far s a teacher
lands beside the path that many short steps would take. A student learns the jumps of one chain: to
land where the teacher, in several steps, is on its path *from the same noise*. It starts each jump
from where its own jump before has landed, and so learns to mend what it has missed; and the
gradient goes back through all of them, so that a jump learns what those after it need.

Its jumps are the steps of DPM-Solver++: x̂_0 is carried on along the line from the jump before. So a
student begins as good as that solver is in as few steps, and not as DDIM is.

No data is needed, nothing is random but the first noise, and the student draws nearly the sprite
that its teacher draws from that noise. Source: Zhou et al. 2024, "Simple and fast distillation of
diffusion models" (SFD), algorithm 1 and equation 8, but that SFD cuts the gradient between jumps
and makes an update for each; see ``docs/distill.md`` for what that is worth.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from spritelab.config import Interval, TrainingSettings
from spritelab.diffusion import (
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
"""``draw(update)`` → where the chains of that update start: a function of its number alone."""


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

    def jumps(
        self, network: Network, start: Start, targets: Sequence[Tensor]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Let the student make its jumps, each from where the one before has landed.

        Args:
            network: the student.
            start: of the chains.
            targets: where they are to land.

        Yields:
            for every jump its mean loss, a scalar, and x where it lands, float ``[B,C,H,W]``; both
            with their gradient through all jumps before.
        """
        head, x = self.head.of(start.palettes), start.x
        before = x  # anything: nothing is carried on into the first
        for (at, to), ratio, target in zip(self.pairs, self.ratios, targets, strict=True):
            t, s = (torch.full((len(x),), step, device=x.device) for step in (at, to))
            output = head.ask(network, x, t, start.context)
            x0_hat = head.x0_hat(output, x, t)
            # It is drawn with x̂_0 clipped; what lies beyond that has a loss, and a gradient.
            clipped = x0_hat.clamp(-1, 1)
            taken = carried_on(x0_hat, before, ratio)
            loss = head.jump_loss(output, x, t, target, s, taken).mean()
            x = ddim_jump(head.schedule, x, carried_on(clipped, before, ratio), t, s)
            before = clipped
            yield loss, x


def distill(
    state: TrainingState,
    distilling: Distilling,
    draw: Draw,
    settings: TrainingSettings,
    accelerator: Accelerator,
    clock: Clock = time.perf_counter,
) -> Iterator[Update]:
    """Let the student of ``state`` learn until the run's length is reached.

    An update draws a batch of noises, lets the teacher walk, lets the student jump, and goes down
    the sum of the losses of all jumps. It yields after every update, with that sum; ``state`` is
    whole then, as in ``train``. Without data there are no epochs.

    Raises:
        TrainingError: if a loss is not finite; the state is then of no use any more.
    """
    learner = Learner(state, settings, accelerator)
    start = clock() - state.seconds
    while state.progress < 1:
        chains = draw(state.step)
        rate = learner.rate()
        loss = learner.update(
            partial(_add_gradient, distilling, learner.model, chains, accelerator)
        )
        state.seconds = clock() - start
        state.progress = share_done(state, settings, 1, accelerator)
        yield Update(state.step, 0.0, loss, rate, state.seconds, state.progress, None)


def _add_gradient(
    distilling: Distilling, student: Network, chains: Start, accelerator: Accelerator
) -> Tensor:
    jumps = distilling.jumps(student, chains, distilling.targets(chains))
    total = torch.stack([loss for loss, _ in jumps]).sum()
    accelerator.backward(total)
    return total.detach()


def _between(schedule: Schedule, t: int, s: int, steps: int) -> Pairs:
    """At most ``steps`` pairs from t to s, as even in λ as the schedule has them; s = -1: clean.

    The last of a chain goes from just before t = 0 to clean, as that of the spacing ``logsnr``.
    """
    lambdas = schedule.lambdas.clip(LEAST_LAMBDA, LAMBDA_LIMIT)
    wanted = np.linspace(lambdas[t], lambdas[max(s, 0)], steps + 1)[1:-1]
    inside = [visited for visited in nearest_steps(lambdas, wanted) if s < visited < t]
    return list(zip([t, *inside], [*inside, s], strict=True))
