"""How fast spritelab is, and how good its sprites are after how long; run from the repository.

``python -m benchmarks.speed.sampling``, and so on; ``docs/benchmarks.md`` says what each measures.
"""

import os

import spritelab  # noqa: F401 (before torch: it tells torch's threads to sleep)

# Peers draw their own bars.
os.environ.setdefault("TQDM_DISABLE", "1")
