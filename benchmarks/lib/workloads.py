"""A case of ``speed.throughput`` as a function: one update of the weights, or one batch drawn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from benchmarks.lib import harness, peers
from benchmarks.lib.cases import (
    Case,
    Variant,
    random_config,
    random_model,
    training_indices,
    training_sprites,
)
from spritelab.config import RunSettings, preset
from spritelab.devices import make_accelerator
from spritelab.diffusion import build_schedule
from spritelab.generate import make_network
from spritelab.training import DeviceSprites, TrainingState, build_objective, train

UPDATES = 10**9
"""More than any benchmark makes: the loop goes on for as long as it is asked."""


def build(case: Case, device: torch.device) -> Callable[[], object]:
    """Make a function that does the work of ``case`` once, and waits until it is done.

    Raises:
        ImportError: where a peer is not installed.
    """
    builders = {
        ("spritelab", "train"): _our_training,
        ("spritelab", "sample"): _our_sampling,
        ("notebook's loop", "train"): peers.notebook_training,
        ("diffusers", "train"): peers.diffusers_training,
        ("diffusers", "sample"): peers.diffusers_sampling,
        ("smalldiffusion", "train"): peers.smalldiffusion_training,
        ("smalldiffusion", "sample"): peers.smalldiffusion_sampling,
    }
    once = builders[case.subject, case.work](case, device)

    def work() -> None:
        with _precision(case, device):
            once()
        harness.finish_work(device)

    return work


def _precision(case: Case, device: torch.device) -> AbstractContextManager[object]:
    """The arithmetic of a variant. Training takes bfloat16 from its own settings."""
    if device.type == "cuda":
        allowed = case.variant != "float32"
        torch.backends.cuda.matmul.allow_tf32 = allowed
        torch.backends.cudnn.allow_tf32 = allowed
    if case.variant.startswith("bf16") and case.work == "sample":
        return torch.autocast(device.type, torch.bfloat16)
    return nullcontext()


def _compiled(network: nn.Module, variant: Variant) -> nn.Module:
    if variant == "bf16 compile":
        network.compile()
    elif variant == "bf16 graphs":
        network.compile(mode="reduce-overhead")
    return network


def settings_of(case: Case) -> RunSettings:
    """The preset's, with the batch of the case and nothing to interrupt the updates."""
    return preset(case.preset).override(
        {
            "training.batch_size": case.batch,
            "training.steps": UPDATES,
            "training.validate_every": UPDATES,
            "training.mixed_precision": "bf16" if case.variant.startswith("bf16") else "no",
        }
    )


def _our_training(case: Case, device: torch.device) -> Callable[[], object]:
    settings = settings_of(case)
    accelerator = make_accelerator(device.type == "cpu", settings.training.mixed_precision)
    torch.manual_seed(0)
    network = make_network(random_config(case.preset, case.size, case.channels))
    state = TrainingState.start(_compiled(network, case.variant), settings.training, device)
    indexed = training_indices(case.preset, case.size, case.channels)
    sprites = DeviceSprites.from_set(training_sprites(case.size, case.channels), device, indexed)
    objective = build_objective(settings.training, build_schedule(settings.schedule))
    updates = train(state, objective, sprites, sprites, settings.training, accelerator)
    return lambda: next(updates)


def _our_sampling(case: Case, device: torch.device) -> Callable[[], object]:
    model = random_model(case.preset, case.size, case.channels, device)
    _compiled(model.network, case.variant)
    return lambda: model.sample(case.batch, sampler="ddim", steps=case.steps, batch_size=case.batch)


def parameters(case: Case) -> int:
    """Weights of the case's network."""
    cpu = torch.device("cpu")
    network: nn.Module
    if case.subject == "diffusers":
        network = peers.diffusers_network(case, cpu)
    elif case.subject == "smalldiffusion":
        network = peers.smalldiffusion_network(case, cpu)
    else:
        network = make_network(random_config(case.preset, case.size, case.channels))
    return sum(p.numel() for p in network.parameters())
