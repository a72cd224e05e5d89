"""The most of everything that a file may ask for, so that none of a stranger's fills the memory.

They are far beyond what pixel art needs. Settings refuse what is above them when they are read,
before anything is built; ``networks.cost`` holds what they ask for together.
"""

MAX_WHOLE = 2**31 - 1
"""The largest whole number of a setting that has no bound of its own."""

MAX_TIMESTEPS = 10_000
"""T of a schedule."""

MAX_SIDE = 512
"""Height and width of a sprite, in pixels."""

MAX_LENGTH = 16_384
"""Along one side of a sheet, in pixels."""

MAX_PATTERNS = 1_000
"""Patterns of files, and colours that stand for transparency."""

MAX_WIDTH, MAX_LEVELS, MAX_BLOCKS = 2048, 6, 8
"""Of a network: channels, levels of resolution, residual blocks a level."""

MAX_PARAMETERS = 2**28
"""Of a network: numbers that are learnt, 1 GiB in float32."""

MAX_MAP = 2**24
"""Numbers in the largest array that a network makes of one sprite, 64 MiB in float32."""

MAX_CLASSES = 10_000
"""Classes of a set of sprites and of a model."""

MAX_NAME = 200
"""Characters in the name of a class."""

MAX_TEXT = 2_000
"""Characters in a source, a licence, an address and the like."""

MAX_PALETTE = 256
"""Colours of a palette, the transparent one counted."""

MAX_PARENTS = 20
"""Models that a model may come from, each begun from the one before."""
