"""Draw sprites with a model that comes along, no training needed.

Writes heroes/ (20 sprites, each a PNG of its own size, with grid.png and samples.json) and
heroes.gif (one sprite coming out of the noise).

    python examples/draw.py
"""

import spritelab


def main(out: str = "heroes", n: int = 20, steps: int = 50) -> None:
    print("models that come along:", *spritelab.shipped_models())
    model = spritelab.load_model("builtin-16")

    batch = model.sample(n, label="hero", guidance=2, seed=1)
    print(batch)
    batch.save(out, overwrite=True)

    # The seed and the number name a sprite: this is the first of the batch, in DDPM's steps.
    trace = model.trace(1, sampler="ddpm", steps=steps, label="hero", guidance=2, seed=1)
    trace.animate(f"{out}.gif")


if __name__ == "__main__":
    main()
