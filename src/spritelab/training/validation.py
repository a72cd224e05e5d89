"""The loss on fixed sprites, fixed t and fixed noise: a smooth curve, comparable between runs."""

from __future__ import annotations

import torch
from torch import nn

from spritelab.diffusion import Head, denoiser, q_sample
from spritelab.training.batches import DeviceSprites, stream_seed

EVALUATIONS = 512
"""Network evaluations of one validation; t is spread evenly over them."""

_SEED = 20_200_619
"""The same for every run, so that runs with other seeds compare."""


@torch.no_grad()
def eps_loss(
    network: nn.Module,
    head: Head,
    sprites: DeviceSprites,
    evaluations: int = EVALUATIONS,
    batch_size: int = 128,
) -> float:
    """Mean squared error on ε, with t uniform over 0 … T-1, whatever the network predicts.

    Sprites are taken in turn, evenly spread over the set and repeated if there are fewer than
    ``evaluations``, with their class shown. Measuring on ε makes runs with different predictions
    comparable; the schedule must be the same. The network is put in evaluation mode, then back.
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
    total = 0.0
    for first in range(0, evaluations, batch_size):
        part = slice(first, first + batch_size)
        rows, t_part, eps_part = index[part].to(device), t[part].to(device), eps[part].to(device)
        x0, palettes = sprites.select(rows)
        x_t = q_sample(head.schedule, x0, t_part, eps_part)
        denoise = denoiser(network, head.of(palettes), sprites.context[rows], clip=False)
        eps_hat = denoise(x_t, t_part).eps_hat
        total += float((eps_hat - eps_part).square().mean(dim=(1, 2, 3)).sum())
    network.train(was_training)
    return total / evaluations
