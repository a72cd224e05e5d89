"""How fast spritelab is, and how good its sprites are after how long; run from the repository.

``python -m benchmarks.speed.sampling``, and so on; ``docs/benchmarks.md`` says what each measures.
"""

import os

from spritelab.devices import let_idle_threads_sleep

# Torch's threads read it when torch is first imported, which no benchmark does before this.
let_idle_threads_sleep()
# Peers draw their own bars.
os.environ.setdefault("TQDM_DISABLE", "1")
