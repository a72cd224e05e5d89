"""The versions on the page of formats are those that the code writes."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.lib import harness
from spritelab.convert import card
from spritelab.evaluation import facts, statistics
from spritelab.evaluation.features.protocol import PROTOCOL
from spritelab.generate import model_config, samples_folder
from spritelab.generate.shards import blocks
from spritelab.runs import distillation, record
from spritelab.training import checkpoint

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")

VERSIONS = {
    "a model's folder": model_config.FORMAT,
    "a run's record": record.FORMAT,
    "a distillation's record": distillation.FORMAT,
    "a checkpoint": checkpoint.FORMAT,
    "a folder of samples": samples_folder.FORMAT,
    "a shard of a drawing": blocks.FORMAT,
    "figures of `evaluate` and `compare`": facts.FORMAT,
    "the facts of a model's card": card.FORMAT,
    "statistics of many sprites": statistics.FORMAT,
    "the measuring protocol": f"`{PROTOCOL}`",
    "benchmark results": harness.FORMAT,
}


def test_the_table_of_versions() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (.+?) \| .+ \|$", PAGE, re.MULTILINE))
    assert {name: rows.get(name) for name in VERSIONS} == {
        name: str(version) for name, version in VERSIONS.items()
    }
