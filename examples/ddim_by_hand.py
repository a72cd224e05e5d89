"""DDIM as in the paper (Song et al. 2020, equation 12 with σ = 0), as a loop of one's own.

Writes by_hand.png: the sprites that `model.sample(n, sampler="ddim")` draws.

    python examples/ddim_by_hand.py
"""

import torch

import spritelab
from spritelab import pictures


@torch.no_grad()
def main(out: str = "by_hand.png", n: int = 20, steps: int = 50) -> None:
    model = spritelab.load_model("crawl-16", device="cpu")
    schedule = model.schedule
    sprites = model.request(n, seed=0)  # which: their classes, their palettes, their noise
    x = model.first_noise(sprites)  # x_T
    denoise = model.denoiser(model.sampler_settings(sampler="ddim"), sprites, x)

    for t, t_prev in schedule.pairs(steps):
        last = t_prev == -1  # where every pixel takes one of its sprite's colours
        x0_hat, eps_hat = denoise(x, torch.full((n,), t), last)  # what is seen in x_t
        alpha_bar = schedule.alpha_bar(t_prev)
        x = (alpha_bar**0.5 * x0_hat + (1 - alpha_bar) ** 0.5 * eps_hat).float()

    pictures.save_png(pictures.grid(model.to_pixels(x), columns=10), out)


if __name__ == "__main__":
    main()
