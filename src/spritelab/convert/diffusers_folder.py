"""A model as a folder that diffusers loads, with its pipeline and, without code, as its parts.

FOLDER/
  model_index.json   which classes its parts have; the classes' names
  pipeline.py        the pipeline: ``diffusers_pipeline``
  unet/              a ``UNet2DModel``: the very function of ours, see ``networks.to_unet2d``
  scheduler/         a ``DDIMScheduler`` with our β
  palette_head/      of a model that has one: ``diffusers_palette_head``, which diffusers has not
  config.json        what spritelab says of the model, by which it can be loaded here again
  README.md          the card
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from spritelab.config import UNetSettings
from spritelab.convert.front_matter import front_matter, plain_class, shown, words
from spritelab.convert.model_spec import model_spec
from spritelab.diffusion import palette_channels
from spritelab.errors import SettingsError
from spritelab.generate import Model, TrainingPalettes, save_config, without_guide
from spritelab.generate.diffusers_weights import FILE, HEAD, UNET, to_parts
from spritelab.generate.folder import DIFFUSERS_WEIGHTS, MOMENTS, PALETTES
from spritelab.markup import code
from spritelab.networks import PaletteNet, unet2d_config
from spritelab.networks.palette_net import VOTES
from spritelab.storage import check_replaceable, filling, write_file, write_json
from spritelab.storage.tensors import write_tensors

PIPELINE = Path(__file__).parent / "diffusers_pipeline.py"
"""Written as it is: ``pipeline.py``."""

PALETTE_HEAD = Path(__file__).parent / "diffusers_palette_head.py"
"""Written as it is: ``palette_head/palette_head.py``."""

INDEX = "model_index.json"

_WRITTEN = {
    *("README.md", "config.json", "pipeline.py", "samples.png", "scheduler"),
    *(INDEX, UNET, HEAD, MOMENTS, PALETTES),
}

_VERSION = "0.31.0"
"""The oldest diffusers that reads it."""

_PREDICTIONS = {"eps": "epsilon", "x0": "sample", "v": "v_prediction", "palette": "sample"}


def export_diffusers(model: Model, out: str | Path, *, overwrite: bool = False) -> Path:
    """Write a model as a folder that diffusers loads, and return the folder.

    Args:
        model: whose network is a ``unet``.
        out: the folder, which must not exist or be empty.
        overwrite: replace an export that is there, and nothing else.

    Raises:
        SettingsError: for a network that diffusers has not, and if the folder is taken.
        StorageError: if it cannot be written; what was there before is untouched.
    """
    model = without_guide(model, "a folder for diffusers")
    out, config, network = Path(out), model.config, model.config.network
    if not isinstance(network, UNetSettings):
        raise SettingsError(
            f"diffusers has no network like {network.kind}; `spritelab export onnx` writes any "
            "model whole, and those of other presets can be exported"
        )
    check_replaceable(
        out,
        overwrite,
        lambda: _is_export(out),
        parameter="out",
        what="an export",
        it="it",
    )
    name = model.name or "model"
    parts = to_parts(model.network.state_dict())
    with filling(out) as aside:
        about = {"format": "pt", **model_spec(config, name, "diffusers")}
        write_tensors(aside / DIFFUSERS_WEIGHTS, parts[UNET], about)
        write_json(aside / UNET / "config.json", _of("UNet2DModel", _unet(model, network)))
        if model.palettes is not None:
            _write_head(model, model.palettes, parts[HEAD], aside, about)
        write_json(aside / "scheduler" / "scheduler_config.json", _scheduler(model))
        write_json(aside / INDEX, _index(model))
        write_file(aside / "pipeline.py", PIPELINE.read_bytes())
        if model.moments is not None:
            write_tensors(aside / MOMENTS, model.moments.tensors())
        save_config(aside, config)
        used = (_USED if model.palettes is None else _USED_PALETTES).format(
            name=json.dumps(out.resolve().name, ensure_ascii=False),
            command=code(
                f"spritelab sample {shown(out.resolve().name)} --sampler ddim --spacing trailing "
                "--steps 50"
            ),
            label=f'"{label}"' if (label := plain_class(config)) else "0",
            channels=config.channels,
            size=config.size,
            timesteps=config.schedule.timesteps,
        )
        card = front_matter(config, name, "diffusers") + words(config, name, used)
        write_file(aside / "README.md", card)
    return out


def _is_export(folder: Path) -> bool:
    """Whether a folder holds what is written, and nothing else but the picture of a push."""
    there = {path.name for path in folder.iterdir()}
    return {INDEX, "config.json"} <= there <= _WRITTEN


def _unet(model: Model, network: UNetSettings) -> dict[str, Any]:
    """The arguments of the U-Net, which is inside of a palette head's network."""
    channels, size = model.channels, model.size
    if not isinstance(model.network, PaletteNet):
        classes = len(model.class_names)
        return unet2d_config(network, channels=channels, size=size, classes=classes)
    shown, given = palette_channels(channels), model.network.width + VOTES
    return unet2d_config(network, channels=shown, size=size, classes=None, out_channels=given)


