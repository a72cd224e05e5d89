"""The page in Chromium beside Python: what is loaded, the first sprite, and twenty of them.

The page computes in one thread, as Python does here; both draw in turns, so that other work on the
machine slows both. It needs playwright, Chromium and npm's onnxruntime-web (``make engines``).

    python -m benchmarks.speed.web --runtime .venv/engines/node_modules/onnxruntime-web
    python -m benchmarks.speed.web --runtime DIR --model crawl-16 -n 4 --rounds 1
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.lib import harness, machine
from benchmarks.lib.browser import chromium, served, wait_for_drawing
from spritelab.generate import load_model
from spritelab.web import export_web

MODULE = "benchmarks.speed.web"

DRAW = """
seed => new Promise(resolve => {
  document.querySelector('#seed').value = seed;
  const start = performance.now();
  let first = null;
  const look = () => {
    const status = document.querySelector('#draw-status').textContent;
    if (first === null && document.querySelector('.tile:not([disabled])')) {
      first = (performance.now() - start) / 1000;
    }
    if (status.includes(' · ')) resolve({first, all: (performance.now() - start) / 1000});
    else setTimeout(look, 5);
  };
  document.querySelector('#go').click();
  look();
})
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Time both and write the report; the exit status of ``harness.guarded``."""
    return harness.guarded(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = _parser().parse_args(argv)
    device = harness.prepare_device("cpu", given.threads)
    with tempfile.TemporaryDirectory() as folder:
        model = load_model(given.model, device)
        page = export_web([model], Path(folder) / "page", runtime=given.runtime)
        first_use, found = _in_page(page, given)
        seconds: dict[str, list[float]] = {"first sprite": [], "all sprites": [], "python": []}
        for seed, drawn in enumerate(found, start=1):
            seconds["first sprite"].append(drawn["first"])
            seconds["all sprites"].append(drawn["all"])
            seconds["python"].append(model.sample(given.n, seed=seed).seconds)
        report = {
            **machine.circumstances(device),
            "benchmark": "web",
            "model": given.model,
            "sprites": given.n,
            "sampling": model.sampler_settings().name,
            "first_use": first_use,
            "seconds": {k: harness.Timing(tuple(v)).as_dict() for k, v in seconds.items()},
            "bytes": _sizes(page),
        }
    harness.write_report(given.out, report, table(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = harness.Parser(MODULE, __doc__.partition("\n")[0])
    parser.add_argument("--model", default="builtin-16", help="a run, a model folder or a name")
    parser.add_argument("--runtime", help="npm's onnxruntime-web; else it is fetched")
    parser.add_argument("-n", type=harness.whole(), default=20, help="sprites")
    parser.add_argument("--rounds", type=harness.whole(), default=5, help="how often both draw")
    return parser


def _in_page(page: Path, given: argparse.Namespace) -> tuple[dict[str, float], Iterator[Any]]:
    """What the first drawing after loading took, and the drawings after it, one at a time."""
    turns = _turns(page, given)
    return next(turns), turns


def _turns(page: Path, given: argparse.Namespace) -> Iterator[Any]:
    with served(page) as address, chromium() as browser:
        opened = browser.new_page()
        opened.goto(f"{address}/#draw?n=1")
        wait_for_drawing(opened, timeout=120_000)
        opened.fill("#count", str(given.n))
        for seed in range(given.rounds + 1):
            yield opened.evaluate(DRAW, str(seed))


def _sizes(page: Path) -> dict[str, dict[str, int]]:
    """Bytes of the folder, raw and as a host compresses them."""
    sizes: dict[str, dict[str, int]] = {}
    for path in sorted(page.rglob("*")):
        if path.is_file():
            part = path.parent.name if path.parent.name in ("models", "runtime") else "page"
            content = path.read_bytes()
            size = sizes.setdefault(part, {"raw": 0, "gzip": 0})
            size["raw"] += len(content)
            size["gzip"] += len(gzip.compress(content, 9))
    return sizes


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    seconds = {name: timing["median"] for name, timing in report["seconds"].items()}
    rows: list[list[object]] = [
        ["the first sprite in the page", f"{seconds['first sprite']:.2f}"],
        [f"{report['sprites']} sprites in the page", f"{seconds['all sprites']:.2f}"],
        [f"{report['sprites']} sprites in Python", f"{seconds['python']:.2f}"],
        ["page ÷ Python", f"{seconds['all sprites'] / seconds['python']:.1f} ×"],
    ]
    for part, size in report["bytes"].items():
        rows.append([f"{part}, MB (gzip)", f"{size['raw'] / 1e6:.2f} ({size['gzip'] / 1e6:.2f})"])
    return harness.markdown([report["model"], "seconds"], rows) + harness.under_table(report)


if __name__ == "__main__":
    sys.exit(main())
