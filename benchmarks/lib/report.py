"""The table and the figure of ``quality.time_to_quality``."""

from __future__ import annotations

import io
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.lib import harness
from spritelab.storage import write_file

Result = Mapping[str, Any]
"""One finished point: a contestant trained for so many minutes with one seed, and measured."""


def group(results: Sequence[Result]) -> dict[tuple[str, float], list[Result]]:
    """The results of one contestant and length, one a seed, in the order of the contestants."""
    found: dict[tuple[str, float], list[Result]] = {}
    for result in results:
        found.setdefault((result["contestant"], result["minutes"]), []).append(result)
    return found


def mean(results: Sequence[Result], *path: str) -> float | None:
    """The mean over the seeds of one figure; None where one of them has none."""
    values = []
    for result in results:
        value: Any = result
        for key in path:
            value = value[key]
        if value is None:
            return None
        values.append(float(value))
    return statistics.fmean(values)


def ratios(results: Sequence[Result], baseline: str) -> list[dict[str, Any]]:
    """Every point's Fréchet distance and KID over those of the baseline's longest run.

    Below 1 is better than the baseline ever got; None where the baseline has none above zero.
    """
    points = group(results)
    longest = max((minutes for name, minutes in points if name == baseline), default=None)
    if longest is None:
        return []
    theirs = points[baseline, longest]
    found = []
    for (name, minutes), ours in points.items():
        entry: dict[str, Any] = {"contestant": name, "minutes": minutes}
        entry["over"] = {"contestant": baseline, "minutes": longest}
        for against in ("training", "held_out"):
            for key in ("frechet", "kid"):
                value, under = (mean(side, "against", against, key) for side in (ours, theirs))
                entry[f"{key}_{against}"] = (
                    value / under if value is not None and under is not None and under > 0 else None
                )
        found.append(entry)
    return found


def table(report: Mapping[str, Any]) -> str:
    """The report as Markdown: a row for every contestant and length, and the floor."""
    name = report["frechet_name"]
    results = report["results"]
    over = {(r["contestant"], r["minutes"]): r for r in report["ratios"]}
    baseline = next((r["over"] for r in report["ratios"]), None)
    titles = [
        *("contestant", "minutes", "sprites seen", "updates", "sprites/s"),
        *(f"{name}, training", f"{name}, held-out", "KID × 1000, training"),
        *("KID × 1000, held-out", "× floor", "told apart"),
        *("copies", "near copies", "differing pixels", "recoloured copies", "C_T", "authentic"),
    ]
    if baseline:
        whose = f"{baseline['contestant']} {baseline['minutes']:g} min"
        titles += [f"{name} ÷ {whose}", f"{name}, held-out ÷ {whose}", f"KID ÷ {whose}"]
    rows = []
    for (contestant, minutes), ours in group(results).items():
        row = [
            contestant,
            f"{minutes:g}",
            shown(mean(ours, "sprites_seen"), "{:,.0f}"),
            shown(mean(ours, "updates"), "{:,.0f}"),
            shown(mean(ours, "sprites_per_second"), "{:,.0f}"),
            shown(mean(ours, "against", "training", "frechet"), "{:.2f}"),
            shown(mean(ours, "against", "held_out", "frechet"), "{:.2f}"),
            _kid(ours, "training"),
            _kid(ours, "held_out"),
            shown(mean(ours, "over_floor"), "{:.2f}"),
            shown(mean(ours, "told_apart"), "{:.2f}"),
            *_near(ours),
            shown(mean(ours, "memory", "copying_score"), "{:+.1f}"),
            shown(mean(ours, "memory", "authentic"), "{:.1%}"),
        ]
        if baseline:
            ratio = over[contestant, minutes]
            row.append(shown(ratio["frechet_training"], "{:.2f}"))
            row.append(shown(ratio["frechet_held_out"], "{:.2f}"))
            row.append(shown(ratio["kid_training"], "{:.3f}"))
        rows.append(row)
    floors = report["floors"]
    rows.append(
        [
            "floor: real sprites",
            *[""] * 4,
            shown(mean(floors, "against", "training", "frechet"), "{:.2f}")
            + f" (n = {floors[0]['against']['training']['n']:,})",
            shown(mean(floors, "against", "held_out", "frechet"), "{:.2f}"),
            _kid(floors, "training"),
            _kid(floors, "held_out"),
            "1",
            shown(mean(floors, "told_apart"), "{:.2f}"),
            *_near(floors),
            "0",
            shown(mean(floors, "memory", "authentic"), "{:.1%}"),
            *([""] * 3 if baseline else []),
        ]
    )
    return harness.markdown(titles, rows) + "\n" + _words(report)


