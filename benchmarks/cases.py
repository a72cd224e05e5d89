"""What ``throughput.py`` times: one piece of work of spritelab, of the seed's loop or of a peer.

A case is built into a function that does the work once: one update of the weights, or one batch of
sprites drawn in a few steps. Sprites are random pixels, since speed does not look at them. Peers
get what favours them: their training sprites lie ready in memory as floats, and no average of the
weights is kept.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import harness

# isort: split
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import spritelab
from spritelab.checkpoint import ModelConfig, TrainedOn, make_network
from spritelab.config import RunSettings, UNetSettings, preset
from spritelab.data import SpriteSet
from spritelab.diffusion import Schedule, build_schedule, q_sample
from spritelab.generate import Model
from spritelab.runs.processes import make_accelerator
from spritelab.training import Sprites, TrainingState, train

Subject = Literal["spritelab", "seed's loop", "diffusers", "smalldiffusion"]
Work = Literal["train", "sample"]
Variant = Literal["float32", "tf32", "bf16", "bf16 compile", "bf16 graphs"]

SPRITES, CLASSES = 512, 5
"""Training sprites, and the classes they have."""

UPDATES = 10**9
"""More than any benchmark makes: the loop goes on for as long as it is asked."""


@dataclass(frozen=True)
class Case:
    """One row of the table; ``steps`` are those of sampling."""

    subject: Subject
    work: Work
    preset: str
    batch: int
    size: int = 16
    channels: int = 3
    variant: Variant = "float32"
    steps: int = 5

    @property
    def name(self) -> str:
        """In words, different for every case."""
        shape = f"{self.size}×{self.size}×{self.channels}"
        return f"{self.subject} {self.preset} {self.work} {self.batch} {shape} {self.variant}"

    @property
    def amount(self) -> int:
        """Sprites learnt from, or network evaluations made, every time the work is done."""
        return self.batch * (1 if self.work == "train" else self.steps)


def build(case: Case, device: torch.device) -> Callable[[], object]:
    """Make a function that does the work of ``case`` once, and waits until it is done.

    Raises ``ImportError`` where a peer is not installed.
    """
    builders = {
        ("spritelab", "train"): _our_training,
        ("spritelab", "sample"): _our_sampling,
        ("seed's loop", "train"): _seeds_training,
        ("diffusers", "train"): _diffusers_training,
        ("diffusers", "sample"): _diffusers_sampling,
        ("smalldiffusion", "train"): _smalldiffusion_training,
        ("smalldiffusion", "sample"): _smalldiffusion_sampling,
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


def random_config(name: str, size: int, channels: int) -> ModelConfig:
    """What a model of preset ``name`` says of itself, had it learnt random sprites."""
    settings = preset(name)
    return ModelConfig(
        version=spritelab.__version__,
        network=settings.network,
        schedule=settings.schedule,
        prediction=settings.training.prediction,
        size=size,
        channels=3 if channels == 3 else 4,
        class_names=tuple(f"class-{k}" for k in range(CLASSES)),
        hard_alpha=False,
        trained_on=TrainedOn(
            source="memory", licence="none", content_hash="", class_counts=(1,) * CLASSES
        ),
        step=0,
    )


def random_model(name: str, size: int, channels: int, device: torch.device) -> Model:
    """An untrained model of a preset: as fast as a trained one."""
    config = random_config(name, size, channels)
    torch.manual_seed(0)
    network = make_network(config).to(device).eval()
    return Model(network, build_schedule(config.schedule), config, device)


@functools.cache
def _sprites(size: int, channels: int) -> SpriteSet:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (SPRITES, size, size, channels), dtype=np.uint8)
    if channels == 4:
        images[images[..., 3] == 0] = 0
    names = tuple(f"class-{k}" for k in range(CLASSES))
    return SpriteSet.from_arrays(images, np.arange(SPRITES, dtype=np.int64) % CLASSES, names)


def _our_training(case: Case, device: torch.device) -> Callable[[], object]:
    settings = settings_of(case)
    accelerator = make_accelerator(device.type == "cpu", settings.training.mixed_precision)
    torch.manual_seed(0)
    network = make_network(random_config(case.preset, case.size, case.channels))
    state = TrainingState.start(_compiled(network, case.variant), settings.training, device)
    sprites = Sprites.from_set(_sprites(case.size, case.channels), device)
    schedule = build_schedule(settings.schedule)
    updates = train(state, schedule, sprites, sprites, settings.training, accelerator)
    return lambda: next(updates)


def _our_sampling(case: Case, device: torch.device) -> Callable[[], object]:
    model = random_model(case.preset, case.size, case.channels, device)
    _compiled(model.network, case.variant)
    return lambda: model.sample(case.batch, sampler="ddim", steps=case.steps, batch_size=case.batch)


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


def _seeds_training(case: Case, device: torch.device) -> Callable[[], object]:
    """The notebook's loop as it stands on its page, around the same network as preset ``seed``."""
    torch.manual_seed(0)
    network = make_network(random_config(case.preset, case.size, case.channels)).to(device).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = Schedule.linear()
    data = _Transformed(_sprites(case.size, case.channels))
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
    images = _sprites(case.size, case.channels).images
    return torch.from_numpy(images).permute(0, 3, 1, 2).to(device).float().div(127.5) - 1


