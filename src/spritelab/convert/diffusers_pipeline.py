"""Sprites by diffusers: ``DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True)``.

spritelab writes this file as ``pipeline.py`` beside the weights. It needs torch, diffusers, numpy
and pillow, and not spritelab. The network is diffusers' own ``UNet2DModel``, the scheduler its own
``DDIMScheduler``, which may be replaced by another of its schedulers. What is here is what a
pipeline adds: classes by name, classifier-free guidance, pixels with their alpha, and, for a model
that has one, the head that chooses among the colours of a palette (``palette_head/``).
"""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, ImagePipelineOutput
from diffusers.utils import logging
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image
from torch.nn import functional

logger = logging.get_logger(__name__)


class SpritePipeline(DiffusionPipeline):
    """Draws sprites of the classes in ``labels``.

    Args:
        unet: a ``UNet2DModel``; the last row of its table of classes stands for no class.
        scheduler: any of diffusers' schedulers with the betas of this one.
        palette_head: the ``PaletteHead`` of a model that has one.
        id2label: the name of each class, by its number.
        hard_alpha: make every pixel opaque or fully transparent, as those it was trained on are.
    """

    model_cpu_offload_seq = "palette_head->unet"
    _optional_components = ["palette_head"]  # noqa: RUF012

    def __init__(
        self,
        unet: Any,
        scheduler: Any,
        palette_head: Any = None,
        id2label: dict[str, str] | None = None,
        hard_alpha: bool = False,
    ) -> None:
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler, palette_head=palette_head)
        self.register_to_config(id2label=id2label, hard_alpha=hard_alpha)
        self.labels = {name: int(number) for number, name in (id2label or {}).items()}

    @torch.no_grad()
    def __call__(
        self,
        class_labels: str | int | list[str | int | None] | None = None,
        batch_size: int = 1,
        num_inference_steps: int = 50,
        guidance_scale: float = 1.0,
        eta: float = 0.0,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: torch.Tensor | None = None,
        palette: list[str] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> ImagePipelineOutput | tuple[Any]:
        """Draw sprites.

        Args:
            class_labels: a class by its name or number, or None for no class; or a list, one for
                each sprite.
            batch_size: how many, where ``class_labels`` is no list.
            num_inference_steps: n. ``DDIMScheduler`` steps from t to t - T // n, which is right
                where n divides T (1000) alone; with others it warns.
            guidance_scale: w of f(∅) + w·(f(c) - f(∅)); 1 is the plain conditional model.
            eta: η of DDIM.
            generator: of the noise, one or one for each sprite.
            latents: x_T itself, float ``[B,C,H,W]``.
            palette: the colours to draw in, ``#rrggbb`` each, of a model with a palette head; if
                not given, each sprite borrows those of a training sprite of its class.
            output_type: ``"pil"``; ``"np"``, float32 ``[B,H,W,C]`` in 0 … 1; or ``"latent"``, the
                last x, float ``[B,C,H,W]`` in about -1 … 1.
            return_dict: return an ``ImagePipelineOutput``, whose ``images`` they are; else a tuple.
        """
        device = self._execution_device
        labels = self.label_ids(class_labels, batch_size).to(device)
        x = self._first_noise(len(labels), generator, latents)
        palettes = self._palettes(palette, labels, generator)
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        self._check_steps(num_inference_steps)
        how = self._step_options(eta, generator)
        for t in self.progress_bar(self.scheduler.timesteps):
            seen = self.scheduler.scale_model_input(x, t)
            if palettes is None:
                output = self._predict(seen, t, labels, guidance_scale)
            else:
                last = bool(t == self.scheduler.timesteps[-1])
                output = self._choose(seen, t, labels, guidance_scale, palettes, last)
            x = self.scheduler.step(output, t, x, **how).prev_sample
        self.maybe_free_model_hooks()
        images: Any = x if output_type == "latent" else self.to_pixels(x)
        if output_type == "pil":
            images = [Image.fromarray(image) for image in images]
        elif output_type == "np":
            images = images.astype(np.float32) / 255
        return ImagePipelineOutput(images=images) if return_dict else (images,)

    def label_ids(self, class_labels: Any, batch_size: int = 1) -> torch.Tensor:
        """The rows of the network's table, int64 ``[B]``, for ``class_labels`` as in a call."""
        many = class_labels if isinstance(class_labels, list) else [class_labels] * batch_size
        no_class = self._no_class
        found = []
        for one in many:
            if isinstance(one, str) and one not in self.labels:
                raise ValueError(f"there is no class {one!r}; choose among {list(self.labels)}")
            number = no_class if one is None else self.labels[one] if isinstance(one, str) else one
            if not 0 <= number <= no_class:
                raise ValueError(f"classes are 0 to {no_class - 1}, not {number}")
            found.append(number)
        return torch.tensor(found, dtype=torch.int64)

    def to_pixels(self, x: torch.Tensor) -> np.ndarray:
        """uint8 ``[B,H,W,C]`` of x float ``[B,C,H,W]``; what is transparent is black below."""
        levels = ((x.float() + 1) * 127.5).round().clamp(0, 255)
        images = levels.permute(0, 2, 3, 1).byte().cpu().numpy()
        if images.shape[3] == 4:
            alpha = images[..., 3]
            if self.config.hard_alpha:
                alpha[:] = np.where(alpha >= 128, 255, 0)
            elif (
                self.palette_head is None
            ):  # a few levels beside 0 and 255, which no eye sees and every game blends
                alpha[:] = np.where(alpha <= 16, 0, np.where(alpha >= 239, 255, alpha))
            images[alpha == 0] = 0
        return images

    def _first_noise(self, n: int, generator: Any, latents: torch.Tensor | None) -> torch.Tensor:
        size, device, dtype = self.unet.config.sample_size, self._execution_device, self.unet.dtype
        head = self.palette_head
        channels = self.unet.config.in_channels if head is None else head.config.channels
        shape = (n, channels, size, size)
        if latents is None:
            latents = randn_tensor(shape, generator=generator, device=device, dtype=dtype)
        elif tuple(latents.shape) != shape:
            raise ValueError(f"latents are {list(shape)} here, not {list(latents.shape)}")
        return latents.to(device, dtype) * self.scheduler.init_noise_sigma

    def _predict(self, x: torch.Tensor, t: Any, labels: torch.Tensor, w: float) -> torch.Tensor:
        """What the network says, with guidance of weight w (Ho and Salimans 2022)."""
        if w == 1:
            return self.unet(x, t, class_labels=labels).sample
        no_class = torch.full_like(labels, self._no_class)
        both = self.unet(torch.cat([x, x]), t, class_labels=torch.cat([labels, no_class])).sample
        conditional, unconditional = both.chunk(2)
        return unconditional + w * (conditional - unconditional)

    def _choose(
        self, x: torch.Tensor, t: Any, labels: torch.Tensor, w: float, palettes: Any, last: bool
    ) -> torch.Tensor:
        """x̂_0 as a palette head has it; guidance is on its scores."""
        betas = torch.tensor(self.scheduler.config.trained_betas, dtype=torch.float64)
        alpha_bar = float(torch.cumprod(1 - betas, dim=0)[int(t)])
        context = functional.one_hot(labels, self._no_class + 1)[:, :-1].to(x.dtype)
        ask = partial(self.palette_head.scores, self.unet, alpha_bar=alpha_bar)
        if w == 1:
            scores = ask(x, t.expand(len(x)), context, palettes)
        else:
            twice = [torch.cat([one, one]) for one in palettes]
            contexts = torch.cat([context, torch.zeros_like(context)])
            both = ask(torch.cat([x, x]), t.expand(2 * len(x)), contexts, twice)
            conditional, unconditional = both.chunk(2)
            scores = unconditional + w * (conditional - unconditional)
        return self.palette_head.read(scores, x, palettes, alpha_bar, last)

    def _palettes(self, palette: list[str] | None, labels: torch.Tensor, generator: Any) -> Any:
        """Of every sprite, for a model with a palette head; else None."""
        if self.palette_head is None:
            if palette is not None:
                raise ValueError("this model has no palette head; leave the palette out")
            return None
        if palette is not None:
            return self.palette_head.given(palette, len(labels))
        return self.palette_head.borrowed(labels, generator)

    @property
    def _no_class(self) -> int:
        """The number of classes, which stands for none."""
        head = self.palette_head
        return self.unet.config.num_class_embeds - 1 if head is None else head.config.classes

    def _step_options(self, eta: float, generator: Any) -> dict[str, Any]:
        """What this scheduler's step takes, of what can be said."""
        # Without the first, x̂_0 is clipped and ε̂ is not, and they no longer make up x_t.
        wanted = {"use_clipped_model_output": True, "eta": eta, "generator": generator}
        known = inspect.signature(self.scheduler.step).parameters
        return {name: value for name, value in wanted.items() if name in known}

    def _check_steps(self, n: int) -> None:
        timesteps = self.scheduler.config.num_train_timesteps
        if isinstance(self.scheduler, DDIMScheduler) and timesteps % n:
            logger.warning(
                f"DDIMScheduler steps by {timesteps} // {n}, and {n} does not divide {timesteps}: "
                "the sprites are a little off; take a number of steps that does"
            )
