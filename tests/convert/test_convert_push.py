"""Models on a hub: pushed, fetched, refused; against a stand-in on this machine."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from hub_server import StandIn
from spritelab import hub
from spritelab.cli import main
from spritelab.convert import export_diffusers, write_pushed
from spritelab.convert.front_matter import front_matter
from spritelab.errors import SettingsError
from spritelab.generate import Model, load_model, read_config, weights_hash
from spritelab.hub import Address
from tiny import CLASSES, Refused

pytest.importorskip("huggingface_hub")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hf://you/sprites", Address("you/sprites")),
        ("hf://you/my.set_1@v1.0", Address("you/my.set_1", "v1.0")),
        ("hf://you/x@refs/pr/1", Address("you/x", "refs/pr/1")),
    ],
)
def test_an_address(text: str, wanted: Address) -> None:
    assert Address.parse(text) == wanted
    assert str(wanted) == text


@pytest.mark.parametrize(
    "text",
    ["hf://you", "hf://you/a/b", "hf://../x", "hf://you/..", "hf://you/a@../b", "hf://you/a b"],
)
def test_no_address(text: str) -> None:
    with pytest.raises(SettingsError, match="reads hf://org/name"):
        Address.parse(text)


def test_a_model_goes_there_and_back(
    there: StandIn, tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["push", str(tiny_run), "you/tiny"]) == 0
    assert "pushed http" in capsys.readouterr().out
    files = there.files["models/you/tiny"]
    weights = {"model.safetensors", "moments.safetensors"}
    assert set(files) == {"README.md", "config.json", "samples.png"} | weights

    back, model = load_model("hf://you/tiny", "cpu"), load_model(tiny_run, "cpu")
    assert back.name == "tiny"
    assert back.config == model.config
    for one, other in zip(back.network.parameters(), model.network.parameters(), strict=True):
        assert torch.equal(one, other)
    words = ["sample", "hf://you/tiny", "-n", "2", "--steps", "2", "--out", str(tmp_path / "s")]
    assert main(words) == 0

    # A second time nothing but the commit is asked for; and nothing is needed at all.
    there.asked.clear()
    load_model("hf://you/tiny", "cpu")
    assert not any("resolve" in one for one in there.asked)
    there.close()
    assert load_model("hf://you/tiny", "cpu").name == "tiny"


def test_what_is_fetched_is_what_is_read(there: StandIn, tiny_run: Path, tmp_path: Path) -> None:
    """Code in a repository is not even fetched."""
    pushed = write_pushed(load_model(tiny_run, "cpu"), tmp_path / "tiny", "you/tiny")
    files = {path.name: path.read_bytes() for path in pushed.iterdir()}
    there.put("models/you/tiny", {**files, "pipeline.py": b"x = 1", "model.bin": b"\x80\x04."})
    load_model("hf://you/tiny", "cpu")
    fetched = {one.rpartition("/")[2] for one in there.asked if "/resolve/" in one}
    assert fetched == {"config.json", "model.safetensors", "moments.safetensors"}


def test_its_card(there: StandIn, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard
    from safetensors import safe_open

    out = write_pushed(load_model("crawl-16", "cpu"), tmp_path / "out", "hf://you/crawl")
    card = ModelCard.load(out / "README.md")
    assert card.data.license == "cc0-1.0"
    assert card.data.library_name == "spritelab"
    assert card.data.pipeline_tag == "unconditional-image-generation"
    assert "pixel-art" in card.data.tags
    facts = json.loads((out / "card.json").read_text())["figures"]["measures"]
    results = {one.metric_type: one for one in card.data.eval_results}
    assert results["frechet"].metric_value == facts["frechet"]
    assert results["frechet"].metric_name.startswith("FD-EffNet")
    assert results["frechet"].dataset_name == "crawl"
    assert set(results) >= {"frechet", "kid", "precision", "recall"}
    assert "![" in card.text
    assert "hf://you/crawl" in card.text
    assert Image.open(out / "samples.png").width > 10 * 16 * 4
    with safe_open(out / "model.safetensors", "pt") as file:
        about = file.metadata()
        assert file.get_tensor("inner.stem.weight").dtype == torch.float16  # as it came
    assert about["modelspec.title"] == "crawl"
    assert about["modelspec.license"] == "CC0-1.0"
    assert there.asked == []


def test_a_card_names_the_data_set(tiny_model: Model) -> None:
    from huggingface_hub import ModelCard

    learnt = tiny_model.config.trained_on.model_copy(update={"source": "hf://you/set@v1"})
    config = tiny_model.config.model_copy(update={"trained_on": learnt})
    card: Any = ModelCard(front_matter(config, "x", "spritelab"))
    assert card.data.datasets == ["you/set"]


def test_figures_of_a_model_without_a_card(
    tiny_model: Model, tiny_run: Path, tmp_path: Path
) -> None:
    from huggingface_hub import ModelCard

    figures = {"n": 1000, "frechet": 3.5, "frechet_name": "FD-EffNet", "kid": 0.001}
    own = {**figures, "weights_hash": weights_hash(tiny_run)}
    out = write_pushed(tiny_model, tmp_path / "out", "you/tiny", figures=own)
    results = ModelCard.load(out / "README.md").data.eval_results
    assert {one.metric_type: one.metric_value for one in results} == {"frechet": 3.5, "kid": 0.001}

    for other in (figures, {**figures, "weights_hash": weights_hash("crawl-16")}):
        with pytest.raises(SettingsError, match="are not of the weights in"):
            write_pushed(tiny_model, tmp_path / "other", "you/tiny", figures=other)
    with pytest.raises(SettingsError, match="has a card of its own already"):
        write_pushed(load_model("crawl-16", "cpu"), tmp_path / "other", "you/c", figures=own)
    assert not (tmp_path / "other").exists()


def test_what_evaluate_writes_is_what_push_reads(tiny_run: Path, tmp_path: Path) -> None:
    written = str(tmp_path / "figures.json")
    measure = ["-n", "24", "--steps", "2", "--features", "pixels", "--device", "cpu"]
    assert main(["evaluate", str(tiny_run), *measure, "--json", written]) == 0
    push = ["--figures", written, "--out", str(tmp_path / "out")]
    assert main(["push", str(tiny_run), "you/tiny", *push]) == 0
    assert "model-index" in (tmp_path / "out" / "README.md").read_text()


def test_an_export_for_diffusers_goes_there_whole(
    there: StandIn, tiny_model: Model, tmp_path: Path
) -> None:
    folder = export_diffusers(tiny_model, tmp_path / 'it\'s "exported"')
    assert main(["push", str(folder), "you/tiny"]) == 0
    files = there.files["models/you/tiny"]
    assert {"model_index.json", "pipeline.py", "samples.png"} <= set(files)
    card = files["README.md"].decode()
    assert "samples.png" in card
    assert set(re.findall(r"from_pretrained\((.*?),", card)) == {'"you/tiny"'}
    assert "`spritelab sample hf://you/tiny --sampler ddim" in card
    assert load_model("hf://you/tiny", "cpu").config == tiny_model.config


def test_what_is_refused(
    there: StandIn, tiny_run: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "there is no model you/none" in refused("sample", "hf://you/none")
    assert "reads hf://org/name" in refused("push", str(tiny_run), "tiny")
    there.put("models/you/empty", {"README.md": b"# nothing"})
    assert "none of the files" in refused("sample", "hf://you/empty")
    assert "no such revision" in refused("sample", "hf://you/empty@v2")
    config = (tiny_run / "model" / "config.json").read_bytes()
    there.put("models/you/broken", {"config.json": config, "model.safetensors": b"no tensors"})
    assert "is broken" in refused("sample", "hf://you/broken")
    there.size_told = hub.MAX_BYTES
    there.asked.clear()
    assert "more than are fetched" in refused("sample", "hf://you/broken@main")
    assert not any("/resolve/" in one for one in there.asked)
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_stranger")
    assert "log in by `hf auth login`" in refused("push", str(tiny_run), "you/tiny")
    assert "models/you/tiny" not in there.files


def test_a_hub_that_sends_other_than_it_says(
    there: StandIn, tmp_path: Path, tiny_run: Path, refused: Refused
) -> None:
    pushed = write_pushed(load_model(tiny_run, "cpu"), tmp_path / "tiny", "you/tiny")
    there.put("models/you/tiny", {path.name: path.read_bytes() for path in pushed.iterdir()})
    there.endless = True
    assert "the Hub sends more of hf://you/tiny than the" in refused("sample", "hf://you/tiny")
    assert there.sent < 2**27  # a piece in memory for each of its threads, and what lies between
    kept = sum(path.stat().st_size for path in (tmp_path / "hub-cache").rglob("*"))
    assert kept < 2**20
    there.endless, there.cut = False, True
    assert "is not as long as the Hub says" in refused("sample", "hf://you/tiny")
    there.cut = False
    assert load_model("hf://you/tiny", "cpu").class_names == CLASSES
    assert not any("xet" in one for one in there.asked)


def test_nobody_answers(there: StandIn, tiny_run: Path, refused: Refused) -> None:
    there.close()
    line = refused("sample", "hf://you/tiny")
    assert line.startswith("the Hugging Face Hub cannot be reached for hf://you/tiny")
    assert "nothing was pushed to hf://you/tiny" in refused("push", str(tiny_run), "you/tiny")
    assert "cannot be reached" in refused("data", "inspect", "hf://you/sprites")


def test_it_is_switched_off(
    there: StandIn, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "cannot be reached" in refused("sample", "hf://you/tiny")
    assert there.asked == []


def test_a_model_that_was_fetched_is_told_by_its_name(tmp_path: Path) -> None:
    place = tmp_path / "models--you--tiny" / "snapshots" / ("0" * 40)
    assert hub.name_of(place) == "tiny"
    assert hub.name_of(tmp_path) is None
    assert hub.name_of(Path("a")) is None


def test_out_writes_and_pushes_nothing(there: StandIn, tiny_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["push", str(tiny_run), "you/tiny", "--out", str(out)]) == 0
    assert read_config(out).class_names == CLASSES
    assert there.asked == []
    assert np.asarray(Image.open(io.BytesIO((out / "samples.png").read_bytes()))).ndim == 3
