"""Distillation: what a jump is, where the teacher's legs lead, and that a student learns them."""

from __future__ import annotations

import itertools
import math
from copy import deepcopy

import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from spritelab.config import TrainingSettings
from spritelab.diffusion import (
    PaletteHead,
    Palettes,
    Schedule,
    VHead,
    ddim_jump,
    ddim_steps,
    denoiser,
    dpm_steps,
    x0_from_v,
)
from spritelab.networks import UNet
from spritelab.training import Distilling, PowerAverage, Start, TrainingState, distill
from spritelab.training.distilling import Draw

CPU = torch.device("cpu")
T = 100
SCHEDULE = Schedule.cosine(T)
V = VHead(SCHEDULE)
TIMES = (99, 60, 20)


def angle(t: int) -> float:
    """φ_t, with √ᾱ_t = cos φ_t."""
    return math.acos(math.sqrt(SCHEDULE.alpha_bar(t)))


def times(t: int, n: int = 3) -> Tensor:
    return torch.full((n,), t)


def noise(seed: int, n: int = 3, size: int = 16) -> Tensor:
    shape = (n, 4, size, size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def small_unet(seed: int = 0) -> UNet:
    torch.manual_seed(seed)
    network = UNet(4, 16, (32,), 1, (), 3)
    for weight in network.parameters():  # freshly drawn, it returns zeros
        weight.data += 0.05 * torch.randn_like(weight)
    return network.eval()


def start(seed: int = 0, n: int = 3) -> Start:
    return Start(noise(seed, n).float(), torch.eye(3)[torch.arange(n) % 3])


@pytest.mark.parametrize(("t", "s"), [(99, 60), (60, 20), (20, 0), (20, -1), (1, 0)])
def test_a_jump_is_the_rotation_by_v_and_the_step_of_ddim(t: int, s: int) -> None:
    x, v = noise(0), noise(1)
    turn = angle(t) - angle(s)
    rotated = math.cos(turn) * x - math.sin(turn) * v
    jumped = ddim_jump(SCHEDULE, x, x0_from_v(SCHEDULE, x, times(t), v), times(t), times(s))
    walker = denoiser(lambda *_: v, V, clip=False)
    (step,) = ddim_steps(walker, SCHEDULE, x, pairs=[(t, s)])
    assert torch.allclose(jumped, rotated, rtol=0, atol=1e-12)
    assert torch.allclose(step.x, rotated, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("t", "s"), [(99, 60), (60, 20), (20, -1)])
def test_the_loss_is_zero_for_the_v_that_lands_on_the_target(t: int, s: int) -> None:
    x, target = noise(0), noise(1)
    turn = angle(t) - angle(s)
    v = (math.cos(turn) * x - target) / math.sin(turn)
    assert V.jump_loss(v, x, times(t), target, times(s)).max() < 1e-12
    # An error of v is turned into one of x that is sin δ as large.
    off = V.jump_loss(v + 0.1, x, times(t), target, times(s))
    assert torch.allclose(off, torch.full((3,), 0.1 * math.sin(turn), dtype=off.dtype))


def test_the_legs_lead_to_where_the_jumps_lead() -> None:
    task = Distilling(small_unet(), V, (90, 60, 20), teacher_steps=4)
    assert task.pairs == [(90, 60), (60, 20), (20, -1)]
    assert [leg[-1][1] for leg in task.legs] == [60, 20, -1]
    # The teacher begins at its own start, the student with the same noise later.
    assert [leg[0][0] for leg in task.legs] == [SCHEDULE.pairs(1, "logsnr")[0][0], 60, 20]
    assert all(len(leg) == 4 for leg in task.legs)
    walk = [pair for leg in task.legs for pair in leg]
    assert all(one[1] == other[0] for one, other in itertools.pairwise(walk))
    assert all(t > s for t, s in walk)
    # Where the schedule has no more steps, it takes those that are there.
    assert Distilling(small_unet(), V, (99, 2), teacher_steps=9).legs[1] == [
        (2, 1),
        (1, 0),
        (0, -1),
    ]


class Scales(nn.Module):
    """v = w_t·x: all that the flow of centred normal data needs."""

    def __init__(self, w: Tensor) -> None:
        super().__init__()
        self.w = nn.Parameter(w.clone())

    def forward(self, x: Tensor, t: Tensor, context: Tensor | None) -> Tensor:  # noqa: ARG002
        return self.w[t][:, None, None, None] * x


def of_normal_data(deviation: float) -> Tensor:
    """w_t of the best denoiser of data N(0, deviation²)."""
    ab = SCHEDULE.alpha_bars
    a, s = ab.sqrt(), (1 - ab).sqrt()
    gain = a * deviation**2 / (ab * deviation**2 + 1 - ab)  # x̂_0 = gain·x_t
    return ((a - gain) / s).float()


def flow(x: Tensor, t: int, s: int, deviation: float) -> Tensor:
    """Where the flow of normal data leads: the deviation of x_t becomes that of x_s."""
    var = [ab * deviation**2 + 1 - ab for ab in (SCHEDULE.alpha_bar(t), SCHEDULE.alpha_bar(s))]
    return x * math.sqrt(var[1] / var[0])


EVEN = tuple(t for t, _ in SCHEDULE.pairs(5, "logsnr"))
"""Steps of one length in λ, in which x̂_0 is carried on."""


def test_a_student_that_is_its_teacher_has_no_loss_on_its_teachers_steps() -> None:
    """Its jumps are the steps of DPM-Solver++, of second order where that has them."""
    teacher = Scales(of_normal_data(0.2))
    chains = Start(noise(0).float(), torch.zeros(3, 1))

    def losses(task: Distilling) -> list[float]:
        return [loss.item() for loss, _ in task.jumps(teacher, chains, task.targets(chains))]

    task = Distilling(teacher, V, EVEN, teacher_steps=1)
    assert task.ratios[::4] == [0, 0]
    assert all(0.8 < r < 2 for r in task.ratios[1:4])
    assert max(losses(task)) < 1e-6
    assert min(losses(Distilling(teacher, V, EVEN, teacher_steps=4))[2:]) > 1e-3


def test_a_teacher_may_walk_from_elsewhere() -> None:
    """From x at a noisier step than the student's first, to where first legs lead both."""
    teacher = Scales(of_normal_data(0.2))
    x_T = noise(0)
    student, walked = (flow(x_T, 99, t, 0.2).float() for t in (60, 80))
    chains = Start(student, torch.zeros(3, 1), walked=walked)
    task = Distilling(teacher, V, (60, 20), teacher_steps=16, begin=80)
    assert task.legs[0][0][0] == task.walked_from == 80
    ends = [flow(x_T, 99, s, 0.2) for s in (20, -1)]
    for target, exact in zip(task.targets(chains), ends, strict=True):
        assert (target - exact).abs().max() < 0.03 * exact.abs().max()
    assert Distilling(teacher, V, (60, 20), begin=40).walked_from == 60


def test_a_student_learns_the_flow_of_normal_data_in_three_jumps() -> None:
    deviation = 0.2  # clipping at 1 never comes into it
    teacher = Scales(of_normal_data(deviation))
    task = Distilling(teacher, V, TIMES, teacher_steps=12)

    def draw(number: int) -> Start:
        return Start(noise(number, 8, 4).float(), torch.zeros(8, 1))

    chains = draw(10_000)
    ends = [flow(chains.x, TIMES[0], s, deviation) for s in (*TIMES[1:], -1)]
    for target, exact in zip(task.targets(chains), ends, strict=True):
        assert (target - exact).abs().max() < 0.03 * exact.abs().max()

    def worst(network: nn.Module) -> float:
        landed = (x.detach() for _, x in task.jumps(network, chains, ends))
        return max(
            float((x - exact).abs().max() / exact.abs().max())
            for x, exact in zip(landed, ends, strict=True)
        )

    settings = TrainingSettings(steps=150, learning_rate=0.1, warmup=0, decay_from=0.2, ema_width=0)
    state = TrainingState.start(deepcopy(teacher), settings, CPU)
    assert worst(teacher) > 0.3  # three steps of the solver are nowhere near
    updates = list(distill(state, task, draw, settings, Accelerator(cpu=True)))
    assert [update.step for update in updates] == list(range(1, 151))
    assert updates[-1].progress == 1
    assert worst(state.network) < 0.03
    assert torch.equal(teacher.w, of_normal_data(deviation))


def test_updates_are_those_of_a_loop_written_out() -> None:
    teacher = small_unet()
    task = Distilling(teacher, V, EVEN[:3], teacher_steps=2)
    settings = TrainingSettings(
        steps=6, learning_rate=1e-3, warmup=0, decay_from=1, clip_gradient=0.1, ema_width=0.1
    )
    state = TrainingState.start(deepcopy(teacher), settings, CPU)
    draw: Draw = start
    losses = [update.loss for update in distill(state, task, draw, settings, Accelerator(cpu=True))]

    network = deepcopy(teacher).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0)
    average, expected = PowerAverage(network, 0.1), []
    for number in range(6):
        chains, total = start(number), torch.zeros(())
        x, before = chains.x, torch.zeros(())
        targets = task.targets(chains)
        for (t, s), r, target in zip(task.pairs, task.ratios, targets, strict=True):
            v = network(x, times(t), chains.context)
            x0 = x0_from_v(SCHEDULE, x, times(t), v)
            ahead = x0 + (x0 - before) / (2 * r) if r >= 0.5 else x0
            landed = ddim_jump(SCHEDULE, x, ahead, times(t), times(s))
            total = total + (landed - target).abs().mean()
            drawn = x0.clamp(-1, 1)
            ahead = drawn + (drawn - before) / (2 * r) if r >= 0.5 else drawn
            x, before = ddim_jump(SCHEDULE, x, ahead, times(t), times(s)), drawn
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 0.1)
        optimiser.step()
        average.update(network, number + 1)
        expected.append(total.item())
    assert losses == pytest.approx(expected, abs=1e-5)
    for name, value in average.weights.items():
        assert torch.allclose(state.average.weights[name], value, rtol=0, atol=2e-5)


