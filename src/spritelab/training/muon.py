"""Muon: every update of a hidden layer's weights is orthogonal, so that no direction is neglected.

A gradient of a weight matrix is nearly of low rank: a few directions take almost all of an Adam
step. Muon replaces the momentum M = U·S·Vᵀ by U·Vᵀ, in which all directions move alike. On sprites
it halves the Fréchet distance after two minutes, and takes a fifth off where transparency is learnt
(``docs/recipe.md``).

Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the size of
a step is that of Liu et al. 2025, "Muon is scalable for LLM training", section 2.2. A convolution's
weight ``[out,in,h,w]`` is taken as a matrix ``[out,in·h·w]``, as Jordan et al. do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
"""Of the average of the gradients, in Nesterov's form (Jordan et al. 2024)."""

_ITERATIONS = 5
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic; steep at zero, so that five iterations are enough (Jordan et al. 2024)."""

_STEP = 0.2
"""Root mean square of an update at rate 1: about that of Adam's, so that both share a rate."""


class Muon(torch.optim.AdamW):
    """Muon for ``hidden`` weights, AdamW for ``others``, at one learning rate.

    Args:
        hidden: weights of two or more dimensions, the first of which is the layer's outputs.
        others: all other parameters: the layers at the network's ends, biases, gains, embeddings.
        lr: learning rate; a step's root mean square is ``0.2·lr`` for ``hidden``.
        weight_decay: decoupled, of both.
    """

    def __init__(
        self,
        hidden: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        lr: float,
        weight_decay: float = 0.0,
        fused: bool = False,
    ) -> None:
        groups: list[dict[str, Any]] = [
            {"params": list(hidden), "orthogonal": True},
            {"params": list(others), "orthogonal": False},
        ]
        super().__init__(groups, lr=lr, weight_decay=weight_decay, fused=fused)
        # A fused AdamW undoes the scaling of fp16 gradients by itself; this class does not.
        self._step_supports_amp_scaling = False

    def __setstate__(self, state: dict[str, Any]) -> None:
        # AdamW's own looks for its entries in the state of every parameter, hidden weights too.
        torch.optim.Optimizer.__setstate__(self, state)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Make one update."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        groups = self.param_groups
        for group in groups:
            if group["orthogonal"]:
                for weight in group["params"]:
                    if weight.grad is not None:
                        self._move(weight, weight.grad, group["lr"], group["weight_decay"])
        try:
            self.param_groups = [group for group in groups if not group["orthogonal"]]
            super().step()
        finally:
            self.param_groups = groups
        return loss

    def _move(self, weight: Tensor, gradient: Tensor, rate: float, decay: float) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum: Tensor = state["momentum"]
        momentum.lerp_(gradient, 1 - MOMENTUM)
        direction = torch.lerp(gradient, momentum, MOMENTUM).flatten(1)
        # An orthogonal m×n matrix has min(m, n) singular values of 1, so its entries have the
        # root mean square 1 / √max(m, n).
        length = _STEP * max(direction.shape) ** 0.5
        weight.mul_(1 - rate * decay)
        weight.add_(orthogonalised(direction).view_as(weight), alpha=-rate * length)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Bring the singular values of float ``matrix`` ``[m,n]`` near 1, between about 0.7 and 1.2.

    Five times X ← a·X + b·(XXᵀ)X + c·(XXᵀ)²X, started at X / ‖X‖ (Jordan et al. 2024). Singular
    values below a thousandth of the norm rise, but not all the way; zeros stay.

    Every iteration multiplies X from the left by p(XXᵀ) with p(A) = a + bA + cA². For wide
    matrices it is cheaper to follow A alone, since A ← p(A)·A·p(A), and to multiply X once, at the
    end, by the product of all p(A): a third of the time for 128×2304. Squares of small singular
    values lose digits in float32, so the result is then off by up to 1e-3 of its norm, which is
    nothing beside the noise of a gradient.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return orthogonalised(matrix.T).T.contiguous()
    x: Tensor = matrix / matrix.norm().clamp(min=1e-30)
    if x.shape[1] < 2 * x.shape[0]:
        for _ in range(_ITERATIONS):
            x = _polynomial(x @ x.T) @ x
        return x
    gram = x @ x.T
    factor = _polynomial(gram)
    product = factor
    for _ in range(_ITERATIONS - 1):
        gram = factor @ gram @ factor
        factor = _polynomial(gram)
        product = factor @ product
    out: Tensor = product @ x
    return out


def _polynomial(gram: Tensor) -> Tensor:
    """p(A) = a·I + b·A + c·A²."""
    a, b, c = _COEFFICIENTS
    value = torch.addmm(gram, gram, gram, beta=b, alpha=c)
    value.diagonal().add_(a)
    return value
