"""What the benchmarks answer to a wrong command line."""

from __future__ import annotations

from types import ModuleType

import pytest
from benchmark_reports import ONE_THREAD, name_of

from benchmarks.quality import (
    few_steps,
    given_palettes,
    memorisation,
    reproduce,
    speedrun,
    time_to_quality,
)
from benchmarks.speed import evaluating, sampling, startup, throughput, web, workers
from tools import ship_model

SCRIPTS = (
    time_to_quality,
    memorisation,
    speedrun,
    few_steps,
    given_palettes,
    reproduce,
    throughput,
    sampling,
    startup,
    evaluating,
    workers,
    web,
    ship_model,
)


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_help_and_a_wrong_flag(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        script.main(["--help"])
    assert end.value.code == 0
    assert "--threads" in capsys.readouterr().out
    assert script.main(["--bogus"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: unrecognized arguments: --bogus")


@pytest.mark.parametrize(
    ("script", "words", "says"),
    [
        (time_to_quality, ["--contestant", "ours"], "there is no contestant 'ours'"),
        (time_to_quality, ["--minutes", "ours=2"], "no contestant is called 'ours'"),
        (time_to_quality, ["--minutes", "0"], "positive numbers"),
        (time_to_quality, ["--seeds", "a"], "--seeds: takes whole numbers"),
        (time_to_quality, ["-n", "3"], "-n: must be at least 20, not 3"),
        (memorisation, ["--sprites", "50,many"], "--sprites: takes a whole number, not 'many'"),
        (memorisation, ["--sprites", "3"], "--sprites: must be at least 20, not 3"),
        (memorisation, ["--minutes", "0"], "positive numbers"),
        (memorisation, ["--minutes", "2", "--updates", "9"], "not allowed with"),
        (speedrun, [], "give --minutes"),
        (speedrun, ["--minutes", "2,4"], "an entry has one length"),
        (given_palettes, ["-n", "1"], "-n: must be at least 2, not 1"),
        (given_palettes, ["--palette", "none.gpl"], "none.gpl"),
        (few_steps, ["--seeds", "1"], "--seeds: must be at least 2"),
        (few_steps, ["--also", "dpm-5-even"], "also: spacing: unknown 'even'"),
        (few_steps, ["--calibrated", "euler"], "--calibrated: sampler: unknown 'euler'"),
        (few_steps, ["--student", "builtin-16=runs/a"], "such as crawl-16=runs/quick, not"),
        (few_steps, ["--steps", "0"], "--steps: takes whole numbers from 1 on"),
        (few_steps, ["--steps", "1001"], "--steps or --also: steps must lie in 1 … 1000"),
        (ship_model, [], "give a run and its --name, or --again"),
        (ship_model, ["runs/a"], "give a run and its --name, or --again"),
        (ship_model, ["--again", "crawl-99"], "there is no model at crawl-99"),
        (reproduce, ["-n", "1"], "-n: must be at least 2"),
        (throughput, ["--presets", "tiny"], "there is no preset 'tiny'"),
        (throughput, ["--sizes", "8"], "sizes are 16 and 32"),
        (sampling, ["--model", "nowhere"], "there is no model at nowhere"),
        (sampling, ["--numbers", "1,x"], "--numbers: takes whole numbers"),
        (workers, ["--workers", "0"], "--workers: takes whole numbers from 1 on"),
        (startup, ["--rounds", "0"], "--rounds: must be at least 1, not 0"),
        (evaluating, ["--numbers", "3"], "--numbers: takes whole numbers from 20 on"),
        (evaluating, ["--features", "eyes"], "unknown features 'eyes'"),
    ],
)
def test_a_mistake_is_one_line(
    script: ModuleType, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([*words, *ONE_THREAD]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert says in line