def _diffusers_network(case: Case, device: torch.device) -> Any:
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


def _diffusers_training(case: Case, device: torch.device) -> Callable[[], object]:
    """The update of diffusers' own example of unconditional training, in float32."""
    diffusers = _peer("diffusers")

    network = _diffusers_network(case, device).train()
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


def _diffusers_sampling(case: Case, device: torch.device) -> Callable[[], object]:
    diffusers = _peer("diffusers")

    scheduler = diffusers.DDIMScheduler(beta_schedule="squaredcos_cap_v2")
    pipeline = diffusers.DDIMPipeline(_diffusers_network(case, device).eval(), scheduler)
    pipeline.set_progress_bar_config(disable=True)
    return lambda: pipeline(batch_size=case.batch, num_inference_steps=case.steps, output_type="np")


def _smalldiffusion_network(case: Case, device: torch.device) -> Any:
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


def _smalldiffusion_training(case: Case, device: torch.device) -> Callable[[], object]:
    smalldiffusion = _peer("smalldiffusion")

    network = _smalldiffusion_network(case, device)
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
        epochs=UPDATES,
    )
    return lambda: next(updates)


def _smalldiffusion_sampling(case: Case, device: torch.device) -> Callable[[], object]:
    smalldiffusion = _peer("smalldiffusion")

    network = _smalldiffusion_network(case, device).eval()
    schedule = smalldiffusion.ScheduleDDPM()
    accelerator = make_accelerator(device.type == "cpu", "no")

    def draw() -> None:
        sigmas = schedule.sample_sigmas(case.steps)
        for _ in smalldiffusion.samples(
            network, sigmas, batchsize=case.batch, accelerator=accelerator
        ):
            pass

    return draw


def parameters(case: Case) -> int:
    """Weights of the case's network."""
    cpu = torch.device("cpu")
    network: nn.Module
    if case.subject == "diffusers":
        network = _diffusers_network(case, cpu)
    elif case.subject == "smalldiffusion":
        network = _smalldiffusion_network(case, cpu)
    else:
        network = make_network(random_config(case.preset, case.size, case.channels))
    return sum(p.numel() for p in network.parameters())


def flops(case: Case) -> int:
    """Floating-point operations of one sprite in one evaluation, or in one update (with backward).

    Counted by torch on spritelab's own network: matrix products, convolutions and attention.
    """
    from torch.utils.flop_counter import FlopCounterMode

    batch = 4
    network = make_network(random_config(case.preset, case.size, case.channels))
    x = torch.randn(batch, case.channels, case.size, case.size)
    t, context = torch.zeros(batch, dtype=torch.int64), torch.zeros(batch, CLASSES)
    counter = FlopCounterMode(display=False)
    with warnings.catch_warnings(), counter:
        warnings.simplefilter("ignore")
        if case.work == "train":
            network.train()(x, t, context).square().mean().backward()
        else:
            with torch.no_grad():
                network.eval()(x, t, context)
    return int(counter.get_total_flops()) // batch
