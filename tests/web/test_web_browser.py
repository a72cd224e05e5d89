"""The page in Chromium: the same sprites as Python draws, and what a visitor does."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from browsing import DIFFERING, MODELS, seen
from PIL import Image

from benchmarks.lib.browser import wait_for_drawing
from programs import script
from spritelab.app.watch import plane
from spritelab.config import Spacing
from spritelab.diffusion import Noise
from spritelab.diffusion.times import pairs_of, visited_steps
from spritelab.generate import Model
from spritelab.palette import Palette
from spritelab.sheets import cut_atlas

pytestmark = pytest.mark.engine

DRAW = """
async ({file, asked, how}) => {
  const {Model, complete, nfe, setRuntime} = await import('/engine/model.js');
  const get = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());
  setRuntime(await get('/runtime/ort.wasm'));
  const model = await Model.load(await get(file));
  const full = complete({...model.facts.sampling, ...how}, model.facts);
  const sprites = model.request(asked), x_T = model.firstNoise(sprites);
  let x;
  for await (const step of model.steps(full, sprites)) x = step.x;
  return {
    x_T: [...x_T], pixels: [...model.finished(x)], labels: sprites.map(one => one.label),
    lenders: sprites.map(one => one.lender), palettes: sprites.map(one => one.palette),
    nfe: nfe(full, model.facts.schedule),
  };
}
"""
"""Draws by the modules of the page, without the page."""


def test_the_noise_is_pythons(empty: Any) -> None:
    seeds, numbers, variations = [0, 7, 2**63 - 1, 2**33], [0, 2**32 - 1, 5, 17], [0, 3, 0, 2**31]
    noise = Noise(*(torch.tensor(values) for values in (seeds, numbers, variations)))
    code = """
    async names => {
      const {Noise} = await import('/engine/noise.js');
      return names.map(name => {
        const noise = new Noise(...name);
        const draws = [0, 1, 1000].map(draw => [...noise.normal(draw, 1023)]);
        return [draws, noise.uniform(0), noise.uniform(1)];
      });
    }
    """
    names = [[str(s), n, v] for s, n, v in zip(seeds, numbers, variations, strict=True)]
    found = empty.evaluate(code, names)
    for place, draw in enumerate((0, 1, 1000)):
        expected = noise.normal(draw, torch.empty(4, 1023))
        drawn = np.array([one[0][place] for one in found])
        np.testing.assert_allclose(drawn, expected, rtol=0, atol=1e-6)
        assert (drawn != expected.numpy()).mean() < 1e-3  # rounding of logarithms and angles
    for place, draw in ((1, 0), (2, 1)):
        assert [one[place] for one in found] == noise.uniform(draw).tolist()


def test_the_steps_that_are_visited_are_pythons(empty: Any, models: dict[str, Model]) -> None:
    lambdas = models["crawl-16"].schedule.lambdas
    cases: list[tuple[int, Spacing, float | None]] = [
        (steps, spacing, start)
        for steps in (1, 2, 3, 10, 17, 50, 100, 250, 333)
        for spacing in get_args(Spacing)
        for start in (None, -3.0)
    ]
    code = """
    async ({lambdas, cases}) => {
      const {visitedSteps} = await import('/engine/schedule.js');
      const all = Float64Array.from(lambdas);
      return cases.map(([n, spacing, start]) => visitedSteps(all, n, spacing, start ?? 'noise'));
    }
    """
    found = empty.evaluate(code, {"lambdas": lambdas.tolist(), "cases": cases})
    for (steps, spacing, start), visited in zip(cases, found, strict=True):
        expected = visited_steps(lambdas, steps, spacing, start)
        assert pairs_of(visited) == pairs_of(expected), (steps, spacing, start)


PALETTE = ["1a1c2c", "b13e53", "ef7d57", "ffcd75", "38b764", "29366f", "41a6f6", "f4f4f4"]

CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # How, what the page is asked, and what Python is asked.
    ({}, {"seed": "7"}, {"seed": 7}),
    (
        {"sampler": "ddim", "steps": 12, "eta": 0.7, "spacing": None, "guidance": 2.0}
        | {"guidance_interval": [-1.0, 1.5]},
        {"seed": str(2**62 + 12345), "label": 0},
        {"seed": 2**62 + 12345, "label": 0},
    ),
    (
        {"sampler": "ddpm", "steps": 15, "eta": None, "spacing": "trailing", "variance": "beta"},
        {"seed": "1", "variation": 3, "label": "none"},
        {"seed": 1, "variations": [3] * 4, "label": "none"},
    ),
    (
        {"guidance": 0.0, "guidance_interval": [-2.0, 0.0]},
        {"seed": "2", "label": {0: 0.75, 1: 0.25}},
        {"seed": 2, "label": {0: 0.75, 1: 0.25}},
    ),
]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_same_seed_is_the_same_sprite(
    empty: Any, models: dict[str, Model], name: str, case: int
) -> None:
    how, asked, python = (dict(part) for part in CASES[case])
    model = models[name]
    for request in (asked, python):
        if isinstance(request.get("label"), int):
            request["label"] = model.class_names[request["label"]]
        elif isinstance(request.get("label"), dict):
            request["label"] = {model.class_names[k]: w for k, w in request["label"].items()}
    asked |= {"numbers": [0, 1, 2, 3]}
    found = empty.evaluate(DRAW, {"file": f"/models/{name}.model", "asked": asked, "how": how})
    batch = model.sample(4, **how, **python)
    noise = Noise(torch.full((4,), python["seed"]), torch.arange(4))
    expected = noise.normal(0, torch.empty(4, model.channels, model.size, model.size))
    np.testing.assert_allclose(np.array(found["x_T"]), expected.flatten(), rtol=0, atol=1e-6)
    assert found["labels"] == batch.labels.tolist()
    assert found["nfe"] == batch.nfe
    if batch.lenders is not None and batch.palettes is not None:
        assert found["lenders"] == batch.lenders.tolist()
        for ours, theirs in zip(found["palettes"], batch.palettes, strict=True):
            assert ours == theirs.colours.tolist()
    pixels = np.array(found["pixels"]).reshape(batch.images.shape)
    differing = (pixels != batch.images).any(axis=-1)
    assert differing.mean() <= DIFFERING
    if model.palettes is None:
        assert np.abs(pixels - batch.images.astype(int)).max(initial=0) <= 1


def test_a_given_palette_is_shared_out_as_in_python(empty: Any, models: dict[str, Model]) -> None:
    colours = [list(bytes.fromhex(code)) for code in PALETTE]
    asked = {"seed": "4", "numbers": [0, 1, 2, 3], "palette": colours}
    found = empty.evaluate(DRAW, {"file": "/models/builtin-16.model", "asked": asked, "how": {}})
    batch = models["builtin-16"].sample(4, seed=4, palette=Palette.from_hex(PALETTE))
    assert batch.palettes is not None
    for ours, theirs in zip(found["palettes"], batch.palettes, strict=True):
        assert ours == theirs.colours.tolist()
    pixels = np.array(found["pixels"]).reshape(batch.images.shape)
    assert (pixels != batch.images).any(axis=-1).mean() <= DIFFERING


def fetched(page: Any, button: str) -> bytes:
    """The file that a button hands to the visitor."""
    with page.expect_download() as coming:
        page.click(button)
    return Path(coming.value.path()).read_bytes()


def test_the_address_says_what_is_drawn(opened: Any, small: list[Model]) -> None:
    batch = small[0].sample(6, seed=3, label="disc")
    assert (seen(opened, ".tile canvas") != batch.images).any(axis=-1).mean() < 0.01
    assert opened.get_attribute(".tile >> nth=2", "title") == "disc-3-2"
    opened.fill("#seed", "4")
    opened.fill("#count", "2")
    opened.click("#go")
    wait_for_drawing(opened)
    assert opened.url.endswith("#draw?model=tiny&label=disc&seed=4&n=2")
    assert opened.locator(".tile").count() == 2


def test_the_tray_outlives_the_page_and_becomes_files(opened: Any, small: list[Model]) -> None:
    batch = small[0].sample(6, seed=3, label="disc")
    for number in (1, 4):
        opened.click(f".tile >> nth={number}")
    opened.click("#keep")
    opened.reload()
    opened.wait_for_selector("#kept canvas >> nth=1")
    with zipfile.ZipFile(io.BytesIO(fetched(opened, "#tray-sheet"))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["sprites-16.png", "sprites-16.json"]
        sheet = np.asarray(Image.open(archive.open("sprites-16.png")))
        record = json.loads(archive.read("sprites-16.json"))
    cut = {one.name: one for one in cut_atlas(sheet, record)}
    for number in (1, 4):
        one = cut[f"disc-3-{number}"]
        assert one.tag == "disc"
        moved = (one.pixels != batch.images[number]).any(axis=-1)
        assert moved.mean() < 0.01
    with zipfile.ZipFile(io.BytesIO(fetched(opened, "#tray-png"))) as archive:
        alone = np.asarray(Image.open(archive.open("disc-3-4.png")))
    assert np.array_equal(alone, cut["disc-3-4"].pixels)
    opened.click("#kept button >> nth=0")
    assert opened.locator("#kept canvas").count() == 1


def test_the_denoising_is_a_gif_that_ends_in_the_sprites(opened: Any) -> None:
    wait_for_drawing(opened)
    opened.click(".tile >> nth=1")
    film = Image.open(io.BytesIO(fetched(opened, "#gif")))
    assert film.size == (128, 128)
    assert film.n_frames == 10  # type: ignore[attr-defined]
    film.seek(9)
    last = np.asarray(film.convert("RGB"))[4::8, 4::8]
    sprite = seen(opened, ".tile canvas")[1]
    opaque = sprite[..., 3] == 255
    assert opaque.any()
    assert np.array_equal(last[opaque], sprite[opaque][:, :3])


def test_stopping_leaves_what_is_finished(opened: Any) -> None:
    opened.fill("#count", "100")
    opened.click("#go")
    opened.wait_for_selector(".tile:not([disabled]) >> nth=4")
    opened.click("#stop")
    opened.wait_for_function(
        "document.querySelector('#draw-status').textContent.includes('Stopped')"
    )
    left = opened.locator(".tile").count()
    assert 5 <= left < 100
    assert opened.locator(".tile[disabled]").count() == 0
    opened.fill("#count", "3")
    opened.click("#go")
    wait_for_drawing(opened)
    assert opened.locator(".tile").count() == 3


def test_classes_are_chosen_and_mixed(opened: Any) -> None:
    opened.click(".chip:text-is('square')")
    opened.fill("#mix input >> nth=1", "0.5")
    opened.click("#go")
    wait_for_drawing(opened)
    assert "label=disc%3D1,square%3D0.5" in opened.url
    assert opened.text_content("#mix output >> nth=0") == "67 %"
    opened.click(".chip:text-is('any')")
    assert opened.locator("#mix").is_hidden()


def test_a_wrong_colour_is_told_beside_the_field(page: Any, site: str) -> None:
    page.goto(f"{site}/#draw?model=of-palettes&n=1")
    wait_for_drawing(page)
    page.select_option("#palette", "own")
    page.fill("#colours", "#ff0000 blue")
    assert page.text_content("#colours-error") == "blue is no colour; write #rrggbb."
    page.fill("#colours", "#ff0000")
    page.click("#go")
    wait_for_drawing(page)
    (sprite,) = seen(page, ".tile canvas")
    assert {tuple(colour) for colour in sprite.reshape(-1, 4).tolist()} == {
        (0, 0, 0, 0),
        (255, 0, 0, 255),
    }
    assert "palette=ff0000" in page.url


def test_two_samplers_are_watched_from_one_noise(page: Any, site: str) -> None:
    page.goto(f"{site}/#watch?model=tiny&seed=4&ddpm=8&ddim=4")
    done = "document.querySelector('#watch-stop').hidden && document.querySelector('.chart')"
    page.wait_for_function(f"{done} && document.querySelectorAll('.cost')[1].textContent")
    page.evaluate("t.value = 0; t.dispatchEvent(new Event('input'))")
    ddpm, ddim = seen(page, ".view.x_t canvas")
    assert np.array_equal(ddpm, ddim)
    assert page.text_content(".at >> nth=0") == "t = 49"
    page.evaluate("t.value = 50; t.dispatchEvent(new Event('input'))")
    ddpm, ddim = seen(page, ".view.x_t canvas")
    assert not np.array_equal(ddpm, ddim)
    assert page.text_content("#t-value") == "clean"
    assert "8 evaluations" in page.text_content(".cost >> nth=0")
    assert page.get_attribute("#chart svg", "aria-label").endswith("DDPM visits 8 steps, DDIM 4.")
    page.wait_for_selector("#paths svg")
    assert page.locator("#paths .dot").count() == 9 + 5
    page.focus(".spot >> nth=0")
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    assert "Column 8, row 7" in page.text_content("#pixel-history .hint")
    code = """
    all => all.map(one => [...one.getContext('2d').getImageData(399, 0, 1, 1).data])
    """
    ends = page.eval_on_selector_all(".strip", code)
    assert ends == [ddpm[6, 7].tolist()] * 2 + [ddim[6, 7].tolist()] * 2


def test_paths_lie_in_the_plane_of_their_principal_components(empty: Any) -> None:
    rng = np.random.default_rng(0)
    spread = np.diag(np.geomspace(1, 20, 12))
    paths = [list((rng.normal(size=(n, 12)) @ spread).astype(np.float32)) for n in (9, 5)]
    code = """
    async paths => (await import('/engine/paths.js')).plane(
      paths.map(path => path.map(point => Float32Array.from(point))))
    """
    found = empty.evaluate(code, [[point.tolist() for point in path] for path in paths])
    points, share = plane(paths)
    assert found["share"] == pytest.approx(share, abs=1e-3)
    for ours, theirs in zip(found["points"], points, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.05)


@pytest.mark.parametrize("place", ["draw", "watch"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page: Any, site: str, place: str, theme: str) -> None:
    source = script("axe-core/axe.min.js").read_text("utf-8")
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(f"{site}/#{place}?model=tiny&n=2&ddpm=2&ddim=2")
    page.wait_for_selector(".tile:not([disabled]) >> nth=1" if place == "draw" else ".chart")
    if place == "draw":
        wait_for_drawing(page)
        page.click(".tile >> nth=0")
        page.click("#keep")
        page.click("#more summary")
    page.evaluate(source)
    found = page.evaluate(
        "async () => (await axe.run()).violations.map(v => [v.id, v.nodes[0].html])"
    )
    assert found == []


def test_nothing_is_wider_than_a_phone(page: Any, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for place in ("draw", "watch"):
        page.goto(f"{site}/#{place}?model=tiny&n=2&ddpm=2&ddim=2")
        page.wait_for_selector(".tile:not([disabled])" if place == "draw" else ".chart")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
