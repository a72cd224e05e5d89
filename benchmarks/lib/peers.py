"""Other code that does the same work: the notebook, diffusers and smalldiffusion.

Peers get what favours them: the training sprites of diffusers and smalldiffusion lie ready in
memory as floats, and none keeps an average of its weights. They are imported on use; the
``ImportError`` of one that is not installed is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from benchmarks.lib.cases import Case, random_config, training_sprites
from spritelab.config import UNetSettings, preset
from spritelab.data import SpriteSet
from spritelab.devices import make_accelerator
from spritelab.diffusion import Schedule, q_sample
from spritelab.generate import make_network

EPOCHS = 10**9
"""More than any benchmark makes: the loop goes on for as long as it is asked."""


class _Transformed(Dataset[Tensor]):
    """Sprites one by one through the notebook's transforms: to a tensor, then to [-1, 1]."""

    def __init__(self, sprites: SpriteSet) -> None:
        self.images = sprites.images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        x = torch.from_numpy(self.images[index]).permute(2, 0, 1).contiguous()
        return (x.float().div(255) - 0.5) / 0.5


def _endless(loader: DataLoader[Any]) -> Iterator[Any]:
    while True:
        yield from loader


def notebook_training(case: Case, device: torch.device) -> Callable[[], object]:
    """The notebook's own loop, around the same network as preset ``notebook``."""
    torch.manual_seed(0)
    network = make_network(random_config(case.preset, case.size, case.channels)).to(device).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = Schedule.linear()
    data = _Transformed(training_sprites(case.size, case.channels))
    batches = _endless(DataLoader(data, batch_size=case.batch, shuffle=True, drop_last=True))

    def update() -> None:
        x0 = next(batches).to(device)
        optimiser.zero_grad()
        t = torch.randint(0, schedule.timesteps, (len(x0),), device=device)
        eps = torch.randn_like(x0)
        loss = nn.functional.mse_loss(network(q_sample(schedule, x0, t, eps), t, None), eps)
        loss.backward()  # type: ignore[no-untyped-call]
        loss.item()
        optimiser.step()

    return update


def _peer(name: str) -> Any:
    """A package that may not be installed; untyped, so that what is checked here is our own."""
    return import_module(name)


def _ready(case: Case, device: torch.device) -> Tensor:
    images = training_sprites(case.size, case.channels).images
    return torch.from_numpy(images).permute(0, 3, 1, 2).to(device).float().div(127.5) - 1


def diffusers_network(case: Case, device: torch.device) -> Any:
    """``UNet2DModel`` laid out as our ``UNet`` (the tests hold the two equal), without classes,
    which its pipelines cannot pass."""
    diffusers = _peer("diffusers")

    settings = preset(case.preset).network
    assert isinstance(settings, UNetSettings)
    attends = [case.size // 2**k in settings.attention for k in range(len(settings.widths))]
    torch.manual_seed(0)
    network = diffusers.UNet2DModel(
        sample_size=case.size,
        in_channels=case.channels,
        out_channels=case.channels,
        block_out_channels=settings.widths,
        layers_per_block=settings.blocks,
        down_block_types=["AttnDownBlock2D" if a else "DownBlock2D" for a in attends],
        up_block_types=["AttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attends)],
        attention_head_dim=32,
        norm_num_groups=8,
        attn_norm_num_groups=8,
        norm_eps=1e-5,
        resnet_time_scale_shift="scale_shift",
        dropout=settings.dropout,
    )
    return network.to(device)


def diffusers_training(case: Case, device: torch.device) -> Callable[[], object]:
    """The update of diffusers' own example of unconditional training, in float32."""
    diffusers = _peer("diffusers")

    network = diffusers_network(case, device).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-4)
    noise = diffusers.DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    ready = _ready(case, device)

    def update() -> None:
        x0 = ready[torch.randint(len(ready), (case.batch,), device=device)]
        eps = torch.randn_like(x0)
        t = torch.randint(0, 1000, (case.batch,), device=device)
        output = network(noise.add_noise(x0, eps, t), t).sample
        loss = nn.functional.mse_loss(output, eps)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        loss.item()

    return update


def diffusers_sampling(case: Case, device: torch.device) -> Callable[[], object]:
    diffusers = _peer("diffusers")

    scheduler = diffusers.DDIMScheduler(beta_schedule="squaredcos_cap_v2")
    pipeline = diffusers.DDIMPipeline(diffusers_network(case, device).eval(), scheduler)
    pipeline.set_progress_bar_config(disable=True)
    return lambda: pipeline(batch_size=case.batch, num_inference_steps=case.steps, output_type="np")


def smalldiffusion_network(case: Case, device: torch.device) -> Any:
    smalldiffusion = _peer("smalldiffusion")

    settings = preset(case.preset).network
    assert isinstance(settings, UNetSettings)
    torch.manual_seed(0)
    return smalldiffusion.Unet(
        case.size,
        case.channels,
        case.channels,
        ch=settings.widths[0],
        ch_mult=tuple(width // settings.widths[0] for width in settings.widths),
        num_res_blocks=settings.blocks,
        attn_resolutions=settings.attention,
        dropout=settings.dropout,
    ).to(device)


def smalldiffusion_training(case: Case, device: torch.device) -> Callable[[], object]:
    smalldiffusion = _peer("smalldiffusion")

    network = smalldiffusion_network(case, device)
    ready = TensorDataset(_ready(case, torch.device("cpu")))
    loader = DataLoader(
        ready,
        batch_size=case.batch,
        shuffle=True,
        drop_last=True,
        collate_fn=lambda rows: torch.stack([row[0] for row in rows]),
    )
    updates = smalldiffusion.training_loop(
        loader,
        network,
        smalldiffusion.ScheduleDDPM(),
        make_accelerator(device.type == "cpu", "no"),
        epochs=EPOCHS,
    )
    return lambda: next(updates)


def smalldiffusion_sampling(case: Case, device: torch.device) -> Callable[[], object]:
    smalldiffusion = _peer("smalldiffusion")

    network = smalldiffusion_network(case, device).eval()
    schedule = smalldiffusion.ScheduleDDPM()
    accelerator = make_accelerator(device.type == "cpu", "no")

    def draw() -> None:
        sigmas = schedule.sample_sigmas(case.steps)
        for _ in smalldiffusion.samples(
            network, sigmas, batchsize=case.batch, accelerator=accelerator
        ):
            pass

    return draw
