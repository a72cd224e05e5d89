"""Sheets of sprites: the grid that one is cut by."""

from spritelab.sheets.grid import check_grid, cut

__all__ = ["check_grid", "cut"]