def test_a_guided_teacher_is_followed_by_an_unguided_student() -> None:
    network = small_unet()
    chains = start()
    plain, guided = (
        Distilling(network, V, TIMES, 2, guidance).targets(chains) for guidance in (1.0, 3.0)
    )
    assert not torch.allclose(plain[0], guided[0], atol=1e-3)
    walker = denoiser(network, V, chains.context, 3.0)
    task = Distilling(network, V, TIMES, 2, 3.0)
    walk = [pair for leg in task.legs for pair in leg]
    *_, last = dpm_steps(walker, SCHEDULE, chains.x, pairs=walk)
    assert torch.equal(guided[-1], last.x)


def test_a_teacher_is_followed_as_its_guide_and_its_interval_guide_it() -> None:
    network, guide, chains = small_unet(), small_unet(), start()
    for parameter in guide.parameters():
        parameter.data.mul_(0.9)
    inside = (-1.0, 2.0)
    task = Distilling(network, V, TIMES, 2, 3.0, guide=guide, interval=inside)
    walker = denoiser(network, V, chains.context, 3.0, guide=guide, interval=inside)
    walk = [pair for leg in task.legs for pair in leg]
    *_, last = dpm_steps(walker, SCHEDULE, chains.x, pairs=walk)
    assert torch.equal(task.targets(chains)[-1], last.x)
    assert not torch.allclose(last.x, Distilling(network, V, TIMES, 2).targets(chains)[-1])


def test_a_palette_heads_jumps_end_in_a_choice() -> None:
    """Cross-entropy of the teacher's colours at the clean end, the distance of x before it."""
    colours = torch.tensor([[[-1.0, -1, -1, -1], [1, -1, -1, 1], [-1, 1, -1, 1]]])
    palettes = Palettes(colours, torch.ones(1, 3, dtype=torch.bool))
    head = PaletteHead(SCHEDULE).of(palettes)
    x, index = noise(0, 1), torch.randint(3, (1, 16, 16))
    scores = noise(1, 1)[:, :3]
    target = palettes.draw(index).double()
    chosen = head.probabilities(scores, x, times(20, 1)).gather(1, index[:, None])
    found = head.jump_loss(scores, x, times(20, 1), target, times(-1, 1))
    assert torch.allclose(found, -chosen.log().mean().reshape(1))
    on_way = head.jump_loss(scores, x, times(60, 1), target, times(20, 1))
    landed = ddim_jump(
        SCHEDULE, x, head.x0_hat(scores, x, times(60, 1)), times(60, 1), times(20, 1)
    )
    assert torch.allclose(on_way, (landed - target).abs().mean().reshape(1))
