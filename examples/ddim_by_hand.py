"""DDIM as in the paper (Song et al. 2020, equation 12 with σ = 0), as a loop of one's own.

Writes by_hand.png: sprites that `model.sample(n, sampler="ddim")` would draw of the same noise.

    python examples/ddim_by_hand.py
"""

import torch

import spritelab
from spritelab import diffusion, pictures, pixels


@torch.no_grad()
def main(out: str = "by_hand.png", n: int = 20, steps: int = 50) -> None:
    model = spritelab.load_model("crawl-16", device="cpu")
    schedule = model.schedule
    context = torch.eye(len(model.class_names))[torch.arange(n) % len(model.class_names)]
    denoise = diffusion.denoiser(model.network, model.head, context)  # what is seen in x_t

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, model.channels, model.size, model.size, generator=generator)  # x_T
    for t, t_prev in schedule.pairs(steps):
        x0_hat, eps_hat = denoise(x, torch.full((n,), t))
        alpha_bar = schedule.alpha_bar(t_prev)
        x = (alpha_bar**0.5 * x0_hat + (1 - alpha_bar) ** 0.5 * eps_hat).float()

    sprites = pixels.settle_alpha(pixels.decode(x))
    pictures.save_png(pictures.grid(sprites, columns=10), out)


if __name__ == "__main__":
    main()
