"""What is known against the packages that are tested: pip-audit over ``constraints.txt``.

    make audit

Exit status: 0, all of them were looked up and nothing is known against them; 1, something is; 2,
they could not be looked up. ``pip-audit`` by itself calls what it could not look up a success.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINNED = ROOT / "constraints.txt"

FLAGS = ("--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json")
"""The pins are all that there is: nothing is resolved, installed or run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Look all pins up, print what is known, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pip-audit", type=Path, required=True, help="the program")
    parser.add_argument("--pins", type=Path, default=PINNED, help="a file of requirements")
    asked = parser.parse_args(argv)
    words = [str(asked.pip_audit), "--requirement", str(asked.pins), *FLAGS]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = done.stderr.strip().splitlines()[-1:] or ["it says nothing"]
        return _unknown(f"pip-audit has no answer ({last[0][:200]})")
    if skipped := [one["name"] for one in found if "skip_reason" in one]:
        some = ", ".join(skipped[:3]) + (" …" if len(skipped) > 3 else "")
        return _unknown(f"{len(skipped)} of {len(found)} packages could not be looked up ({some})")
    known = [line for one in found for line in _advisories(one)]
    for line in known:
        print(line)
    print(f"{len(found)} packages of {asked.pins.name} looked up, {len(known)} advisories")
    return 1 if known else 0


def _unknown(what: str) -> int:
    print(f"error: {what}; run it where pypi.org can be reached", file=sys.stderr)
    return 2


def _advisories(package: Mapping[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {one['id']}"
        f"{', mended in ' + ', '.join(one['fix_versions']) if one.get('fix_versions') else ''}"
        for one in package.get("vulns", ())
    ]


if __name__ == "__main__":
    sys.exit(main())
