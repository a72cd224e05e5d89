"""One point of a benchmark of quality: a training, what it draws, and what that is worth.

A point's result is a JSON file of its own, see ``make_point``.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch

from benchmarks.lib import console, machine
from spritelab import runs
from spritelab.config import PaletteSource, RunSettings, SamplerSettings
from spritelab.errors import SpritelabError
from spritelab.evaluation import Evaluation, Evaluator, Extractor, Split
from spritelab.evaluation.features import Features
from spritelab.evaluation.measures import Measures, frechet_and_kid
from spritelab.evaluation.reference import LEAST, Reference
from spritelab.generate import Model, load_model, save_model
from spritelab.storage import write_json
from spritelab.training import Clock

OWN = "own"
"""In place of a number of steps: drawn as the model's settings have it."""

SAMPLE_SEED = 0
"""Decides the sprites that are drawn, the same for all contestants."""

RESULT = 4
"""Version of a result; raised whenever the same point would give another."""

MEMORY = ("copies", "near_copies", "pixel_distance", "recoloured_copies", "authentic")
"""Measures of how near sprites lie to single training sprites, in either orientation."""

APART = 50
"""Updates between the states that are measured of a run which does not converge."""


def make_point(file: Path) -> None:
    """Train, draw and measure the point that ``file`` describes, and write its result.

    Raises:
        KeyboardInterrupt: if the training was stopped; it has been saved then.
    """
    point = json.loads(file.read_text("utf-8"))
    name = point["name"]
    settings = RunSettings.parse(point["settings"])
    folder = Path(point["run"])
    console.say(name, "training")
    begun = runs.record_file(folder) is not None
    init = point["init"]
    run = runs.resume_run(folder) if begun else runs.start_run(settings, folder, init=init)
    cpu = point["device"] == "cpu"
    # Of one thread the processor's seconds are those of a machine that has nothing else to do.
    processor = cpu and point["threads"] == 1
    clock = time.process_time if processor else time.perf_counter
    train(run, cpu, point.get("states", 1) - 1, clock)
    speed = None
    if point.get("speed"):  # at once, with the threads, the core and the clock of the training
        speed = machine.matrix_speed(torch.device(point["device"]), clock)
    logged = runs.read_metrics(folder)[-1]  # the only validation, after the last update
    seconds = float(logged["seconds"])
    extractor = Extractor(point["features"], device=point["device"])

    def measured(
        model: Model, mirror: bool = False, palettes: PaletteSource = "training"
    ) -> Evaluation:
        split = Split(run.train_sprites, run.held_out, mirror, True, settings.data.source)
        evaluator = Evaluator(
            model, split, extractor, folder=point["kept"], most=len(run.train_sprites)
        )
        how = None  # its own
        if point["steps"] != OWN:
            steps = min(point["steps"], model.schedule.timesteps)
            how = SamplerSettings(sampler="ddim", steps=steps)
        return evaluator.evaluate(how, point["n"], (SAMPLE_SEED,), palettes)

    model = load_model(folder, point["device"])
    console.say(name, f"{model.config.step:,} updates in {seconds:.1f} s; drawing, measuring")
    # All contestants are measured against the real sprites as they are; copies are looked for
    # among their mirror images too.
    plain, mirrored = measured(model), measured(model, mirror=True)
    states = [distances(plain.reference, plain.features[0])]
    for earlier in sorted(_states(folder).glob("step-*")):
        found = measured(load_model(earlier, point["device"]))
        states.append(distances(found.reference, found.features[0]))
    seen = model.config.step * settings.training.batch_size
    matched = plain.scores[0].matched
    assert matched is not None
    result = {
        **{key: point[key] for key in (*point["labels"], "threads", "parallel")},
        "settings": point["settings"],
        "parent": None if run.parent is None else run.parent.model_dump(),
        "data": {"training": len(run.train_sprites), "held_out": len(run.held_out)},
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "updates": model.config.step,
        "sprites_seen": seen,
        "seconds": seconds,
        "clock": "processor" if processor else "wall",
        "sprites_per_second": seen / seconds,
        "losses": {key: logged[key] for key in ("train_loss", "val_loss")},
        "drawing_seconds": plain.seconds[0],
        "against": {side: _mean([state[side] for state in states]) for side in states[0]},
        "states": states,
        "measures": asdict(plain.measures),
        "over_floor": plain.as_dict()["ratio"]["frechet"],
        "told_apart": matched.told_apart,
        "memory": {
            **memory(mirrored.measures),
            "copying_score": mirrored.scores[0].copying_score,
        },
        "floor": floor_of(plain, mirrored, point["n"]),
        "circumstances": machine.circumstances(model.device),
    }
    if speed is not None:
        result["matrix_speed"] = speed
    if point.get("unseen_palettes") and model.palettes is not None:
        unseen = measured(model, mirror=True, palettes="held-out")
        result["unseen_palettes"] = memory(unseen.measures)
    write_json(Path(point["result"]), result)
    console.say(name, f"{extractor.frechet_name} {result['against']['training']['frechet']:.2f}")


