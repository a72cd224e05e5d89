"""Muon against the singular value decomposition, torch's own Muon and AdamW."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from spritelab.training import Muon
from spritelab.training.muon import MOMENTUM, orthogonalised

SHAPES = [(32, 288), (8, 8), (16, 24), (40, 12), (1, 7), (7, 1), (24, 16), (128, 64)]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def quintic(values: Tensor) -> Tensor:
    """Five times the scalar polynomial of Jordan et al., on float64 singular values."""
    x = values / values.square().sum().sqrt()
    for _ in range(5):
        x = 3.4445 * x - 4.7750 * x**3 + 2.0315 * x**5
    return x


def by_decomposition(matrix: Tensor) -> Tensor:
    u, s, vt = torch.linalg.svd(matrix.double(), full_matrices=False)
    out: Tensor = (u * quintic(s)) @ vt
    return out


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_alone_change_and_as_the_polynomial_says(shape: tuple[int, int]) -> None:
    matrix = drawn(*shape)
    expected = by_decomposition(matrix)
    found = orthogonalised(matrix)
    assert found.shape == matrix.shape
    assert float((found - expected).norm() / expected.norm()) < 5e-5


@pytest.mark.parametrize("shape", [(32, 288), (16, 24), (40, 12)])
def test_ill_conditioned_gradients_keep_three_digits(shape: tuple[int, int]) -> None:
    """Singular values over six decades; the squares of the smallest are below float32's digits."""
    rank = min(shape)
    u = torch.linalg.qr(drawn(shape[0], rank).double())[0]
    v = torch.linalg.qr(drawn(shape[1], rank, seed=1).double())[0]
    matrix = ((u * torch.logspace(0, -6, rank, dtype=torch.float64)) @ v.T).float()
    expected = by_decomposition(matrix)
    assert float((orthogonalised(matrix) - expected).norm() / expected.norm()) < 2e-3


@pytest.mark.parametrize("shape", [(32, 288), (16, 24), (40, 12)])
def test_singular_values_end_near_one(shape: tuple[int, int]) -> None:
    values = torch.linalg.svdvals(orthogonalised(drawn(*shape)))
    assert 0.6 < float(values.min()) <= float(values.max()) < 1.25


def test_a_gradient_of_zeros_moves_nothing() -> None:
    for shape in ((4, 32), (4, 4)):
        assert torch.equal(orthogonalised(torch.zeros(shape)), torch.zeros(shape))


def moved(optimiser: torch.optim.Optimizer, gradients: dict[nn.Parameter, list[Tensor]]) -> None:
    for k in range(3):
        for parameter, its in gradients.items():
            parameter.grad = its[k].clone()
        optimiser.step()


def test_two_updates_of_a_convolution_by_hand() -> None:
    weight = nn.Parameter(drawn(6, 4, 3, 3))
    start, first, second = weight.detach().clone(), drawn(6, 4, 3, 3, seed=1), drawn(6, 4, 3, 3)
    optimiser = Muon([weight], [], lr=0.1, weight_decay=0.5)
    for gradient in (first, second):
        weight.grad = gradient.clone()
        optimiser.step()

    momentum = torch.zeros(6, 4, 3, 3, dtype=torch.float64)
    expected = start.double()
    for gradient in (first.double(), second.double()):
        momentum = MOMENTUM * momentum + (1 - MOMENTUM) * gradient
        nesterov = (1 - MOMENTUM) * gradient + MOMENTUM * momentum
        step = by_decomposition(nesterov.reshape(6, 36)).reshape(6, 4, 3, 3)
        expected = expected * (1 - 0.1 * 0.5) - 0.1 * 0.2 * 36**0.5 * step
    torch.testing.assert_close(weight.detach().double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon of its own")
@pytest.mark.parametrize("shape", [(16, 64), (24, 16), (16, 16)])
def test_as_torchs_muon(shape: tuple[int, int]) -> None:
    """torch's works in bfloat16, which holds three digits."""
    ours, theirs = (nn.Parameter(drawn(*shape)) for _ in range(2))
    gradients = [drawn(*shape, seed=k) for k in range(1, 4)]
    moved(Muon([ours], [], lr=0.05, weight_decay=0.1), {ours: gradients})
    other = torch.optim.Muon(
        [theirs], lr=0.05, weight_decay=0.1, adjust_lr_fn="match_rms_adamw", momentum=MOMENTUM
    )
    moved(other, {theirs: gradients})
    change = (theirs - drawn(*shape)).norm()
    assert float(((ours - theirs).norm() / change).detach()) < 0.03


@pytest.mark.parametrize("fused", [False, True])
def test_other_parameters_are_moved_by_adamw(fused: bool) -> None:
    hidden, ours, theirs = nn.Parameter(drawn(4, 8)), *(nn.Parameter(drawn(9)) for _ in range(2))
    gradients = [drawn(9, seed=k) for k in range(1, 4)]
    whole = Muon([hidden], [ours], lr=0.05, weight_decay=0.1, fused=fused)
    moved(whole, {ours: gradients, hidden: [drawn(4, 8, seed=k) for k in range(3)]})
    adam = torch.optim.AdamW([theirs], lr=0.05, weight_decay=0.1, fused=fused)
    moved(adam, {theirs: gradients})
    assert torch.equal(ours, theirs)
    assert [group["orthogonal"] for group in whole.param_groups] == [True, False]


@pytest.mark.parametrize("fused", [False, True])
def test_a_saved_state_goes_on_as_if_nothing_had_happened(fused: bool) -> None:
    def begin() -> tuple[nn.Parameter, nn.Parameter, Muon]:
        hidden, other = nn.Parameter(drawn(4, 8)), nn.Parameter(drawn(9))
        return hidden, other, Muon([hidden], [other], lr=0.05, fused=fused)

    def go_on(hidden: nn.Parameter, other: nn.Parameter, optimiser: Muon) -> None:
        gradients = [drawn(4, 8, seed=k) for k in range(3)]
        moved(optimiser, {hidden: gradients, other: [drawn(9, seed=k) for k in range(3)]})

    hidden, other, optimiser = begin()
    go_on(hidden, other, optimiser)
    copies = begin()
    copies[0].data.copy_(hidden)
    copies[1].data.copy_(other)
    copies[2].load_state_dict(deepcopy(optimiser.state_dict()))
    go_on(hidden, other, optimiser)
    go_on(*copies)
    assert torch.equal(copies[0], hidden)
    assert torch.equal(copies[1], other)


def test_the_rate_of_a_group_is_heeded() -> None:
    """The loop sets it anew for every update."""
    weight = nn.Parameter(drawn(4, 8))
    optimiser = Muon([weight], [], lr=1.0)
    for group in optimiser.param_groups:
        group["lr"] = 0.0
    weight.grad = drawn(4, 8, seed=1)
    optimiser.step()
    assert torch.equal(weight, drawn(4, 8))