def _words(report: Mapping[str, Any]) -> str:
    data, floor = report["data"], report["floors"][0]["against"]
    seeds = ", ".join(str(seed) for seed in report["seeds"])
    beside = (
        "Trainings ran side by side, one core and one thread each."
        if report["parallel"]
        else "Trainings ran one after another."
    )
    if all(result["clock"] == "processor" for result in report["results"]):
        beside += " Minutes are the processor's, without those that it gave to other work."
    commits = {result["circumstances"]["commit"] for result in report["results"]}
    several = f" Points were made at {len(commits)} commits." if len(commits) > 1 else ""
    for (contestant, minutes), ours in group(report["results"]).items():
        states = [state for result in ours for state in result.get("states", [])]
        if len(states) > len(ours):
            found = [state["training"]["frechet"] for state in states]
            several += (
                f" {contestant}, {minutes:g} min: the mean of the last {len(found)} states, from "
                f"{min(found):.2f} to {max(found):.2f}."
            )
    return (
        f"Sprites of {data['source']}, {data['size']}×{data['size']}, {data['channels']} channels: "
        f"{data['training']:,} to train on, {data['held_out']:,} held out. {report['n']:,} sprites "
        f"by {report['sampling']}; means over training seeds {seeds}. Every point is a training of "
        "its own, of that length: what decays or averages does so over that length. Minutes are of "
        "training and the writing of checkpoints; nothing is validated or drawn in them. "
        f"{beside}{several}\n\n"
        "All are measured against the sprites of their own split, none of them mirrored, but for "
        "the search for copies, C_T and authentic, which know both orientations. The split depends "
        "on the pixels: it is the same for all who learn the same channels. The floor sets "
        "held-out sprites against the training sprites (the Fréchet distance of "
        f"{floor['training']['n']:,}, so it lies higher than that of {report['n']:,} would), and "
        f"{floor['held_out']['n']:,} training sprites against the {data['held_out']:,} held-out "
        "ones. × floor is the Fréchet distance to the training sprites over the floor's, both at "
        "the floor's n; told apart is at that n too.\n"
    )


def figure(report: Mapping[str, Any], path: Path) -> Path:
    """Quality against minutes of training, one line a contestant; what is not above 0 is left out.

    Raises:
        StorageError: if the file cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    picture = Figure(figsize=(11, 4.5), layout="constrained")
    kinds: tuple[tuple[str, str, float, str], ...] = (
        ("training", "frechet", 1, f"{report['frechet_name']} to the training sprites"),
        ("held_out", "kid", 1000, "KID × 1000 to the held-out sprites"),
    )
    points = group(report["results"])
    names = list(dict.fromkeys(name for name, _ in points))
    for axes, (against, key, scale, label) in zip(picture.subplots(1, 2), kinds, strict=True):
        for name in names:
            found = [
                (mean(results, "seconds"), mean(results, "against", against, key))
                for (who, _), results in points.items()
                if who == name
            ]
            drawn = sorted((x / 60, scale * y) for x, y in found if x and y is not None and y > 0)
            axes.plot([x for x, _ in drawn], [y for _, y in drawn], marker="o", label=name)
        floor = mean(report["floors"], "against", against, key)
        if floor is not None and floor > 0:
            n = report["floors"][0]["against"][against]["n"]
            of = f"floor: {n:,} real sprites"
            axes.axhline(scale * floor, color="grey", linestyle=":", label=of)
        axes.set(xscale="log", yscale="log", xlabel="minutes of training", ylabel=label)
        lengths = sorted({minutes for _, minutes in points})
        axes.set_xticks(lengths, [f"{minutes:g}" for minutes in lengths])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(which="both", alpha=0.3)
        axes.legend()
    data = io.BytesIO()
    picture.savefig(data, format="png", dpi=150)
    write_file(path, data.getvalue())
    return path


def shown(value: float | None, form: str) -> str:
    """A figure in the given form, or a dash where there is none."""
    return "–" if value is None else form.format(value)


def _near(results: Sequence[Result]) -> list[str]:
    """The measures of nearness to single training sprites that need no features."""
    keys = ("copies", "near_copies", "pixel_distance", "recoloured_copies")
    return [shown(mean(results, "memory", key), "{:.1%}") for key in keys]


def _kid(results: Sequence[Result], against: str) -> str:
    kid, deviation = (mean(results, "against", against, key) for key in ("kid", "kid_std"))
    if kid is None or deviation is None:
        return "–"
    return f"{1000 * kid:.2f} ± {1000 * deviation:.2f}"
