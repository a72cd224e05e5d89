"""Quality against cost, drawn by matplotlib as SVG in the text colour of the page around it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spritelab.evaluation.comparison.cells import Cell

# After Okabe and Ito 2008: told apart by every kind of colour vision, on light and on dark.
COLOURS = ("#1A7FBF", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P")
TEXT_COLOUR = "#010203"  # replaced by the page's own colour
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
LOG_RATIO = 8.0  # largest over smallest from which the measure's axis is logarithmic
SIZE = (4.6, 3.9)  # inches at 72 dots: about a phone's width


def chart(
    cells: Sequence[Cell],
    measure: str,
    y_label: str,
    *,
    against: str,
    floor: float | None = None,
    standalone: bool = False,
) -> str:
    """Draw one measure of every sampler against its cost: an SVG element.

    The axis of cost is logarithmic; that of the measure too where its values span a wide range.

    Args:
        cells: of the comparison.
        measure: a field of ``Measures``; the mean over seeds, with their standard deviation.
        y_label: the axis.
        against: ``nfe`` or ``seconds``, a sprite.
        floor: a dashed line for what the same number of real sprites get.
        standalone: for a file of its own: dark on white instead of the page's colours.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    cost: Callable[[Cell], float] = (
        (lambda cell: cell.nfe) if against == "nfe" else (lambda cell: cell.seconds_each)
    )
    families: dict[str, list[Cell]] = {}
    for cell in cells:
        # η = 1 is DDPM's own chain: a second line would lie on the first.
        if cell.how.canonical == cell.how or cell.how.canonical not in {c.how for c in cells}:
            families.setdefault(cell.how.family, []).append(cell)

    colour = "#222222" if standalone else TEXT_COLOUR
    rules: Any = {
        "svg.hashsalt": f"{measure} {against}",
        "font.size": 9,
        "text.color": colour,
        "axes.edgecolor": colour,
        "axes.labelcolor": colour,
        "xtick.color": colour,
        "ytick.color": colour,
    }
    with mpl.rc_context(rules):
        figure = Figure(figsize=SIZE, dpi=72, layout="constrained")
        figure.patch.set_alpha(1.0 if standalone else 0.0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0.0)
        for k, (family, group) in enumerate(families.items()):
            group = sorted(group, key=cost)
            deviations = [float(np.std(c.values(measure), ddof=1)) for c in group if c.seeds[1:]]
            axes.errorbar(
                [cost(cell) for cell in group],
                [cell.mean(measure) for cell in group],
                yerr=deviations or None,
                color=COLOURS[k % len(COLOURS)],
                marker=MARKERS[k % len(MARKERS)],
                markersize=4.5,
                linewidth=1.6,
                capsize=2.5,
                label=family,
            )
        if floor is not None:
            axes.axhline(floor, color=colour, linewidth=1, linestyle=(0, (4, 3)), label="floor")
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        ticks = sorted({cost(cell) for cell in cells})
        if against == "nfe":
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        else:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _clock(value)))
        means = [cell.mean(measure) for cell in cells]
        if min(means) > 0 and max(means) > LOG_RATIO * min(means):
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("network evaluations a sprite" if against == "nfe" else "seconds a sprite")
        axes.set_ylabel(y_label)
        axes.grid(visible=True, color=colour, alpha=0.14, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8.5)
        written = io.StringIO()
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(written, metadata=NO_METADATA)
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :].replace(TEXT_COLOUR, "currentColor")
    if standalone:
        return svg
    named = f'<svg role="img" aria-label="{y_label} against {against} a sprite" '
    return svg.replace("<svg ", named, 1)


def charts_of(
    cells: Sequence[Cell], facts: Mapping[str, Any], standalone: bool = False
) -> dict[str, str]:
    """The four charts of a report by name: SVG elements.

    Args:
        cells: of the comparison.
        facts: of the report, see ``report.as_dict``.
        standalone: as for ``chart``.
    """
    name = facts["frechet_name"]
    floor = (facts["floor"] or {}).get("kid")
    frechet: Any = {"measure": "frechet", "y_label": f"{name}, lower is better"}
    return {
        "frechet_nfe": chart(cells, **frechet, against="nfe", standalone=standalone),
        "frechet_seconds": chart(cells, **frechet, against="seconds", standalone=standalone),
        "kid_nfe": chart(
            cells,
            "kid",
            "KID, lower is better",
            against="nfe",
            floor=floor,
            standalone=standalone,
        ),
        "recall_nfe": chart(
            cells, "recall", "recall, higher is better", against="nfe", standalone=standalone
        ),
    }


def _clock(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"
