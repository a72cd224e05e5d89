"""``python -m spritelab`` is the command ``spritelab``."""

import sys

from spritelab.cli import main

if __name__ == "__main__":
    sys.exit(main())
