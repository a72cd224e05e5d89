"""DDPM against DDIM: a grid of settings on the same weights and noise, and the report of it."""

from spritelab.evaluation.comparison.answer import Difference, paired_difference, plus_minus
from spritelab.evaluation.comparison.cells import Cell, Comparison, Plan, estimate_seconds
from spritelab.evaluation.comparison.grid import (
    Grid,
    check_grid,
    make_grid,
    quick_grid,
    read_single,
    step_count,
)
from spritelab.evaluation.comparison.report import (
    CELLS,
    About,
    check_folder,
    reporting,
    write_report,
)

__all__ = [
    "Plan",
    "Comparison",
    "Cell",
    "estimate_seconds",
    "Difference",
    "paired_difference",
    "plus_minus",
    "Grid",
    "make_grid",
    "quick_grid",
    "read_single",
    "check_grid",
    "step_count",
    "About",
    "CELLS",
    "check_folder",
    "reporting",
    "write_report",
]