def _write_head(
    model: Model,
    palettes: TrainingPalettes,
    weights: Mapping[str, Tensor],
    folder: Path,
    about: Mapping[str, str],
) -> None:
    """The part that diffusers has not: its code, its weights, and the training palettes."""
    write_tensors(folder / HEAD / FILE, {**weights, **palettes.tensors()}, about)
    write_tensors(folder / PALETTES, palettes.tensors())  # for spritelab
    arguments = {
        "classes": len(model.class_names),
        "embedding": len(weights["context.weight"]),
        "channels": model.channels,
        "lenders": len(palettes),
        "most": palettes.most,
    }
    write_json(folder / HEAD / "config.json", _of("PaletteHead", arguments))
    write_file(folder / HEAD / "palette_head.py", PALETTE_HEAD.read_bytes())


def _of(class_name: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"_class_name": class_name, "_diffusers_version": _VERSION, **entries}


def _index(model: Model) -> dict[str, Any]:
    head = {} if model.palettes is None else {HEAD: ["palette_head", "PaletteHead"]}
    return {
        "_class_name": ["pipeline", "SpritePipeline"],
        "_diffusers_version": _VERSION,
        "unet": ["diffusers", "UNet2DModel"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        **head,
        "id2label": {str(k): name for k, name in enumerate(model.class_names)},
        "hard_alpha": model.config.hard_alpha and model.palettes is None,
    }


def _scheduler(model: Model) -> dict[str, Any]:
    """A ``DDIMScheduler`` that visits the steps of our spacing ``trailing``.

    Of its own spacings it is the one that begins in pure noise and that its step rule,
    t - T // n, is right for, where n divides T.
    """
    entries = {
        "num_train_timesteps": model.schedule.timesteps,
        "trained_betas": model.schedule.betas.tolist(),
        "prediction_type": _PREDICTIONS[model.config.prediction],
        "clip_sample": model.config.sampling.clip,
        "clip_sample_range": 1.0,
        "set_alpha_to_one": True,
        "steps_offset": 0,
        "timestep_spacing": "trailing",
    }
    return _of("DDIMScheduler", entries)


_USED_PALETTES = """## In diffusers

```python
import torch
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained({name}, trust_remote_code=True)
images = pipe({label}, batch_size=8, generator=torch.manual_seed(0)).images
images[0].save("sprite.png")
pipe({label}, palette=["#1a1c2c", "#b13e53", "#ef7d57", "#ffcd75"]).images[0].save("four.png")
```

Every pixel is one of its sprite's few colours. The U-Net is diffusers' own `UNet2DModel`; the head
that chooses among the colours is `palette_head/palette_head.py`. For the same x_T and palettes the
sprites are those of
{command}, where
the number of steps divides {timesteps}: diffusers steps from t to t - T // n.
"""

_USED = """## In diffusers

```python
import torch
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained({name}, trust_remote_code=True)
images = pipe({label}, batch_size=8, generator=torch.manual_seed(0)).images
images[0].save("sprite.png")
```

Or without the code of `pipeline.py`:

```python
import torch
from diffusers import DDIMScheduler, UNet2DModel

unet = UNet2DModel.from_pretrained({name}, subfolder="unet")
scheduler = DDIMScheduler.from_pretrained({name}, subfolder="scheduler")
scheduler.set_timesteps(50)
x = torch.randn(8, {channels}, {size}, {size}, generator=torch.manual_seed(0))
labels = torch.full((8,), 0)  # the number of a class; the last row of the table is no class
for t in scheduler.timesteps:
    with torch.no_grad():
        output = unet(x, t, class_labels=labels).sample
    x = scheduler.step(output, t, x, use_clipped_model_output=True).prev_sample
sprites = ((x + 1) * 127.5).round().clamp(0, 255).byte()
```

For the same x_T the sprites are, to rounding, those of
{command}, where the number of steps
divides {timesteps}: diffusers steps from t to t - T // n. With others it is a little off.
"""
