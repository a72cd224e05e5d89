"""How fast spritelab is, and how good its sprites are after how long; run from the repository.

``python -m benchmarks.speed.sampling``, and so on; ``docs/benchmarks.md`` says what each measures.
"""

import os

# As the command line does; torch's threads read it when torch is first imported.
if not os.environ.keys() & {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}:
    os.environ["GOMP_SPINCOUNT"] = "3000"
# Peers draw their own bars.
os.environ.setdefault("TQDM_DISABLE", "1")
