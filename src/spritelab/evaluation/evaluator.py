"""One model measured against the sprites that it learnt: its figures, and its samplers compared.

An ``Evaluator`` takes the features of the real sprites once, when they are first needed, and the
floor once for each number of sprites. ``calls.evaluate`` and ``calls.compare`` make one for a
single use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from spritelab.config import PaletteSource, SamplerSettings
from spritelab.errors import SettingsError
from spritelab.evaluation.comparison import (
    About,
    Comparison,
    Grid,
    Plan,
    make_grid,
    write_report,
)
from spritelab.evaluation.embedding import Embedded, embed
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.reference import MOST, Reference, build_reference
from spritelab.evaluation.result import Evaluation
from spritelab.evaluation.samples import SampleStore, borrow_from
from spritelab.evaluation.scores import Floor, check_n, embed_held_out, make_floor, score
from spritelab.evaluation.split import Split
from spritelab.generate import Model, weights_hash
from spritelab.progress import SILENT, Progress

SEEDS = (0, 1, 2)
"""Seeds of a comparison, unless told otherwise."""


class Evaluator:
    """A model and the sprites of its training, with all that is computed of them once."""

    def __init__(
        self,
        model: Model,
        split: Split,
        extractor: Extractor | None = None,
        *,
        folder: str | Path | None = None,
        most: int = MOST,
        progress: Progress = SILENT,
    ) -> None:
        """Nothing is computed yet.

        Args:
            model: what draws.
            split: the sprites of its training, see ``find_split``.
            extractor: the features; ``effnet`` on the model's device if not given.
            folder: where sprites, features and figures are kept and taken up again; None keeps
                nothing, and then nothing can be compared.
            most: training sprites at most whose features are taken.
            progress: told of all work but that of a ``Plan``.
        """
        self.model = model
        self.split = split
        self.extractor = extractor or Extractor(device=str(model.device))
        self.store = SampleStore(model, None if folder is None else Path(folder))
        self.most = most
        self.progress = progress
        self._floors: dict[int, Floor] = {}

    @cached_property
    def reference(self) -> Reference:
        """The real sprites and their features."""
        return build_reference(
            self.split.training,
            self.split.held_out,
            self.extractor,
            mirror=self.split.mirror,
            most=self.most,
            cache=self.store.folder,
            progress=self.progress,
        )

    @cached_property
    def unseen_palettes(self) -> SampleStore:
        """What the model draws in palettes that it has never seen, those of held-out sprites.

        Raises:
            SettingsError: if the model has no palette head.
            DataError: if nothing is held out.
        """
        model = borrow_from(self.split.held_out, self.model)
        return SampleStore(model, self.store.folder, "held-out")

    def _store(self, palettes: PaletteSource) -> SampleStore:
        return self.store if palettes == "training" else self.unseen_palettes

    @cached_property
    def held_out(self) -> Embedded | None:
        """The held-out sprites, embedded; None if there are too few."""
        return embed_held_out(self.reference)

    def floor(self, n: int) -> Floor:
        """What real sprites get in the place of n samples."""
        if n not in self._floors:
            self._floors[n] = make_floor(self.reference, n, self.held_out)
        return self._floors[n]

    def evaluate(
        self,
        how: SamplerSettings | None = None,
        n: int = 1000,
        seeds: Sequence[int] = (0,),
        palettes: PaletteSource = "training",
    ) -> Evaluation:
        """Draw sprites and measure them against those that the model learnt and those it did not.

        Args:
            how: settings of the sampler; the model's own if not given.
            n: sprites for each seed.
            seeds: the figures are means over these, with their spread.
            palettes: whose palettes are borrowed, by a model with a palette head. A model that has
                learnt its sprites by heart knows them by their palettes, and draws worse in those
                of held-out sprites, which it has never seen.

        Raises:
            DataError: for n below ``LEAST`` or too few real sprites.
            SettingsError: for a seed given twice, and for palettes of held-out sprites if the model
                has no palette head; and what drawing raises.
        """
        check_n(n, seeds)
        store = self._store(palettes)
        # Before the work: the file may be another when it is done.
        measured = None if self.model.folder is None else weights_hash(self.model.folder)
        how = self.model.sampler_settings(how)
        floor = self.floor(n)
        samples, features, scores = [], [], []
        for seed in seeds:
            note = f", seed {seed}" if len(seeds) > 1 else ""
            drawn = store.draw(how, seed, n, self.progress.part(f"drawing{note}"))
            embedded = embed(
                drawn.images,
                drawn.labels,
                self.reference,
                progress=self.progress.part(f"features{note}"),
            )
            samples.append(drawn)
            features.append(embedded.features)
            scores.append(score(self.reference, embedded, floor))
        return Evaluation(
            self.reference,
            floor,
            tuple(scores),
            how,
            tuple(seeds),
            tuple(samples),
            tuple(features),
            store.palettes,
            measured,
        )

    def plan(
        self,
        grid: Grid | None = None,
        n: int = 1000,
        seeds: Sequence[int] = SEEDS,
        palettes: PaletteSource = "training",
    ) -> Plan:
        """Lay out a comparison; nothing is drawn yet. ``Plan.run`` carries it out.

        Args:
            grid: the settings; those of ``default_grid`` if not given.
            n: sprites for each setting and seed.
            seeds: of the drawing.
            palettes: see ``evaluate``.

        Raises:
            DataError: for n below ``LEAST`` or too few real sprites.
            SettingsError: for a seed given twice, without a folder, and for palettes of held-out
                sprites if the model has no palette head.
        """
        check_n(n, seeds)
        if self.store.folder is None:
            raise SettingsError("a comparison keeps what it draws; give the evaluator a `folder`")
        store = self._store(palettes)  # refused before features are taken
        return Plan(
            store=store,
            reference=self.reference,
            held_out=self.held_out,
            floor=self.floor(n),
            grid=tuple(
                self.model.sampler_settings(one)
                for one in (default_grid(self.model) if grid is None else grid)
            ),
            n=n,
            seeds=tuple(seeds),
        )

    def compare(
        self,
        grid: Grid | None = None,
        n: int = 1000,
        seeds: Sequence[int] = SEEDS,
        palettes: PaletteSource = "training",
    ) -> Comparison:
        """Draw and measure every setting of a grid; see ``plan``."""
        return self.plan(grid, n, seeds, palettes).run(self.progress)

    def report(self, comparison: Comparison, folder: str | Path, about: About) -> dict[str, Any]:
        """Write the report of a comparison, see ``comparison.write_report``."""
        return write_report(Path(folder), comparison, self.split, about)


def default_grid(model: Model) -> Grid:
    """DDPM and DDIM over the usual steps with the model's guidance, and its own settings."""
    own = model.sampler_settings()
    return make_grid(model.schedule.timesteps, guided=own, also=[own])
