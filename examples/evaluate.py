"""Measure a model: how far are its sprites from real ones, and are they copies?

Prints some figures beside their floor, which is what real sprites get that the model never saw,
and writes evaluation.json with all of them.

    python examples/evaluate.py
"""

import json
from pathlib import Path
from typing import Any

import spritelab


def main(out: str = "evaluation.json", model: str = "builtin-16", **given: Any) -> None:
    found = spritelab.evaluate(model, **{"n": 500, "most": 2000, **given})
    print(found)

    drawn, floor = found.measures, found.floor.held_out
    for name in ("frechet", "kid", "precision", "recall", "copies", "near_copies"):
        beside = "" if floor is None else f", floor {getattr(floor, name):.4f}"
        print(f"{name}: {getattr(drawn, name):.4f}{beside}")
    Path(out).write_text(json.dumps(found.as_dict(), indent=2))


if __name__ == "__main__":
    main()
