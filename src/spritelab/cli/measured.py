"""The figures of an evaluation, as they are printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spritelab.cli import console

if TYPE_CHECKING:
    from rich.table import Table

    from spritelab.evaluation import Evaluation


def show(found: Evaluation, facts: dict[str, Any]) -> None:
    """Print the figures, and under them those of all sprites, where there are any."""
    console.out.print(_table(found, facts))
    for line in _notes(facts):
        console.out.print(line, soft_wrap=True, markup=False, highlight=False)
    if "whole" in facts:
        console.out.print(_whole_table(facts))


def _table(found: Evaluation, facts: dict[str, Any]) -> Table:
    """Lay out measures with the floor and the ratio beside them."""
    from rich import box
    from rich.table import Column, Table

    from spritelab.evaluation.formatting import MEASURES, figure

    floor, ratios, spread = found.floor.held_out, facts["ratio"] or {}, facts["spread"]
    columns = [Column(found.how.name if found.how else "images")]
    columns.append(Column(f"n = {facts['n']:,}", justify="right"))
    if floor is not None:
        for title in (f"at n = {floor.n:,}", "held out", "ratio"):
            columns.append(Column(title, justify="right"))
    table = Table(*columns, box=box.SIMPLE)
    for key, name, scale in MEASURES:
        value = figure(facts[key] * scale)
        if spread is not None:
            value += f" ± {figure(spread[key] * scale)}"
        row = [name or facts["frechet_name"], value]
        if floor is not None:
            matched = facts["matched"][key] * scale
            row += [figure(matched), figure(getattr(floor, key) * scale), figure(ratios[key])]
        table.add_row(*row)
    return table


def _notes(facts: dict[str, Any]) -> list[str]:
    """What stands under the table."""
    from spritelab.evaluation.formatting import duration, figure

    name, lines = facts["frechet_name"], []
    lines.append(f"distinct sprites: {facts['distinct']:,.0f} of {facts['n']:,}")
    lines.append(
        "told apart: accuracy of a classifier, standard error "
        f"{figure(facts['told_apart_error'])}; 0.5 cannot be told"
    )
    if facts["matched"] is not None:
        lines.append(
            "differing pixels, edge distance: the lower, the nearer to the training sprites; "
            "compare with what held-out ones get"
        )
    if facts["copying_score"] is not None:
        lines.append(f"C_T: {figure(facts['copying_score'])} (0: no copying, below −3: copying)")
    floor, halves = (facts["floor"] or {}).get("halves"), facts["halves"]
    if floor and halves:
        lines.append(
            f"{name} at n = {halves['n']:,} against one half of the real sprites: "
            f"{figure(halves['frechet'])}; the other half gets {figure(floor['frechet'])}"
        )
    for label, one in facts["classes"].items():
        against = f", {figure(one['ratio']['frechet'])} times the floor" if one["ratio"] else ""
        lines.append(
            f"  {label}: n = {one['n']:,.0f}, {name} {figure(one['frechet'])}{against}, "
            f"KID × 1000 {figure(1000 * one['kid'])}, precision {figure(one['precision'])}, "
            f"recall {figure(one['recall'])}"
        )
    if facts.get("palettes") == "held-out":
        lines.append("drawn in the palettes of held-out sprites, which the model has never seen")
    if "seconds" in facts:
        lines.append(
            f"drawing took {duration(facts['seconds'])}, {facts['nfe']:,} network evaluations each"
        )
    lines.append(f"features {facts['features']}, protocol {facts['protocol']}")
    return lines


def _whole_table(facts: dict[str, Any]) -> Table:
    """The measures of all sprites."""
    from rich import box
    from rich.table import Column, Table

    from spritelab.evaluation.formatting import MEASURES, figure

    whole = facts["whole"]
    table = Table("all sprites", Column(f"n = {whole['n']:,}", justify="right"), box=box.SIMPLE)
    table.add_row("distinct sprites", f"{whole['distinct']:,}")
    for key, name, scale in MEASURES:
        if key in whole:
            value = figure(whole[key] * scale)
            if key == "kid" and whole["kid_error"] is not None:
                value += f" ± {figure(whole['kid_error'] * scale)}"
            table.add_row(name or facts["frechet_name"], value)
    return table
