"""Loss curves, drawn with matplotlib's object interface: no window, no global figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spritelab.errors import DataError
from spritelab.extras import require
from spritelab.pixels import Images

# Told apart by every kind of colour vision, and in grey (Okabe and Ito 2008).
TRAIN = "#0072B2"
HELD_OUT = "#D55E00"

LOG_RATIO = 8.0


def loss_curves(
    records: Sequence[Mapping[str, Any]],
    title: str = "Loss",
    *,
    loss: str = "loss",
    unit: str = "mean squared error on ε",
) -> Images:
    """Draw training and held-out loss: uint8 ``[h,w,3]``.

    Args:
        records: one mapping a validation, in order: ``step`` (updates made), ``epoch``,
            ``seconds`` (since the start), ``train_loss`` and ``val_loss`` (over training and
            held-out sprites, at the same fixed t and noise), and ``kept_step`` where it is not the
            last weights that are kept. A loss that is missing, ``None`` or not finite leaves a gap.
            Records without ``epoch`` are drawn over steps.
        title: the heading.
        loss: which one: ``train_objective`` and ``val_objective`` are drawn for ``"objective"``.
        unit: what stands at its axis.

    The loss axis is logarithmic where the largest loss is more than ``LOG_RATIO`` times the
    smallest: a straight scale would then show one drop and a flat line.

    Raises:
        DataError: no record holds a loss.
        MissingExtraError: matplotlib, which only this picture needs, is not installed.
    """
    require("train")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    train = _column(records, f"train_{loss}")
    held_out = _column(records, f"val_{loss}")
    losses = np.concatenate([train, held_out])
    losses = losses[np.isfinite(losses)]
    if losses.size == 0:
        raise DataError("no loss was recorded, so there is no curve to draw; train for longer")
    epochs = _column(records, "epoch")
    by_epoch = bool(np.isfinite(epochs).all()) and epochs.max() >= 1
    x = epochs if by_epoch else _column(records, "step")

    layout = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.1)
    figure = Figure(figsize=(8.0, 4.6), dpi=120, layout=layout, facecolor="white")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    lines = (("training sprites", train, TRAIN, "o"), ("held-out sprites", held_out, HELD_OUT, "s"))
    for name, y, colour, marker in lines:
        seen = np.flatnonzero(np.isfinite(y))
        if seen.size == 0:
            continue
        mark = marker if seen.size <= 60 else ""
        label = f"{name}: {y[seen[-1]]:.4g} at the end"
        if name == "held-out sprites" and seen.size > 1:
            best = seen[np.argmin(y[seen])]
            label += f", lowest {y[best]:.4g} at {'epoch' if by_epoch else 'step'} {x[best]:,.4g}"
        axes.plot(x, y, color=colour, linewidth=1.8, label=label, marker=mark, markersize=3.5)

    kept = records[-1].get("kept_step", math.nan)
    for at in x[_column(records, "step") == kept]:
        axes.axvline(at, color="#707480", linestyle=":", label=f"kept: step {kept:,}")
    if losses.min() > 0 and losses.max() / losses.min() > LOG_RATIO:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if not by_epoch:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.set_title(_length(records), loc="right", fontsize=9, color="#707480")
    axes.set_xlabel("epoch" if by_epoch else "step")
    axes.set_ylabel(unit)
    axes.grid(visible=True, color="#e4e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper right", fontsize=9)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _column(records: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    """Return one key of all records as float64 ``[len(records)]``, NaN where it is missing."""
    values = (record.get(key) for record in records)
    column = np.array([math.nan if v is None else float(v) for v in values], dtype=np.float64)
    column[~np.isfinite(column)] = math.nan
    return column


def _length(records: Sequence[Mapping[str, Any]]) -> str:
    """Say in words how long the training was: ``24,000 steps in 11 min 40 s``."""
    steps, seconds = records[-1].get("step"), records[-1].get("seconds")
    parts = [] if steps is None else [f"{int(steps):,} steps"]
    if seconds is not None and math.isfinite(seconds):
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = (
            f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else ""
        )
        parts.append(clock or f"{rest} s")
    return " in ".join(parts)
