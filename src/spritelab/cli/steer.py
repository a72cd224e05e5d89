"""``spritelab steer``: sprites between others, from others, and around others."""

from __future__ import annotations

import typer

from spritelab.cli import console
from spritelab.cli.deferred import deferred

app = typer.Typer(
    help="Draw sprites between others, from others, and around others.",
    epilog="Example: spritelab steer redraw builtin-16 hero.png --strength 0.4",
    rich_markup_mode="rich",
)
COMMANDS = {
    "interpolate": ("Draw a row from one sprite to another.", "builtin-16 --numbers 0,1"),
    "mix": ("Draw one sprite from one class to another.", "builtin-16 hero,food --number 3"),
    "vary": ("Draw sprites around one.", "builtin-16 --number 2 --amount 0.2"),
    "invert": (
        "Find the noise that draws sprites, and measure how well they come back.",
        "builtin-16 hero.png --steps 10,50,250",
    ),
    "redraw": ("Draw sprites anew, from a noisy copy.", "builtin-16 hero.png --strength 0.4"),
    "inpaint": ("Draw a part of sprites; the rest stays.", "builtin-16 hero.png --mask mask.png"),
    "outline": ("Draw the inside of silhouettes.", "builtin-16 hero.png -n 8"),
}
for _name, (_summary, _example) in COMMANDS.items():
    deferred(app, _name, _summary, f"spritelab steer {_name} {_example}", module="steering")


@app.callback(invoke_without_command=True)
def group(context: typer.Context) -> None:
    console.help_when_alone(context)
