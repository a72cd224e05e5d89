"""The commands of ``spritelab steer``: each calls the method of its name and saves the batch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spritelab.cli import console, options, sampling
from spritelab.cli.sample import HARD_ALPHA, PALETTE
from spritelab.config.sampler import GUIDANCE
from spritelab.errors import SettingsError

if TYPE_CHECKING:
    from spritelab.generate import Model, SpriteBatch
    from spritelab.progress import Progress

Draw = Callable[["Model", "Progress"], "SpriteBatch"]

Sprites = Annotated[
    str, typer.Argument(metavar="SPRITES", help="a picture, an .aseprite file or a folder")
]
Count = Annotated[int, typer.Option("-n", "--count", min=1, help="how many sprites")]
Each = Annotated[int, typer.Option("-n", "--count", min=1, help="drawings of each sprite")]
Seed = Annotated[int, typer.Option(help="of the noise")]
Number = Annotated[int, typer.Option(help="which sprite of the seed")]
Jump = Annotated[int, typer.Option(min=1, help="steps that are walked again")]
Resamplings = Annotated[
    int, typer.Option(min=1, help="how often each step is walked; 1 never goes back")
]
SHARED: dict[str, Any] = {
    **sampling.annotated("sampler", "steps", "eta", "spacing", *GUIDANCE),
    "label": Annotated[str | None, typer.Option(help=options.LABEL, show_default=False)],
    "palette": Annotated[str | None, typer.Option(help=PALETTE, show_default=False)],
    "hard_alpha": Annotated[
        bool | None, typer.Option("--hard-alpha/--soft-alpha", help=HARD_ALPHA)
    ],
    "batch_size": Annotated[
        int | None, typer.Option(help="sprites at a time; unset: what suits the device")
    ],
    "device": options.Device,
    "out": Annotated[
        Path | None, typer.Option(help="folder for the sprites", show_default="samples/MODEL-NAME")
    ],
}


def drawing(command: Callable[..., Draw]) -> Callable[..., None]:
    """Make a command that draws and saves: it has the options of ``SHARED`` and ``--overwrite``.

    The function takes those that were given as ``shared``, by the names that the methods of a model
    have for them, and returns what draws.
    """
    signature = inspect.signature(command, eval_str=True)
    leaves = "label" if command.__name__ == "mix" else None

    @wraps(command)
    def called(model: str, **given: Any) -> None:
        from spritelab import generate
        from spritelab.generate import samples_folder

        shared = sampling.read_sampler(
            options.given(**{name: given.pop(name, None) for name in SHARED})
        )
        overwrite = given.pop("overwrite")
        loaded = generate.load_model(model, shared.pop("device", None))
        folder = shared.pop("out", None) or Path("samples") / f"{loaded.name}-{command.__name__}"
        samples_folder.check_free(folder, overwrite)
        if "label" in shared:
            shared["label"] = options.read_label(shared["label"])
        if "palette" in shared:
            shared["palette"] = options.read_colours(shared["palette"])
        draw = command(**given, shared=shared)
        with console.progress("evaluations") as bar:
            batch = draw(loaded, bar)
        samples_folder.save_batch(batch, folder, overwrite=overwrite)
        seconds = f"{batch.seconds:.1f} s, {batch.nfe} network evaluations each"
        console.say("drawn", f"{len(batch):,} sprites in {seconds}")
        console.wrote(folder)

    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [p for p in signature.parameters.values() if p.name != "shared"]
    added = [
        inspect.Parameter(name, keyword, default=None, annotation=kind)
        for name, kind in SHARED.items()
        if name != leaves
    ]
    flag = Annotated[
        bool, typer.Option("--overwrite", help="replace the folder if sprites are in it already")
    ]
    added.append(inspect.Parameter("overwrite", keyword, default=False, annotation=flag))
    model = inspect.Parameter("model", keyword, annotation=options.ModelName)
    options.sign(called, [model, *own, *added])
    return called


@drawing
def interpolate(
    shared: dict[str, Any],
    count: Count = 8,
    seed: Seed = 0,
    numbers: Annotated[str, typer.Option(help="the two sprites of the seed")] = "0,1",
    sprites: Annotated[
        str | None,
        typer.Option(help="two sprites of your own: a folder of two", show_default=False),
    ] = None,
) -> Draw:
    """Draw a row from one sprite to another.

    The ends are sprites of a seed, or two of your own, which are inverted first. Unless told
    otherwise, a model whose own sampler adds noise on the way draws them by dpm.
    """
    ends = options.whole_numbers(numbers, "`numbers`")
    return lambda model, bar: model.interpolate(
        count, seed=seed, numbers=ends, sprites=sprites, progress=bar, **shared
    )


@drawing
def mix(
    shared: dict[str, Any],
    labels: Annotated[str, typer.Argument(metavar="CLASSES", help="two classes: hero,food")],
    count: Count = 8,
    seed: Seed = 0,
    number: Number = 0,
) -> Draw:
    """Draw one sprite from one class to another.

    All start from the same noise; the class is a mix of both.
    """
    both = [name.strip() for name in labels.split(",")]
    return lambda model, bar: model.mix(
        both, count, seed=seed, number=number, progress=bar, **shared
    )


@drawing
def vary(
    shared: dict[str, Any],
    count: Count = 8,
    amount: Annotated[float, typer.Option(help="0 is the sprite itself, 1 another one")] = 0.2,
    seed: Seed = 0,
    number: Number = 0,
) -> Draw:
    """Draw sprites around one.

    Each starts from the noise of that sprite, moved a little.
    """
    return lambda model, bar: model.vary(
        count, amount=amount, seed=seed, number=number, progress=bar, **shared
    )


@drawing
def redraw(
    shared: dict[str, Any],
    sprites: Sprites,
    strength: Annotated[float, typer.Option(help="above 0; 1 keeps next to nothing")] = 0.5,
    count: Each = 1,
    seed: Seed = 0,
) -> Draw:
    """Draw sprites anew, from a noisy copy.

    The more strength, the noisier the copy, and the less of the sprite is kept.
    """
    return lambda model, bar: model.redraw(
        sprites, strength, count, seed=seed, progress=bar, **shared
    )


@drawing
def inpaint(
    shared: dict[str, Any],
    sprites: Sprites,
    mask: Annotated[
        str | None,
        typer.Option(
            help="a picture, white where to draw; unset: where the sprite is transparent",
            show_default=False,
        ),
    ] = None,
    count: Each = 1,
    jump: Jump = 2,
    resamplings: Resamplings = 5,
    seed: Seed = 0,
) -> Draw:
    """Draw a part of sprites; the rest stays.

    All pixels outside of the mask stay as they are, byte for byte.
    """
    return lambda model, bar: model.inpaint(
        sprites, mask, count, jump=jump, resamplings=resamplings, seed=seed, progress=bar, **shared
    )


@drawing
def outline(
    shared: dict[str, Any],
    sprites: Sprites,
    count: Each = 1,
    jump: Jump = 2,
    resamplings: Resamplings = 5,
    seed: Seed = 0,
) -> Draw:
    """Draw the inside of silhouettes.

    What is transparent stays so, and all else becomes opaque. For models that draw RGBA.
    """
    return lambda model, bar: model.outline(
        sprites, count, jump=jump, resamplings=resamplings, seed=seed, progress=bar, **shared
    )


def invert(
    model: options.ModelName,
    sprites: Sprites,
    steps: Annotated[str, typer.Option(help="how many steps, several to compare")] = "10,20,50,100",
    noisy: Annotated[
        bool,
        typer.Option("--noisy", help="start from a slightly noisy copy: x_T gets its variance"),
    ] = False,
    iterations: Annotated[
        int, typer.Option(min=1, help="evaluations a step upwards; 1 is plain DDIM")
    ] = 6,
    seed: Seed = 0,
    label: Annotated[str | None, typer.Option(help=options.LABEL, show_default=False)] = None,
    device: options.Device = None,
    out: Annotated[
        Path | None,
        typer.Option(help="folder for what comes back, of the last steps", show_default=False),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="replace the folder if sprites are in it already")
    ] = False,
) -> None:
    """Find the noise that draws sprites, and measure how well they come back.

    Prints, for each number of steps, the share of pixels that come back byte for byte, how far the
    others are off (levels of 255, on white), and the standard deviation of x_T, which is 1 for
    noise that the model knows.
    """
    from spritelab import generate
    from spritelab.generate import samples_folder

    counts = options.whole_numbers(steps, "`steps`")
    if not counts:
        raise SettingsError("`steps` needs at least one number")
    if out is not None:
        samples_folder.check_free(out, overwrite)
    loaded = generate.load_model(model, device)
    print(f"{'steps':>6} {'evaluations':>12} {'equal':>8} {'levels':>8} {'std of x_T':>11}")
    for count in counts:
        with console.progress("evaluations", transient=True) as bar:
            found = loaded.invert(
                sprites,
                steps=count,
                noisy=noisy,
                iterations=iterations,
                seed=seed,
                label=options.read_label(label),
                progress=bar,
            )
        levels, std = found.error.mean_levels, float(found.noise.std())
        nfe = found.drawn.nfe
        print(f"{count:>6} {nfe:>12} {found.equal:>8.2%} {levels:>8.2f} {std:>11.3f}")
    if out is not None:
        samples_folder.save_batch(found.drawn, out, overwrite=overwrite)
        console.wrote(out)
