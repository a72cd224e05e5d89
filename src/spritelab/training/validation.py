"""The losses on fixed sprites, fixed t and fixed noise: smooth curves, comparable between runs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from spritelab.diffusion import Head, denoiser, q_sample
from spritelab.training.batches import DeviceSprites, stream_seed

EVALUATIONS = 512
"""Network evaluations of one validation; t is spread evenly over them."""

_SEED = 20_200_619
"""The same for every run, so that runs with other seeds compare."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over the evaluations of one validation.

    Attributes:
        eps: squared error on ε, whatever the network predicts: runs with different predictions
            compare by it, where the schedule is the same.
        objective: the loss of what the network predicts, which training minimises: cross-entropy in
            nats a pixel for prediction palette, else the squared error on ε, x_0 or v. Without
            min-SNR weights, and with all t alike.
    """

    eps: float
    objective: float


@torch.no_grad()
def validation_losses(
    network: nn.Module,
    head: Head,
    sprites: DeviceSprites,
    evaluations: int = EVALUATIONS,
    batch_size: int = 128,
) -> Losses:
    """The losses with t uniform over 0 … T-1.

    Sprites are taken in turn, evenly spread over the set and repeated if there are fewer than
    ``evaluations``, with their class shown. The network is put in evaluation mode, then back.
    """
    device = sprites.images.device
    generator = torch.Generator().manual_seed(stream_seed(_SEED))
    n = len(sprites)
    index = (
        torch.arange(evaluations) % n
        if n < evaluations
        else (torch.arange(evaluations) * n // evaluations)
    )
    strata = torch.randperm(evaluations, generator=generator)
    t = ((strata + 0.5) * head.schedule.timesteps / evaluations).long()
    shape = (evaluations, sprites.images.shape[3], *sprites.images.shape[1:3])
    eps = torch.randn(shape, generator=generator)

    was_training = network.training
    network.eval()
    eps_loss = objective = 0.0
    for first in range(0, evaluations, batch_size):
        part = slice(first, first + batch_size)
        rows, t_part, eps_part = index[part].to(device), t[part].to(device), eps[part].to(device)
        x0, palettes = sprites.select(rows)
        x_t = q_sample(head.schedule, x0, t_part, eps_part)
        own = head.of(palettes)
        denoise = denoiser(network, own, sprites.context[rows], clip=False)
        output = denoise.output(x_t, t_part)
        eps_hat = denoise.read(output, x_t, t_part).eps_hat
        eps_loss += float((eps_hat - eps_part).square().mean(dim=(1, 2, 3)).sum())
        objective += float(own.loss(output, x_t, x0, eps_part, t_part).sum())
    network.train(was_training)
    return Losses(eps_loss / evaluations, objective / evaluations)
