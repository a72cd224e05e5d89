"""How often a run shows each sprite, and the warning where a small set is shown too often."""

from __future__ import annotations

from spritelab.config import TrainingSettings

SMALL_SET = 1000
"""Training sprites from which on no run is warned of.

No near copies were seen after 13 views of 4,500 sprites, after 30 of 1,512 (both with a palette
head), nor after 336 of 1,512 (RGBA, ``docs/recipe.md``)."""

MOST_VIEWS = 60
"""Views of each sprite in its own colours beyond which a run over a small set is warned of.

With a palette head, most drawings were near copies after 120 views of 200 sprites, and none were
where four of five views were recoloured: 24 in a sprite's own colours. The limit lies between, at
half the views that did harm."""

FORECAST = 0.02
"""Share of a run after which the number of its updates is foretold, where minutes decide it."""

RECOLOUR = 0.8
"""The share of recoloured views that the warning recommends: that of the measurement above."""


def own_views(steps: int, sprites: int, settings: TrainingSettings) -> float:
    """How often so many updates show each sprite in its own colours; a mirror image counts too."""
    own = (1 - settings.recolour) * (1 - settings.swap)
    return steps * settings.batch_size / sprites * own


class ViewsWatch:
    """Tells in a line, once each, that a run will see its sprites too often, and that it has.

    A run that stops when it memorises looks after itself.

    Args:
        sprites: the number of training sprites.
        settings: of the run.
    """

    def __init__(self, sprites: int, settings: TrainingSettings) -> None:
        self._sprites = sprites
        self._settings = settings
        watched = sprites < SMALL_SET and not settings.stop_when_memorising
        self._foretells = self._tells = watched

    def planned(self, steps: int | None) -> str | None:
        """What to warn of in a run of so many updates; None if nothing, or if it has been said."""
        if steps is None or not self._foretells:
            return None
        self._foretells = False
        return self._line("will show", steps) if self._too_many(steps) else None

    def made(self, steps: int, progress: float) -> str | None:
        """What to warn of after so many updates, ``progress`` of the run; None as above."""
        if self._tells and self._too_many(steps):
            self._foretells = self._tells = False
            return self._line("has shown", steps)
        return self.planned(round(steps / progress)) if progress >= FORECAST else None

    def _too_many(self, steps: int) -> bool:
        return own_views(steps, self._sprites, self._settings) > MOST_VIEWS

    def _line(self, does: str, steps: int) -> str:
        how = self._settings
        times = steps * how.batch_size / self._sprites
        length = "epochs" if how.epochs else "steps" if how.steps else "max_minutes"
        recoloured = how.prediction != "palette" or how.recolour >= RECOLOUR
        recolour = "" if recoloured else f", `training.recolour={RECOLOUR}`"
        return (
            f"this run {does} each of its {self._sprites} training sprites {times:.0f} times, and "
            f"may learn them by heart; choose fewer `{length}`, more sprites{recolour} or "
            "`stop_when_memorising`"
        )
