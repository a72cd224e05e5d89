"""Draw the same sprites with DDPM and with DDIM: what do fewer steps cost?

Writes samplers.png: a row for each way of drawing, and in each column the sprites of one x_T.

    python examples/compare_samplers.py
"""

import numpy as np

import spritelab
from spritelab.pictures import grid, save_png, titled


def main(out: str = "samplers.png", n: int = 10, many: int = 1000, few: int = 10) -> None:
    model = spritelab.load_model("crawl-16")
    batches = [
        model.sample(n, sampler="ddpm", steps=many),
        model.sample(n, sampler="ddim", steps=many),
        model.sample(n, sampler="ddim", steps=few),
        model.sample(n, sampler="dpm", steps=few),
    ]
    for batch in batches:
        print(f"{batch.how.name}: {batch.seconds:.1f} s")

    # DDIM adds no noise on the way (η = 0): its sprites stay alike when steps are left out.
    rows = [titled(grid(batch.images, columns=n, scale=5), batch.how.name) for batch in batches]
    save_png(np.concatenate(rows), out)


if __name__ == "__main__":
    main()
