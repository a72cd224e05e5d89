"""One drawing shared out among many workers, and joined again, bit for bit.

Sprite k of a seed is the same whoever draws it, up to the arithmetic of batching: so workers draw
whole batches, cut where one worker alone would cut them.
"""

from spritelab.generate.shards.drawing import draw_shard
from spritelab.generate.shards.merging import Joined, holds_shards, join_shards, merge_shards
from spritelab.generate.shards.ranges import Shard

__all__ = ["Joined", "Shard", "draw_shard", "holds_shards", "join_shards", "merge_shards"]
