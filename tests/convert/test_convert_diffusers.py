"""A model as diffusers loads it: the same sprites, by its pipeline and without any code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spritelab.cli import main
from spritelab.config import ContextUNetSettings
from spritelab.convert import export_diffusers
from spritelab.convert.front_matter import front_matter
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import Model, load_model, load_parent, read_config, save_config
from spritelab.generate.folder import DIFFUSERS_WEIGHTS
from spritelab.storage.tensors import read_tensors, write_tensors
from tiny import CLASSES, Refused, snapshot

STEPS = 10
"""They divide the T of the tiny run, 50."""


@pytest.fixture(scope="module")
def model(tiny_model: Model) -> Model:
    """The tiny model with weights that have learnt more: its sprites differ from class to class."""
    generator = torch.Generator().manual_seed(7)
    network = load_model(tiny_model.folder or "", "cpu").network
    for weight in network.parameters():
        weight.data += torch.randn(weight.shape, generator=generator) * 0.05
    return dataclasses.replace(tiny_model, network=network)


@pytest.fixture(scope="module")
def folder(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_diffusers(model, tmp_path_factory.mktemp("exported") / "tiny")


@pytest.fixture(scope="module")
def pipe(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The pipeline as diffusers loads it."""
    return pipeline(folder, tmp_path_factory)


@pytest.fixture(scope="module")
def choosing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path, Any]:
    """A model with a palette head, the folder that it was exported to, and its pipeline."""
    model = load_model("builtin-16", "cpu")
    folder = export_diffusers(model, tmp_path_factory.mktemp("exported") / "builtin")
    return model, folder, pipeline(folder, tmp_path_factory)


