"""What marks a picture about sprites, so that readers of sprites know it from one."""

SOFTWARE = ("Software", "spritelab")
"""Keyword and text of a PNG's tEXt chunk in grids, contact sheets, strips and curves."""
