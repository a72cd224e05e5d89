"""Draw with the workers of a Ray cluster, or of this machine: `pip install "ray[data]"`.

python examples/scaling/ray_draw.py crawl-16 10000 many/
"""

from __future__ import annotations

import sys
from pathlib import Path

import ray

import spritelab
from spritelab.generate import Shard, draw_shard, merge_shards


class Worker:
    """Loads the model once, and draws one shard after another."""

    def __init__(self, model: str, n: int, shards: int, out: str) -> None:
        self.model = spritelab.load_model(model)
        self.n, self.shards, self.out = n, shards, out

    def __call__(self, row: dict[str, int]) -> dict[str, str]:
        folder, _ = draw_shard(self.model, self.out, Shard(row["id"], self.shards), self.n)
        return {"folder": str(folder)}


def main(model: str, n: int, out: str, workers: int = 2, shards: int = 8, gpus: float = 0) -> Path:
    """Draw ``n`` sprites in ``out/shards``, which all workers see; join them in one file."""
    drawing = ray.data.range(shards, override_num_blocks=shards).map(
        Worker,
        fn_constructor_args=(model, n, shards, f"{out}/shards"),
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_gpus=gpus,
    )
    print(f"{len(drawing.take_all())} shards are done")  # Ray begins when it is asked for results
    return merge_shards([f"{out}/shards"], f"{out}/sprites.npz", overwrite=True)


if __name__ == "__main__":
    print(f"wrote {main(sys.argv[1], int(sys.argv[2]), str(Path(sys.argv[3]).resolve()))}")