def pipeline(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A pipeline as diffusers loads it, with its copy of the code in a folder of the tests."""
    diffusers = pytest.importorskip("diffusers")
    modules = str(tmp_path_factory.mktemp("modules"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE", modules)
        patch.syspath_prepend(modules)
        loaded = diffusers.DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def last_x(model: Model, n: int, steps: int = STEPS, **changes: Any) -> tuple[Tensor, Tensor, Any]:
    """x_T, the last x of the chain that the scheduler walks, and the labels."""
    request = model.request(n, seed=3)
    x_T = model.first_noise(request)
    how = model.sampler_settings(sampler="ddim", steps=steps, spacing="trailing", **changes)
    for step in model.chain(how, request, x_T):
        x = step.x
    return x_T, x.float(), request.labels


@pytest.mark.parametrize("guidance", [1.0, 2.5, 0.0])
def test_the_pipeline_draws_the_same_sprites(model: Model, pipe: Any, guidance: float) -> None:
    x_T, wanted, labels = last_x(model, 4, guidance=guidance)
    how = {"num_inference_steps": STEPS, "guidance_scale": guidance, "latents": x_T}
    names = [CLASSES[label] for label in labels]
    got = pipe(names, output_type="latent", **how).images
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-4)

    images = model.sample(
        4, seed=3, sampler="ddim", steps=STEPS, spacing="trailing", guidance=guidance
    ).images
    drawn = pipe([int(label) for label in labels], **how).images
    assert {picture.mode for picture in drawn} == {"RGBA"}
    assert np.abs(np.stack([*map(np.asarray, drawn)]).astype(int) - images).max() <= 1
    assert len(np.unique(images)) > 10


def test_its_parts_draw_the_same_sprites_without_its_code(model: Model, folder: Path) -> None:
    diffusers = pytest.importorskip("diffusers")
    unet = diffusers.UNet2DModel.from_pretrained(str(folder), subfolder="unet")
    scheduler = diffusers.DDIMScheduler.from_pretrained(str(folder), subfolder="scheduler")
    scheduler.set_timesteps(STEPS)
    x, wanted, labels = last_x(model, 4)
    for t in scheduler.timesteps:
        with torch.no_grad():
            output = unet(x, t, class_labels=torch.as_tensor(labels)).sample
        x = scheduler.step(output, t, x, use_clipped_model_output=True).prev_sample
    torch.testing.assert_close(x, wanted, rtol=0, atol=1e-4)


def test_steps_that_do_not_divide_the_schedule(model: Model, pipe: Any) -> None:
    """Where diffusers guesses the step before, its sprites differ, and the pipeline says so."""
    x_T, wanted, labels = last_x(model, 4, steps=15)
    got = pipe(labels.tolist(), num_inference_steps=15, latents=x_T, output_type="latent").images
    assert float((got - wanted).abs().max()) > 1e-3


def test_what_the_pipeline_takes(pipe: Any) -> None:
    assert pipe.label_ids(["disc", 0, None]).tolist() == [1, 0, len(CLASSES)]
    assert pipe.label_ids(None, 2).tolist() == [len(CLASSES)] * 2
    few = {"num_inference_steps": 2, "output_type": "np"}
    one, other = (pipe("disc", 2, generator=torch.manual_seed(5), **few).images for _ in range(2))
    assert np.array_equal(one, other)
    assert one.shape == (2, 16, 16, 4)
    assert 0 <= one.min() <= one.max() <= 1
    assert not one[one[..., 3] == 0].any()
    (alone,) = pipe(2, return_dict=False, num_inference_steps=2)
    assert len(alone) == 1
    for wrong, line in ((["dragon"], "there is no class 'dragon'"), ([9], "classes are 0 to 2")):
        with pytest.raises(ValueError, match=line):
            pipe(wrong)
    with pytest.raises(ValueError, match="latents are"):
        pipe(latents=torch.zeros(1, 3, 16, 16))


def test_another_scheduler_may_take_its_place(model: Model, pipe: Any) -> None:
    diffusers = pytest.importorskip("diffusers")
    before = pipe.scheduler
    pipe.scheduler = diffusers.DDPMScheduler.from_config(before.config)
    how: dict[str, Any] = {"num_inference_steps": 2, "output_type": "latent"}
    drawn = pipe(0, 2, generator=torch.manual_seed(0), **how).images
    pipe.scheduler = before
    assert drawn.isfinite().all()
    assert drawn.shape == (2, model.channels, model.size, model.size)


def test_hard_edges(pipe: Any) -> None:
    x = torch.linspace(-1, 1, 16 * 16).reshape(1, 1, 16, 16).repeat(1, 4, 1, 1)
    soft = pipe.to_pixels(x)
    pipe.register_to_config(hard_alpha=True)
    hard = pipe.to_pixels(x)
    pipe.register_to_config(hard_alpha=False)
    assert set(np.unique(hard[..., 3])) == {0, 255}
    assert len(np.unique(soft[..., 3])) > 200


def test_it_comes_back(model: Model, folder: Path) -> None:
    back = load_model(folder, "cpu")
    assert back.config == model.config
    for name, weight in model.network.state_dict().items():
        assert torch.equal(back.network.state_dict()[name], weight), name
    _, parent = load_parent(folder, model.config)
    assert parent.name == "tiny"
    assert len(parent.weights_hash) == 64


def test_a_table_that_was_trained_further_comes_back(folder: Path, tmp_path: Path) -> None:
    """What no class adds there is no zero then; the network gives what theirs gives."""
    diffusers = pytest.importorskip("diffusers")
    trained = tmp_path / "trained"
    weights = read_tensors(folder / DIFFUSERS_WEIGHTS)
    table = weights["class_embedding.weight"]
    weights["class_embedding.weight"] = table + torch.linspace(-1, 1, table.shape[1])
    write_tensors(trained / DIFFUSERS_WEIGHTS, weights, {"format": "pt"})
    save_config(trained, read_config(folder))
    (trained / "unet" / "config.json").write_bytes((folder / "unet" / "config.json").read_bytes())
    unet = diffusers.UNet2DModel.from_pretrained(str(trained), subfolder="unet")
    network = load_model(trained, "cpu").network
    x, t = torch.randn(4, 4, 16, 16, generator=torch.manual_seed(0)), torch.tensor([3, 30, 8, 0])
    context = torch.cat([torch.eye(3), torch.zeros(1, 3)])
    with torch.no_grad():
        theirs = unet(x, t, class_labels=torch.arange(4)).sample
        torch.testing.assert_close(network(x, t, context), theirs, rtol=0, atol=1e-5)


def test_a_broken_folder_is_told(folder: Path, tmp_path: Path) -> None:
    weights = read_tensors(folder / DIFFUSERS_WEIGHTS)
    del weights["conv_in.weight"]
    write_tensors(tmp_path / DIFFUSERS_WEIGHTS, weights)
    save_config(tmp_path, read_config(folder))
    with pytest.raises(ModelError, match="not those of the network"):
        load_model(tmp_path)


def test_its_card_and_its_header(folder: Path) -> None:
    from safetensors import safe_open

    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard.load(folder / "README.md")
    assert card.data.library_name == "diffusers"
    assert card.data.license == "other"
    assert "from_pretrained" in card.text
    with safe_open(folder / DIFFUSERS_WEIGHTS, "pt") as file:
        about = file.metadata()
    assert about["format"] == "pt"
    assert about["modelspec.sai_model_spec"] == "1.0.1"
    assert about["modelspec.implementation"] == "diffusers"
    assert about["modelspec.prediction_type"] == "v"
    assert about["modelspec.resolution"] == "16x16"


def test_nothing_that_a_folder_says_breaks_out_of_the_front_matter(model: Model) -> None:
    hub = pytest.importorskip("huggingface_hub")
    evil = 'it\'s "a"\n---\nevil: [1'
    learnt = model.config.trained_on.model_copy(update={"licence": evil, "source": evil})
    config = model.config.model_copy(update={"trained_on": learnt})
    card = {"figures": {"n": 9, "frechet_name": evil, "measures": {"frechet": 1.0}}}
    data = hub.ModelCard(front_matter(config, evil, "spritelab", card) + "# x\n").data
    assert "evil" not in data.to_dict()
    assert data.license == "other"
    (result,) = data.eval_results
    assert result.dataset_name == evil
    assert result.metric_name == f"{evil}, n = 9"


def test_no_class_breaks_out_of_the_card(model: Model, tmp_path: Path) -> None:
    evil = '")\n```\n<script>'
    config = model.config.model_copy(update={"class_names": (evil, "disc", "square")})
    out = export_diffusers(dataclasses.replace(model, config=config), tmp_path / "out")
    card = (out / "README.md").read_text("utf-8")
    assert 'pipe("disc", batch_size=8' in card
    assert "<script>" not in card
    config = model.config.model_copy(update={"class_names": (evil, evil + "2", evil + "3")})
    out = export_diffusers(dataclasses.replace(model, config=config), tmp_path / "other")
    assert "pipe(0, batch_size=8" in (out / "README.md").read_text("utf-8")


def test_the_command(tiny_run: Path, tmp_path: Path, refused: Refused) -> None:
    out = tmp_path / "out"
    words = ["export", "diffusers", str(tiny_run), "--out", str(out)]
    assert main(words) == 0
    before = snapshot(out)
    assert set(before) == {
        *("README.md", "config.json", "model_index.json", "pipeline.py", DIFFUSERS_WEIGHTS),
        "moments.safetensors",
        *("unet/config.json", "scheduler/scheduler_config.json"),
    }
    assert "--overwrite" in refused(*words)
    assert snapshot(out) == before
    assert main([*words, "--overwrite"]) == 0
    assert json.loads(before["model_index.json"])["id2label"]["1"] == CLASSES[1]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    assert "other files" in refused(*words[:-1], str(tmp_path / "other"), "--overwrite")
    assert main(["sample", str(out), "-n", "2", "--out", str(tmp_path / "s")]) == 0


def test_a_network_that_diffusers_does_not_have(model: Model, tmp_path: Path) -> None:
    config = model.config.model_copy(update={"network": ContextUNetSettings()})
    with pytest.raises(SettingsError, match=r"no network like context-unet; .*export onnx"):
        export_diffusers(dataclasses.replace(model, config=config), tmp_path / "a")
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_a_palette_head_draws_the_same_sprites(
    choosing: tuple[Model, Path, Any], guidance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _, pipe = choosing
    x_T, wanted, labels = last_x(model, 4, guidance=guidance)
    lent = model.request(4, seed=3).encoded_palettes()
    assert lent is not None
    monkeypatch.setattr(pipe.palette_head, "borrowed", lambda *_: (lent.colours, lent.used))
    how = {"num_inference_steps": STEPS, "guidance_scale": guidance, "latents": x_T}
    got = pipe(labels.tolist(), output_type="latent", **how).images
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-4)
    images = [np.asarray(picture) for picture in pipe(labels.tolist(), **how).images]
    assert np.array_equal(images, model.to_pixels(wanted))


def test_palettes_that_are_borrowed_and_given(choosing: tuple[Model, Path, Any]) -> None:
    model, _, pipe = choosing
    palettes = model.palettes
    assert palettes is not None
    labels = torch.tensor([0, 2, len(model.class_names)])
    colours, used = pipe.palette_head.borrowed(labels, torch.manual_seed(0))
    again, _ = pipe.palette_head.borrowed(labels, torch.manual_seed(0))
    assert torch.equal(colours, again)
    lenders = np.flatnonzero(palettes.labels == 2).tolist()
    there = {bytes(palettes.palette(i).colours) for i in lenders}
    levels = ((colours[1][used[1]] + 1) * 127.5).round().byte()
    assert bytes(levels.numpy()) in there

    few = {"num_inference_steps": 2, "generator": torch.manual_seed(1)}
    (image,) = pipe("food", palette=["#1a1c2c", "#b13e53"], **few).images
    seen = {tuple(pixel) for pixel in np.asarray(image).reshape(-1, 4)}
    assert seen <= {(0, 0, 0, 0), (26, 28, 44, 255), (177, 62, 83, 255)}
    with pytest.raises(ValueError, match="a palette has 1 to"):
        pipe("food", palette=["#000000"] * 300)
    for code in ("red", "#fff", ""):
        with pytest.raises(ValueError, match="a colour is written #rrggbb, not"):
            pipe("food", palette=[code])


def test_a_palette_head_comes_back(choosing: tuple[Model, Path, Any]) -> None:
    model, folder, _ = choosing
    back = load_model(folder, "cpu")
    assert back.config == model.config
    for name, weight in model.network.state_dict().items():
        assert torch.equal(back.network.state_dict()[name], weight), name
    assert back.palettes is not None
    assert model.palettes is not None
    assert np.array_equal(back.palettes.colours, model.palettes.colours)


def test_only_a_palette_head_takes_palettes(pipe: Any) -> None:
    with pytest.raises(ValueError, match="no palette head"):
        pipe(palette=["#000000"])
