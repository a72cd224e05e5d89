"""The front door: what is exported, where it leads, and that it opens lazily."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import pytest

import spritelab
from spritelab import errors

CALLS = {
    *("train", "distill", "load_model", "load_sprites", "shipped_models", "evaluate", "compare"),
    "preset",
}
TYPES = {"Model", "SpriteBatch", "SpriteSet", "Trace", "Palette", "Evaluation", "Comparison"}
SETTINGS = {"SamplerSettings", "RunSettings"}
ROOMS = {
    *("config", "convert", "data", "diffusion", "evaluation", "generate", "networks", "palette"),
    *("pictures", "pixels", "progress", "runs", "sheets", "training"),
}


def test_what_is_exported() -> None:
    kinds = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.SpritelabError)
    }
    assert len(kinds) == 8
    assert set(spritelab.__all__) == CALLS | TYPES | SETTINGS | kinds | {"SILENT", "__version__"}
    assert len(spritelab.__all__) == len(set(spritelab.__all__))
    assert set(dir(spritelab)) == {*spritelab.__all__, *ROOMS}


@pytest.mark.parametrize("name", sorted(CALLS | TYPES | SETTINGS))
def test_a_name_is_that_of_its_room(name: str) -> None:
    found = getattr(spritelab, name)
    assert found.__name__ in (name, name.removesuffix("_sprites"))
    assert found.__doc__
    room = found.__module__.split(".")[1]
    assert found in vars(getattr(spritelab, room)).values()


def test_rooms_are_attributes() -> None:
    """In a fresh interpreter, where nothing else has imported them."""
    code = f"import spritelab; print(*(getattr(spritelab, r).__name__ for r in {sorted(ROOMS)}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [f"spritelab.{room}" for room in sorted(ROOMS)]


def test_there_is_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sampel'"):
        spritelab.sampel  # noqa: B018


def test_torch_is_told_to_let_its_threads_sleep() -> None:
    code = "import spritelab, os, sys; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    env = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    assert found.stdout.split() == ["3000", "False"]


FOREIGN: list[tuple[dict[str, object], str]] = [
    ({"num_inference_steps": 5}, "call it `steps`"),
    ({"guidance_scale": 2.0}, "call it `guidance`"),
    ({"class_labels": [1, 2]}, "call it `label`"),
    ({"generator": None}, "call it `seed`"),
    ({"output_type": "pil"}, "`.to_pil()`"),
    ({"stepps": 5}, "call it `steps`"),
]


@pytest.mark.parametrize(("keyword", "hint"), FOREIGN, ids=[next(iter(k)) for k, _ in FOREIGN])
def test_a_keyword_of_another_library_is_told_its_name_here(
    tiny_model: spritelab.Model, keyword: dict[str, object], hint: str
) -> None:
    (name,) = keyword
    for call in (tiny_model.sample, tiny_model.trace):
        with pytest.raises(spritelab.SettingsError) as told:
            call(2, **keyword)  # type: ignore[arg-type]
        assert str(told.value).startswith(f"`{name}`: there is no such setting; ")
        assert hint in str(told.value)
        assert "\n" not in str(told.value)


def test_eta_stays_eta(tiny_model: spritelab.Model) -> None:
    assert tiny_model.sample(1, sampler="ddim", steps=2, eta=0.5).how.eta == 0.5


def test_a_keyword_that_cannot_be_guessed(tiny_model: spritelab.Model) -> None:
    with pytest.raises(spritelab.SettingsError, match=r"^`zzz`: there is no such setting$"):
        tiny_model.sample(2, zzz=1)  # type: ignore[call-arg]
