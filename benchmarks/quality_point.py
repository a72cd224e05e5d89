"""One point of ``time_to_quality.py``: trained, drawn from, measured; and what real sprites get."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

import harness

# isort: split
import numpy as np

from spritelab import runs
from spritelab.cli import console
from spritelab.config import RunSettings, SamplerSettings
from spritelab.data import SpriteSet
from spritelab.errors import SpritelabError
from spritelab.evaluation import measures
from spritelab.evaluation.embedding import embed
from spritelab.evaluation.features import Extractor, Features
from spritelab.evaluation.reference import LEAST, Reference, build_reference
from spritelab.evaluation.samples import Samples, SampleStore
from spritelab.evaluation.scores import make_floor
from spritelab.generate import Model, load_model, save_model
from spritelab.storage import write_json

SAMPLE_SEED = 0
"""Decides the sprites that are drawn, the same for all contestants."""

APART = 50
"""Updates between the states that are measured of a run which comes to no rest."""


def make_point(order: Path) -> None:
    """Train, draw and measure one point, and write its cell."""
    point = json.loads(order.read_text("utf-8"))
    name = f"{point['contestant']}, {point['minutes']:g} min, seed {point['seed']}"
    settings = RunSettings.parse(point["settings"])
    folder = Path(point["run"])
    console.say(name, "training")
    begun = runs.record_file(folder) is not None
    run = runs.resume_run(folder) if begun else runs.start_run(settings, folder)
    more = point.get("states", 1) - 1
    for update in run.train(cpu=point["device"] == "cpu"):
        if more and update.step % APART == 0 and not run.finished:
            keep_state(run, folder.with_name("states"), more)
    if run.stopped:
        raise KeyboardInterrupt
    device = point["device"]
    model = load_model(folder, device)
    logged = runs.read_metrics(folder)[-1]  # the only validation, after the last update
    seconds = float(logged["seconds"])
    console.say(name, f"{model.config.step:,} updates in {seconds:.1f} s; drawing, measuring")
    steps = min(point["steps"], model.schedule.timesteps)
    how = SamplerSettings(sampler="ddim", steps=steps)
    extractor = Extractor(point["features"], device=device)
    plain, both = references(run.train_sprites, run.held_out, extractor, point["features_kept"])

    def drawn_by(model: Model) -> tuple[Samples, Features]:
        drawn = SampleStore(model, folder.parent).draw(how, SAMPLE_SEED, point["n"])
        return drawn, extractor(drawn.images)

    drawn, features = drawn_by(model)
    states = [against(plain, features)]
    for earlier in sorted(folder.with_name("states").glob("step-*")):
        states.append(against(plain, drawn_by(load_model(earlier, device))[1]))
    described = embed(drawn.images, drawn.labels, plain, features)
    turned = embed(drawn.images, drawn.labels, both, features)
    floor = make_floor(plain, point["n"]).held_out
    over_floor = None
    if floor is not None and floor.frechet > 0:
        over_floor = measures.measure_at(plain, described, floor.n).frechet / floor.frechet
    seen = model.config.step * settings.training.batch_size
    cell = {
        **{key: point[key] for key in ("contestant", "minutes", "seed", "threads", "parallel")},
        "settings": point["settings"],
        "parameters": sum(p.numel() for p in model.network.parameters()),
        "updates": model.config.step,
        "sprites_seen": seen,
        "seconds": seconds,
        "sprites_per_second": seen / seconds,
        "losses": {key: logged[key] for key in ("train_loss", "val_loss")},
        "drawing_seconds": float(drawn.seconds.sum()),
        "against": {side: mean_of([state[side] for state in states]) for side in states[0]},
        "states": states,
        "measures": asdict(measures.measure(plain, described)),
        "over_floor": over_floor,
        "memory": {
            "copies": turned.copies.share,
            "authentic": float(turned.authentic.mean()),
            "copying_score": measures.copying(both, turned),
        },
        "circumstances": harness.circumstances(model.device),
    }
    write_json(Path(point["cell"]), cell)
    console.say(name, f"{extractor.frechet_name} {cell['against']['training']['frechet']:.2f}")


def keep_state(run: runs.Run, folder: Path, most: int) -> None:
    """Save the model as it is now beside the last ones, ``most`` in all."""
    assert run.state is not None
    step = run.state.step
    save_model(folder / f"step-{step:08d}", run.state.average.weights, run.model_config(step))
    for old in sorted(folder.glob("step-*"))[:-most]:
        shutil.rmtree(old)


def references(
    training: SpriteSet, held_out: SpriteSet, extractor: Extractor, kept: str | Path
) -> tuple[Reference, Reference]:
    """The real sprites as they are, which all contestants are measured against, and with the
    mirror images of those that may be turned, among which copies are looked for."""
    plain, both = (
        build_reference(training, held_out, extractor, mirror=mirror, most=None, cache=Path(kept))
        for mirror in (False, True)
    )
    return plain, both


def against(reference: Reference, features: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Fréchet distance and KID of sprites to the training sprites and to the held-out ones."""
    sides = {"training": reference.features, "held_out": reference.held_out_features}
    if sides["held_out"] is None:
        raise SpritelabError(f"fewer than {LEAST} sprites are held out; raise --held-out")
    found = {}
    for side, real in sides.items():
        assert real is not None
        frechet, kid, kid_std, subset = measures.frechet_and_kid(real, features)
        found[side] = {
            **{"n": len(features), "frechet": frechet, "kid": kid, "kid_std": kid_std},
            "kid_subset": subset,
        }
    return found


def mean_of(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean of every figure over the states of a run."""
    return {
        key: value if key in ("n", "kid_subset") else fmean(state[key] for state in states)
        for key, value in states[0].items()
    }


def floor_of(plain: Reference, both: Reference, n: int) -> dict[str, Any]:
    """What real sprites get in the place of n samples: held-out ones against the training sprites,
    and training ones against the held-out sprites."""
    assert plain.held_out is not None
    assert plain.held_out_features is not None
    assert both.held_out is not None
    few = np.sort(np.random.default_rng(0).permutation(len(plain))[:n])
    held_out = embed(both.held_out.images, both.held_out.labels, both, both.held_out_features)
    return {
        "against": {
            "training": against(plain, plain.held_out_features)["training"],
            "held_out": against(plain, plain.features[few])["held_out"],
        },
        "memory": {
            "copies": held_out.copies.share,
            "authentic": float(held_out.authentic.mean()),
        },
    }
