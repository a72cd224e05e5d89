"""From the noise to the first step that is visited, without the network.

Where there is far more noise than signal, the flow that draws sprites is that of a normal
distribution with their mean and covariance, whatever they are (Wang and Vastola 2024, "The
unreasonable effectiveness of Gaussian score approximation"), and that one is known in closed form.
With mean μ, and covariance Σ_k l_k·u_k·u_kᵀ with orthonormal u_k, DDIM with η = 0 and infinitely
many steps leads from x_T to

    x_t = √ᾱ_t·μ + Σ_k √((ᾱ_t·l_k + 1-ᾱ_t) / (ᾱ_T·l_k + 1-ᾱ_T))·⟨u_k, x_T - √ᾱ_T·μ⟩·u_k

A sprite's class moves μ, and so does its palette, if that is known: where it is opaque, by as much
as its colours are, on average, other than is usual for its class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from spritelab.diffusion.denoiser import as_float64
from spritelab.diffusion.palettes import Palettes
from spritelab.diffusion.schedule import Schedule
from spritelab.errors import ModelError

RANK = 16
"""Directions whose variance is kept; all others share theirs. 64 end nowhere else."""

MAX_RANK = 256
"""Directions that are read at most."""

_ITERATIONS = 6
"""Of subspace iteration."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and covariance of a model's training sprites, as model values.

    The covariance is that around the mean of a sprite's class (and palette), one for all classes:
    where the first leg is of use, one for each class ends nowhere else.

    Attributes:
        mean: of all sprites, float ``[C,H,W]``.
        shifts: how far the mean of each class is from it, float ``[K,C,H,W]``. That of a class with
            few sprites is drawn towards 0.
        colours: of all sprites and then of each class, what the colours of a palette are on
            average, ``Palettes.mean_colour``, float ``[K+1,3]``; 0 where palettes are not known.
        vectors: u_k, orthonormal, float ``[R,C,H,W]``.
        variances: l_k, float ``[R]``, falling.
        rest: the variance in every direction that is perpendicular to them, float ``[]``.
    """

    mean: Tensor
    shifts: Tensor
    colours: Tensor
    vectors: Tensor
    variances: Tensor
    rest: Tensor

    @classmethod
    def of(
        cls,
        x0: Tensor,
        labels: Tensor,
        classes: int,
        palettes: Palettes | None = None,
        rank: int = RANK,
    ) -> Self:
        """Those of sprites x_0.

        Args:
            x0: float ``[N,C,H,W]``.
            labels: int64 ``[N]``.
            classes: K.
            palettes: of the sprites, for a model that is told them.
            rank: R, if there are as many sprites and values.
        """
        x0 = as_float64(x0)
        mean, shifts = _means(x0.flatten(1), labels, classes)
        shape = x0.shape[1:]
        colours = torch.zeros(classes + 1, 3).to(x0)
        if palettes is not None:
            usual, moved = _means(palettes.to(x0).mean_colour, labels, classes)
            colours = torch.cat([usual[None], usual + moved])
        one = torch.zeros(0).to(x0)
        found = cls(mean.reshape(shape), shifts.reshape(-1, *shape), colours, one, one, one)
        context = torch.nn.functional.one_hot(labels, classes).to(x0)
        around = (x0 - found.mean_of(context, palettes)).flatten(1)
        variances, vectors = _principal(around, min(rank, around.shape[1] - 1))
        left = around.square().sum() / len(around) - variances.sum()
        return replace(
            found,
            vectors=vectors.reshape(-1, *shape),
            variances=variances,
            rest=left.clamp(min=0) / (around.shape[1] - len(variances)),
        )

    @classmethod
    def from_tensors(
        cls, tensors: Mapping[str, Tensor], shape: tuple[int, int, int], classes: int
    ) -> Self:
        """Read what ``tensors`` wrote, for sprites of ``shape`` (C,H,W) and K ``classes``.

        Raises:
            ModelError: if they are no such tensors.
        """
        names = [field.name for field in fields(cls)]
        if missing := [name for name in names if name not in tensors]:
            raise ModelError(f"the moments have no {missing[0]}; copy the model again")
        found = cls(**{name: tensors[name].double() for name in names})
        ranks = tuple(found.variances.shape)
        if ranks and ranks[0] > MAX_RANK:
            raise ModelError("the moments do not fit the model; copy it again")
        wanted = {"mean": shape, "shifts": (classes, *shape), "colours": (classes + 1, 3)}
        wanted |= {"vectors": (*ranks, *shape), "variances": ranks[:1], "rest": ()}
        fits = all(tuple(tensors[name].shape) == wanted[name] for name in names)
        # Comparisons with nan are false: what passes is finite.
        largest = (found.mean, found.shifts, found.colours, found.vectors)
        bounded = fits and all(bool((value.abs() <= 2).all()) for value in largest)
        least = fits and all(bool((v >= 0).all()) for v in (found.variances, found.rest))
        if not (bounded and least and bool(found.variances.isfinite().all())):
            raise ModelError("the moments do not fit the model; copy it again")
        return found

    def tensors(self) -> dict[str, Tensor]:
        """What is stored of them: in half precision, but for the few that are no larger for it."""
        halved = ("mean", "shifts", "vectors")
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.half() if name in halved else value.float()
            for name, value in values.items()
        }

    def to(self, like: Tensor) -> Self:
        """The same on the device of ``like``, as accurate as a sampler computes there."""
        target = as_float64(like)
        return type(self)(*(getattr(self, field.name).to(target) for field in fields(self)))

    def mean_of(
        self, context: Tensor, palettes: Palettes | None = None, guidance: float = 1.0
    ) -> Tensor:
        """μ of sprites, float ``[B,C,H,W]``.

        Args:
            context: of their classes, float ``[B,K]``. No class has the mean of all, a mix that of
                the classes in it.
            palettes: of the sprites, if they are known.
            guidance: moves μ as it moves x̂_0: μ = μ(∅) + w·(μ(c) - μ(∅)).
        """
        context = guidance * context.to(self.mean)
        mean = self.mean + torch.einsum("bk,kchw->bchw", context, self.shifts)
        if palettes is None:
            return mean
        usual = self.colours[0] + context @ (self.colours[1:] - self.colours[0])
        other = (palettes.to(mean).mean_colour - usual)[:, :, None, None]
        opacity = (mean[:, 3:] + 1) / 2 if mean.shape[1] == 4 else torch.ones_like(mean[:, :1])
        return torch.cat([mean[:, :3] + opacity * other, mean[:, 3:]], dim=1)


def gaussian_leg(moments: Moments, schedule: Schedule, x_T: Tensor, mean: Tensor, t: int) -> Tensor:
    """x_t of the flow of a normal distribution from x_T, at T-1; see the module's head.

    Args:
        moments: whose covariance it has.
        schedule: of the noise.
        x_T: float ``[B,C,H,W]``.
        mean: μ of each sprite, float ``[B,C,H,W]``, see ``Moments.mean_of``.
        t: where it ends.
    """
    moments, mean = moments.to(x_T), mean.to(as_float64(x_T))
    ab_T, ab_t = schedule.alpha_bar(schedule.timesteps - 1), schedule.alpha_bar(t)

    def growth(variances: Tensor) -> Tensor:
        return ((ab_t * variances + 1 - ab_t) / (ab_T * variances + 1 - ab_T)).sqrt()

    around = as_float64(x_T) - math.sqrt(ab_T) * mean
    along = torch.einsum("bchw,rchw->br", around, moments.vectors)
    apart = along * (growth(moments.variances) - growth(moments.rest))
    moved = growth(moments.rest) * around + torch.einsum("br,rchw->bchw", apart, moments.vectors)
    return (math.sqrt(ab_t) * mean + moved).to(x_T.dtype)


def _means(values: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """The mean of ``values``, ``[N,D]``, and how far that of each class is from it, ``[K,D]``.

    The mean of a class of n lies n/(n + κ) of the way from the mean of all to its own, κ being the
    variance within classes over that between them (the empirical Bayes of normal means, Efron and
    Morris 1975): a class of one sprite does not give that sprite away.
    """
    mean = values.mean(dim=0)
    counts = torch.bincount(labels, minlength=classes).to(values)
    sums = torch.zeros(classes, values.shape[1]).to(values).index_add_(0, labels, values)
    shifts = (sums - counts[:, None] * mean) / counts.clamp(min=1)[:, None]
    between = (counts[:, None] * shifts.square()).sum()
    within = (values - mean - shifts[labels]).square().sum()
    if between > 0:
        shifts = shifts * (counts / (counts + within / between))[:, None]
    return mean, shifts


def _principal(around: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The largest variances, ``[R]``, and their directions, ``[R,D]``, of deviations ``[N,D]``.

    By subspace iteration from a fixed start (Halko et al. 2011, algorithm 4.4), so that neither N²
    nor D² numbers are ever there.
    """
    n, dimensions = around.shape
    rank = min(rank, n)
    wide = min(2 * rank, n, dimensions)
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(dimensions, wide, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(start.to(around)).Q
    for _ in range(_ITERATIONS):
        basis = torch.linalg.qr(around.T @ (around @ basis)).Q
    _, singular, inner = torch.linalg.svd(around @ basis, full_matrices=False)
    return singular[:rank].square() / n, (basis @ inner.T).T[:rank].contiguous()
