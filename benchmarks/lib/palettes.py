"""Palettes that no model learnt, for benchmarks and pictures: few colours, one mood, many hues."""

from __future__ import annotations

from pathlib import Path

from spritelab.palette import Palette, read_palette

GREENS = ("#0f380f", "#306230", "#8bac0f", "#9bbc0f")
"""Of an old hand-held console."""

DUSK = (
    *("#0d2b45", "#203c56", "#544e68", "#8d697a"),
    *("#d08159", "#ffaa5e", "#ffd4a3", "#ffecd6"),
)
"""Dark blue to light orange: SLSO8, by Luis Miguel Maldonado."""

PICO_8 = Path(__file__).with_name("pico-8.hex")
"""The 16 colours of PICO-8 (CC0)."""


def public() -> dict[str, Palette]:
    """Every one of them by name."""
    return {
        "four greens": Palette.from_hex(GREENS),
        "eight of dusk": Palette.from_hex(DUSK),
        "PICO-8": read_palette(PICO_8),
    }
