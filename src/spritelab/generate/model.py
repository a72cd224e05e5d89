"""A trained model, and the sprites that it draws.

A sprite is named by a seed and its own number: its noise is a function of these two alone (see
``diffusion.noise``), so that sprite 17 of seed 0 is the same sprite whether 18 or 3,000 are drawn,
alone or in batches, and whichever sampler or class it is drawn with starts from the same x_T. "The
same" holds up to the arithmetic of batching: matrix libraries add in another order for another
batch size, which moves values in their last digits. ``BATCHING_TOLERANCE`` states the bound.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import torch
from torch import Tensor

from spritelab import pixels
from spritelab.config import SamplerChanges, SamplerSettings
from spritelab.devices import best_device
from spritelab.diffusion import visited_pairs
from spritelab.errors import SettingsError
from spritelab.generate.batch import SpriteBatch
from spritelab.generate.folder import find_model, load_model_files
from spritelab.generate.request import Label, Request
from spritelab.generate.steering import Steering
from spritelab.generate.trace import Frame, Trace
from spritelab.palette import Palette
from spritelab.pictures import table_html
from spritelab.progress import SILENT, Progress

BATCHING_TOLERANCE = 1
"""Levels (of 255) by which a value may differ when a sprite is drawn in a batch of another size.

Measured on the CPU in float32, with preset ``rgba`` (random and trained weights) and batches of
1, 7, 20 and 64: x_0 moves by up to 2e-5, where half a level is 4e-3, so that about one value in
20,000 rounds to the level beside. Held by
``tests/generate/test_generate_model.py``. It is meant before alpha is
settled or made hard: a value of alpha right at the threshold may then fall to either side."""


@dataclass(frozen=True, eq=False)
class Model(Steering):
    """A trained network with the schedule and settings it was trained under.

    ``palettes`` are those of its training sprites, if it has a palette head: what it draws in
    unless told otherwise. ``folder`` is where it was loaded from. ``moments`` are those of its
    training sprites, if its folder has them, and ``guide`` is the weaker version of its network
    that is there for autoguidance, if one is.
    """

    def __repr__(self) -> str:
        kind = "RGBA" if self.channels == 4 else "RGB"
        several = "class" if len(self.class_names) == 1 else "classes"
        return (
            f"<{f'Model {self.name}'.strip()}: {self.size}×{self.size} {kind}, "
            f"{len(self.class_names)} {several}, {self.config.step:,} updates, on {self.device}>"
        )

    def _repr_html_(self) -> str:
        return table_html(self.name or "Model", self.config.in_words())

    def sample(
        self,
        n: int | None = None,
        how: SamplerSettings | None = None,
        *,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        variations: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        hard_alpha: bool | None = None,
        batch_size: int | None = None,
        progress: Progress = SILENT,
        **changes: Unpack[SamplerChanges],
    ) -> SpriteBatch:
        """Draw ``n`` sprites.

        ``model.sample(20)`` draws as the model's folder says; ``model.sample(20, sampler="ddim",
        steps=50, eta=0.0, guidance=2.0)`` as the words say.

        Args:
            n: how many; may be left out if ``numbers`` or another list says so.
            how: the sampler and its settings; the model's own, ``config.sampling``, if not given.
            seed: other seeds give other sprites; one for all, or one for each.
            numbers: which sprites of the seed; 0 … n-1 if not given.
            variations: draw sprite k with the noise of its v-th variation on the way: the same x_T
                and then other z, where the sampler adds any. 0 is the sprite itself.
            label: a class for all; a list of n classes; a mix such as ``{"food": 0.5, "spell":
                0.5}``; ``"none"`` for no class; or nothing: each sprite's seed draws its class,
                in the proportions of the training sprites.
            palette: the colours to draw in, for a model that has a palette head. If not given, each
                sprite borrows the palette of a training sprite of its class, as its seed decides.
                Of a palette, of any size, each sprite takes those colours that are nearest to the
                borrowed ones (see ``colours_nearest``); of a list of n palettes each has its own,
                whole. The same seed in another palette is the same drawing in other colours, as
                far as the model sees it so.
            hard_alpha: make every pixel opaque or transparent; if not given, just when all
                training sprites were so. Otherwise soft edges stay (see ``pixels.settle_alpha``).
                With a palette head, alpha is as the palette has it unless this asks for hard.
            batch_size: sprites at a time; if not given, what suits the device, and less when its
                memory runs out.
            progress: told of every step, in network evaluations: sprites × steps.
            changes: settings of ``how`` to be changed, see ``SamplerSettings.changed``.

        Raises:
            SettingsError: for a value out of range, an unknown sampler or an unknown label.
        """
        request = self.request(n, seed, numbers, variations, label, palette)
        how = self.sampler_settings(how, **changes)
        assert how.steps is not None

        def walk(rows: slice, told: Progress) -> Tensor:
            part = request[rows]
            return self.walk(how, part, self.first_noise(part), told)

        return self.draw(
            request,
            how,
            walk,
            evaluations=how.steps,
            hard_alpha=hard_alpha,
            batch_size=batch_size,
            progress=progress,
            given=palette if isinstance(palette, Palette) else None,
        )

    def trace(
        self,
        n: int | None = None,
        how: SamplerSettings | None = None,
        *,
        seed: int | Sequence[int] = 0,
        numbers: Sequence[int] | None = None,
        variations: Sequence[int] | None = None,
        label: Label = None,
        palette: Palette | Sequence[Palette] | None = None,
        **changes: Unpack[SamplerChanges],
    ) -> Trace:
        """Every moment of drawing ``n`` sprites, from x_T to the finished sprite.

        Takes the arguments of ``sample``. ``steps`` + 1 frames, over which one can iterate: the
        first is what stands at the first step visited, noise as a rule, the last has t = -1 and
        holds what ``sample`` returns.

        Raises:
            SettingsError: as ``sample``.
        """
        request = self.request(n, seed, numbers, variations, label, palette)
        how = self.sampler_settings(how, **changes)
        return Trace(how, len(request), self._frames(how, request))

    def _frames(self, how: SamplerSettings, request: Request) -> Iterator[Frame]:
        x = self.begin(how, request, self.first_noise(request))
        for step in self.chain(how, request, x, pairs=visited_pairs(how, self.schedule)):
            yield Frame(step.t, pixels.decode(x), pixels.decode(step.x0_hat))
            x = step.x
        final = self.to_pixels(x)
        yield Frame(-1, final, final)


def without_guide(model: Model, form: str) -> Model:
    """The model for a ``form`` that holds one network alone.

    Warns:
        UserWarning: if it had a guide, which stays behind.
    """
    if model.guide is None:
        return model
    said = f"{form} holds one network: the guide stays behind, and so does `autoguidance`"
    warnings.warn(said, stacklevel=3)
    return replace(model, config=model.config.without_guide(), guide=None)


def load_model(source: str | Path, device: str | torch.device | None = None) -> Model:
    """Load a model for sampling.

    Args:
        source: a run's folder (``runs/NAME``), a model folder, or the name of a model that comes
            with spritelab (``builtin-16``; see ``shipped_models``). A folder goes before a name.
            ``hf://org/name`` is fetched from the Hugging Face Hub.
        device: where it runs, such as ``"cpu"`` or ``"cuda:1"``; the best one found if not given.

    Raises:
        ModelError: if there is no model, or it is broken or of a later format.
        DownloadError: if it cannot be fetched.
        SettingsError: if ``device`` is none that torch can use here.
    """
    found = find_model(source)
    files = load_model_files(found)
    try:
        target = torch.device(device) if device is not None else best_device()
        network = files.network.to(target)
        guide = None if files.guide is None else files.guide.to(target)
    except (RuntimeError, AssertionError, NotImplementedError):
        # Torch has no one exception for a device that it does not know, has not or cannot use.
        raise SettingsError(
            f"torch cannot use the device {str(device)!r} here; cpu always works"
        ) from None
    folder = Path(source) if Path(source).is_dir() else found
    return Model(
        network,
        files.schedule,
        files.config,
        target,
        files.palettes,
        folder,
        files.moments,
        guide,
    )