def train(run: runs.Run, cpu: bool, states: int, clock: Clock) -> None:
    """Train a run to its end by ``clock``, keeping its last ``states`` states before that.

    Raises:
        KeyboardInterrupt: if it was stopped; it has been saved then.
    """
    for update in run.train(cpu=cpu, clock=clock):
        if states and update.step % APART == 0 and not run.finished:
            keep_state(run, _states(run.folder), states)
    if run.stopped:
        raise KeyboardInterrupt


def keep_state(run: runs.Run, folder: Path, most: int) -> None:
    """Save the model as it is now beside the last ones, ``most`` in all."""
    assert run.state is not None
    step = run.state.step
    weights, config = run.state.average.weights, run.model_config(step)
    save_model(folder / f"step-{step:08d}", weights, config, run.palettes)
    for old in sorted(folder.glob("step-*"))[:-most]:
        shutil.rmtree(old)


def _states(run: Path) -> Path:
    """The folder of the states that are kept of a run."""
    return run.with_name("states")


def distances(reference: Reference, features: Features) -> dict[str, Any]:
    """Fréchet distance and KID of sprites to the training sprites and to the held-out ones."""
    return {
        "training": _distance(reference.features, features),
        "held_out": _distance(_held_out(reference), features),
    }


def floor_of(plain: Evaluation, mirrored: Evaluation, n: int) -> dict[str, Any]:
    """What real sprites get in the place of n samples: held-out ones against the training sprites,
    and training ones against the held-out sprites."""
    real, held_out = plain.reference.features, _held_out(plain.reference)
    some = np.sort(np.random.default_rng(0).permutation(len(real))[:n])
    floor, unmirrored = mirrored.floor.held_out, plain.floor.held_out
    assert floor is not None
    assert unmirrored is not None
    return {
        "against": {
            "training": _distance(real, held_out),
            "held_out": _distance(held_out, real[some]),
        },
        "told_apart": unmirrored.told_apart,
        "memory": memory(floor),
    }


def memory(measures: Measures) -> dict[str, float]:
    """Pick ``MEMORY`` out of the measures."""
    return {key: getattr(measures, key) for key in MEMORY}


def _held_out(reference: Reference) -> Features:
    if reference.held_out_features is None:
        raise SpritelabError(f"fewer than {LEAST} sprites are held out; raise --held-out")
    return reference.held_out_features


def _distance(real: Features, features: Features) -> dict[str, Any]:
    frechet, kid, kid_std, subset = frechet_and_kid(real, features)
    found = {"n": len(features), "frechet": frechet, "kid": kid, "kid_std": kid_std}
    return {**found, "kid_subset": subset}


def _mean(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean of every figure over the states of a run."""
    return {
        key: value if key in ("n", "kid_subset") else fmean(state[key] for state in states)
        for key, value in states[0].items()
    }
