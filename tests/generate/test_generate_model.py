"""From seeds to sprites: the same sprite however it is drawn, and honest about what it did."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spritelab import pixels
from spritelab.config import SamplerSettings, preset
from spritelab.diffusion import (
    Noise,
    build_head,
    build_schedule,
    ddpm_steps,
    denoiser,
    visited_pairs,
)
from spritelab.errors import ModelError, SettingsError
from spritelab.generate import (
    BATCHING_TOLERANCE,
    Model,
    ModelConfig,
    TrainedOn,
    load_model,
    make_network,
)
from spritelab.progress import Progress
from tiny import CLASSES

CPU = torch.device("cpu")
SAMPLERS: dict[str, dict[str, Any]] = {
    "ddim": {"sampler": "ddim", "steps": 5},
    "ddim, η = 1": {"sampler": "ddim", "steps": 5, "eta": 1.0},
    "ddpm": {"sampler": "ddpm", "steps": 5},
    "dpm": {"sampler": "dpm", "steps": 5},
    "guided": {"sampler": "ddim", "steps": 5, "guidance": 3.0},
}
samplers = pytest.mark.parametrize("how", SAMPLERS.values(), ids=SAMPLERS.keys())


def drawn_model(hard_alpha: bool = False) -> Model:
    """The preset ``rgba`` with weights that are all at work: no layer is zero."""
    settings = preset("rgba")
    config = ModelConfig(
        version="0",
        network=settings.network,
        schedule=settings.schedule,
        prediction="v",
        size=16,
        channels=4,
        class_names=CLASSES,
        hard_alpha=hard_alpha,
        trained_on=TrainedOn(source="", licence="", content_hash="", class_counts=(1, 1, 1)),
        step=0,
    )
    network = make_network(config)
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        draw = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            parameter.data.copy_(draw * parameter[0].numel() ** -0.5)
        else:
            parameter.data.add_(draw * 0.1)
    return Model(network.eval(), build_schedule(settings.schedule), config, CPU)


def with_network(model: Model, network: Callable[..., Tensor]) -> Model:
    return dataclasses.replace(model, network=network)  # type: ignore[arg-type]


def levels_apart(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@samplers
def test_a_sprite_does_not_depend_on_its_batch(tiny_model: Model, how: dict[str, Any]) -> None:
    """Sprite k of seed s for n = 5 and n = 20, in batches of 1, 7 and 64."""
    whole = tiny_model.sample(20, batch_size=64, seed=3, **how)
    assert len(np.unique(whole.images)) > 200
    for n, batch_size in ((20, 1), (20, 7), (5, 64), (5, 7)):
        other = tiny_model.sample(n, batch_size=batch_size, seed=3, **how)
        np.testing.assert_array_equal(other.seeds, whole.seeds[:n])
        np.testing.assert_array_equal(other.labels, whole.labels[:n])
        assert levels_apart(other.images, whole.images[:n]) <= BATCHING_TOLERANCE
    again = tiny_model.sample(20, batch_size=64, seed=3, **how)
    np.testing.assert_array_equal(again.images, whole.images)


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        {"sampler": "ddim", "steps": 50},
        {"sampler": "ddim", "steps": 50, "guidance": 3.0},
        {"sampler": "ddpm", "steps": 50},
    ],
)
def test_the_bound_holds_for_a_network_of_real_size(
    how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The bound is meant before alpha is settled: right at that threshold a sprite's pixel may
    # vanish in one batch and stay in another.
    monkeypatch.setattr(pixels, "settle_alpha", lambda images: images)
    model = drawn_model()
    whole = model.sample(20, batch_size=64, **how)
    for batch_size in (1, 7):
        other = model.sample(20, batch_size=batch_size, **how)
        assert levels_apart(other.images, whole.images) <= BATCHING_TOLERANCE
        # Rounding differs by accident only: where a value lies between two levels.
        assert (other.images != whole.images).mean() < 1e-3


def test_seeds_differ(tiny_model: Model) -> None:
    """So that equal sprites above mean something."""
    a = tiny_model.sample(8, steps=3, seed=0)
    b = tiny_model.sample(8, steps=3, seed=1)
    assert len(np.unique(a.images, axis=0)) == 8
    assert (a.seeds.tolist(), b.seeds.tolist()) == ([0] * 8, [1] * 8)
    assert not (a.images == b.images).all(axis=(1, 2, 3)).any()


@samplers
def test_a_sprite_can_be_drawn_again_by_its_name(tiny_model: Model, how: dict[str, Any]) -> None:
    whole = tiny_model.sample(9, seed=5, **how)
    assert whole.numbers.tolist() == list(range(9))
    again = tiny_model.sample(seed=5, numbers=[7, 2], **how)
    np.testing.assert_array_equal(again.labels, whole.labels[[7, 2]])
    assert levels_apart(again.images, whole.images[[7, 2]]) <= BATCHING_TOLERANCE
    other = tiny_model.sample(3, seed=6, **how)
    seeds = np.concatenate([whole.seeds[4:6], other.seeds[1:2]])
    numbers = np.concatenate([whole.numbers[4:6], other.numbers[1:2]])
    mixed = tiny_model.sample(seed=seeds.tolist(), numbers=numbers.tolist(), **how)
    assert (tiny_model.sample(seed=seeds[0], numbers=[0], **how).seeds == 5).all()  # NumPy's own
    expected = np.concatenate([whole.images[4:6], other.images[1:2]])
    assert levels_apart(mixed.images, expected) <= BATCHING_TOLERANCE


@pytest.mark.parametrize("name", ["ddpm", "ddim, η = 1"])
def test_variations_are_other_ways_from_the_same_noise(tiny_model: Model, name: str) -> None:
    how = SAMPLERS[name]
    own = tiny_model.sample(1, seed=5, numbers=[3], label="disc", **how).images[0]
    request: dict[str, Any] = {"seed": 5, "numbers": [3] * 4, "label": "disc"}
    varied = tiny_model.sample(variations=[0, 1, 1, 2], **request, **how).images
    assert levels_apart(varied[0], own) <= BATCHING_TOLERANCE
    assert levels_apart(varied[1], varied[2]) == 0
    assert levels_apart(varied[1], own) > 10
    assert levels_apart(varied[3], varied[1]) > 10
    still = tiny_model.sample(variations=[0, 1, 2, 3], sampler="ddim", steps=5, **request).images
    assert all(levels_apart(one, still[0]) == 0 for one in still)


def test_every_sampler_and_class_starts_from_the_same_noise(tiny_model: Model) -> None:
    starts = [
        next(iter(tiny_model.trace(3, seed=4, **how))).x_t
        for how in (
            {"sampler": "ddim", "steps": 5},
            {"sampler": "ddim", "steps": 50, "eta": 1.0},
            {"sampler": "ddpm"},
            {"sampler": "ddim", "steps": 5, "label": "disc"},
            {"sampler": "ddim", "steps": 5, "label": "none", "guidance": 2.0},
        )
    ]
    for start in starts[1:]:
        np.testing.assert_array_equal(start, starts[0])


def test_the_noise_of_a_sprite_is_its_own(tiny_model: Model) -> None:
    seen: list[Tensor] = []

    def network(x_t: Tensor, _t: Tensor, _context: Tensor) -> Tensor:
        seen.append(x_t)
        return torch.zeros_like(x_t)

    with_network(tiny_model, network).sample(64, steps=1, seed=3)
    for k in (0, 63):
        own = Noise(torch.tensor([3]), torch.tensor([k]))
        assert torch.equal(seen[0][k], own.normal(0, torch.empty(1, 4, 16, 16))[0])


def test_sampling_is_the_sampler_over_the_network(tiny_model: Model) -> None:
    """``sample`` written out with the diffusion room alone."""
    batch = tiny_model.sample(3, sampler="ddpm", steps=7, seed=2, label="disc", variance="beta")
    noise = Noise(torch.tensor([2] * 3), torch.arange(3))
    x_T = noise.normal(0, torch.empty(3, 4, 16, 16))
    context = torch.eye(3)[[1, 1, 1]]
    denoise = denoiser(tiny_model.network, build_head("v", tiny_model.schedule), context)
    *_, last = ddpm_steps(denoise, tiny_model.schedule, x_T, 7, variance="beta", generator=noise)
    np.testing.assert_array_equal(batch.images, pixels.settle_alpha(pixels.decode(last.x)))
    assert len(np.unique(batch.images)) > 100


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"n": 0}, "number of sprites must be at least 1, not 0"),
        ({"n": -3}, "number of sprites must be at least 1, not -3"),
        ({}, "say how many sprites to draw"),
        ({"n": 2, "numbers": [1]}, r"must agree, not \[1, 2\]"),
        ({"n": 2, "seed": [1]}, r"must agree, not \[1, 2\]"),
        ({"n": 2, "variations": [1]}, r"must agree, not \[1, 2\]"),
        ({"numbers": []}, "at least 1, not 0"),
        ({"numbers": [2**32]}, r"a sprite's number must lie in 0 … 2\^32 - 1, not 4294967296"),
        ({"numbers": [-1]}, "a sprite's number must lie in"),
        ({"n": 1, "variations": [-1]}, "a variation must lie in"),
        ({"n": 1, "seed": -1}, r"`seed` must lie in 0 … 2\^63 - 1, not -1"),
        ({"n": 1, "seed": 2**63}, r"`seed` must lie in 0 … 2\^63 - 1"),
        ({"n": 1, "sampler": "euler"}, "`sampler`: unknown 'euler'; choose 'ddpm', 'ddim'"),
        ({"n": 1, "steps": 0}, "`steps`: must be greater than or equal to 1, not 0"),
        ({"n": 1, "steps": 51}, r"`steps` must lie in 1 … 50 \(the schedule's T\), not 51"),
        ({"n": 1, "sampler": "ddim", "eta": 2}, "`eta`: must be less than or equal to 1, not 2"),
        ({"n": 1, "eta": -0.1}, r"`eta`: must be greater than or equal to 0, not -0\.1"),
        ({"n": 1, "guidance": float("nan")}, "`guidance`: must be a finite number"),
        ({"n": 1, "spacing": "even"}, "`spacing`: unknown 'even'; choose 'linspace'"),
        ({"n": 1, "sampler": "ddpm", "variance": "large"}, "`variance`: unknown 'large'"),
        ({"n": 1, "times": [5, 5]}, "`times` must descend"),
        ({"n": 1, "times": [50]}, "`times` must lie in 0 … 49"),
        ({"n": 1, "colour": "red"}, "`colour`: there is no such setting"),
        ({"n": 1, "batch_size": 0}, "batch_size must be at least 1"),
        ({"n": 1, "batch_size": -2}, "batch_size must be at least 1"),
    ],
)
def test_requests_that_cannot_be(tiny_model: Model, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        tiny_model.sample(**request_)
    assert "\n" not in str(caught.value)


class Counting(nn.Module):
    """Counts the sprites that the network inside is shown."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.evaluations = 0

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        self.evaluations += len(x_t)
        out: Tensor = self.inner(x_t, t, context)
        return out


@pytest.mark.parametrize(("guidance", "cost"), [(1.0, 1), (0.0, 1), (2.5, 2), (-1.0, 2), (0.5, 2)])
def test_nfe_is_what_it_cost(tiny_model: Model, guidance: float, cost: int) -> None:
    network = Counting(tiny_model.network)
    batch = with_network(tiny_model, network).sample(
        6, steps=4, guidance=guidance, batch_size=4, label="disc"
    )
    assert batch.nfe == 4 * cost
    assert network.evaluations == 6 * batch.nfe
    assert batch.seconds > 0
    assert (len(batch), batch.how.steps, batch.how.sampler) == (6, 4, "dpm")
    assert batch.class_names == CLASSES


def test_guidance_1_and_0_are_plain(tiny_model: Model) -> None:
    """w = 1 is the conditional model, w = 0 the unconditional one; 1 + tiny tends to the first."""
    how: dict[str, Any] = {"n": 4, "steps": 5}
    conditional = tiny_model.sample(label="disc", **how)
    unconditional = tiny_model.sample(label="none", **how)
    assert levels_apart(conditional.images, unconditional.images) > 0
    plain = tiny_model.sample(label="disc", guidance=0.0, **how)
    np.testing.assert_array_equal(plain.images, unconditional.images)
    nearly = tiny_model.sample(label="disc", guidance=1 + 1e-9, **how)
    assert levels_apart(nearly.images, conditional.images) <= BATCHING_TOLERANCE


def test_a_model_draws_as_its_folder_says(tiny_model: Model) -> None:
    own = tiny_model.config.sampling
    assert own == SamplerSettings(sampler="dpm")
    assert tiny_model.sample(1).how == own.complete(50)
    calm = SamplerSettings(sampler="ddim", steps=7, guidance=1.5)
    config = tiny_model.config.model_copy(update={"sampling": calm})
    model = dataclasses.replace(tiny_model, config=config)
    assert model.sample(1).how == calm.complete(50)
    assert model.sample(1, eta=0.5).how == calm.changed(eta=0.5).complete(50)
    assert model.sample(1, own).how == own.complete(50)
    assert model.sample(1, own, steps=3).how == own.changed(steps=3).complete(50)
    # Another sampler has steps of its own; guidance stays.
    other = model.sample(1, sampler="dpm").how
    assert (other.steps, other.guidance) == (10, 1.5)


def test_steps_by_default(tiny_model: Model) -> None:
    assert tiny_model.sample(1, sampler="ddpm").how.steps == 50  # all T
    assert tiny_model.sample(1, sampler="ddim").how.steps == 50
    long = dataclasses.replace(tiny_model, schedule=build_schedule(preset("rgba").schedule))
    network = with_network(long, lambda x_t, *_: torch.zeros_like(x_t))
    assert network.sample(1).how.steps == 10
    assert network.sample(1, sampler="ddim").how.steps == 50
    assert network.sample(1, sampler="ddpm").how.steps == 1000


def test_what_is_drawn_compares_by_identity_and_shows_itself_briefly(tiny_model: Model) -> None:
    batch, other = tiny_model.sample(2, steps=1), tiny_model.sample(2, steps=1)
    (frame, *_) = tiny_model.trace(1, steps=1)
    for one in (batch, frame, tiny_model):
        assert one == one
        assert isinstance(hash(one), int)
        assert len(repr(one)) < 100
    assert batch != other
    assert repr(batch) == "<SpriteBatch: 2 RGBA sprites of 16×16, DPM-Solver++, 1 step>"


@samplers
def test_trace_is_the_way_to_what_sample_returns(tiny_model: Model, how: dict[str, Any]) -> None:
    frames = list(tiny_model.trace(3, seed=6, **how))
    batch = tiny_model.sample(3, seed=6, **how)
    assert len(frames) == how["steps"] + 1
    settings = tiny_model.sampler_settings(**how)
    visited = [t for t, _ in visited_pairs(settings, tiny_model.schedule)]
    assert [frame.t for frame in frames] == [*visited, -1]
    np.testing.assert_array_equal(frames[-1].x_t, batch.images)
    np.testing.assert_array_equal(frames[-1].x0_hat, batch.images)
    assert len(np.unique(batch.images, axis=0)) == 3
    for frame in frames:
        for images in (frame.x_t, frame.x0_hat):
            assert images.dtype == np.uint8
            assert images.shape == (3, 16, 16, 4)


def test_the_frames_of_a_trace_belong_together(tiny_model: Model) -> None:
    """x_t of a frame is what the network saw at its t, and x̂_0 what it made of just that."""
    shown: list[tuple[Tensor, Tensor]] = []

    def network(x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        shown.append((x_t, t))
        out: Tensor = tiny_model.network(x_t, t, context)
        return out

    *frames, _ = with_network(tiny_model, network).trace(2, steps=6, seed=1)
    assert len(frames) == len(shown) == 6
    for frame, (x_t, t) in zip(frames, shown, strict=True):
        assert t.tolist() == [frame.t] * 2
        np.testing.assert_array_equal(frame.x_t, pixels.decode(x_t))


def test_trace_refuses_what_sample_refuses(tiny_model: Model) -> None:
    for request, message in (
        ({"n": 0}, "at least 1"),
        ({"n": 1, "steps": 51}, "`steps` must lie in"),
        ({"n": 1, "eta": 2.0}, "`eta`: must be"),
        ({"n": 1, "label": "dragon"}, "unknown label"),
    ):
        with pytest.raises(SettingsError, match=message):
            next(iter(tiny_model.trace(**request)))


def test_hard_alpha_as_in_training(tiny_model: Model) -> None:
    how: dict[str, Any] = {"n": 4, "steps": 5}
    config = tiny_model.config.model_copy(update={"hard_alpha": True})
    soft_model, hard_model = tiny_model, dataclasses.replace(tiny_model, config=config)
    soft = soft_model.sample(**how)
    assert len(np.unique(soft.images[..., 3])) > 10
    hard = hard_model.sample(**how)
    assert set(np.unique(hard.images[..., 3])) == {0, 255}
    np.testing.assert_array_equal(hard.images, pixels.harden_alpha(soft.images))
    asked = soft_model.sample(**how, hard_alpha=True), hard_model.sample(**how, hard_alpha=False)
    np.testing.assert_array_equal(asked[0].images, hard.images)
    np.testing.assert_array_equal(asked[1].images, soft.images)
    *_, last = hard_model.trace(**how)
    np.testing.assert_array_equal(last.x_t, hard.images)


class Loud(nn.Module):
    """Predicts far beyond the range of a sprite, so that alpha ends at 0 and at 255."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        out: Tensor = 10 * self.inner(x_t, t, context)
        return out


def test_no_colour_hides_under_transparency(tiny_model: Model) -> None:
    loud = with_network(tiny_model, Loud(tiny_model.network))
    for hard_alpha in (True, False):
        images = loud.sample(4, steps=2, hard_alpha=hard_alpha, clip=False).images
        hidden = images[..., 3] == 0
        assert hidden.any()
        assert images[~hidden].any()
        assert not images[hidden].any()


def test_progress_counts_every_evaluation(tiny_model: Model) -> None:
    told: list[tuple[int, int | None, str]] = []
    progress = Progress(lambda *now: told.append(now))
    tiny_model.sample(5, steps=3, batch_size=2, progress=progress)
    assert told == [(done, 15, "") for done in (2, 4, 6, 8, 10, 12, 13, 14, 15)]


class Cramped(nn.Module):
    """A network on a device whose memory holds ``room`` sprites at a time."""

    def __init__(self, inner: nn.Module, room: int) -> None:
        super().__init__()
        self.inner, self.room = inner, room
        self.sizes: list[int] = []

    def forward(self, x_t: Tensor, t: Tensor, context: Tensor) -> Tensor:
        self.sizes.append(len(x_t))
        if len(x_t) > self.room:
            raise torch.OutOfMemoryError
        out: Tensor = self.inner(x_t, t, context)
        return out


def test_batches_shrink_until_they_fit(tiny_model: Model) -> None:
    network = Cramped(tiny_model.network, room=3)
    batch = with_network(tiny_model, network).sample(7, steps=2)
    assert network.sizes == [7, 3, 3, 3, 3, 1, 1]
    expected = tiny_model.sample(7, steps=2)
    assert levels_apart(batch.images, expected.images) <= BATCHING_TOLERANCE
    np.testing.assert_array_equal(batch.seeds, expected.seeds)


def test_memory_for_not_even_one_sprite(tiny_model: Model) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        with_network(tiny_model, Cramped(tiny_model.network, room=0)).sample(2, steps=1)


def test_load_model_takes_a_run_or_a_model_folder(tiny_run: Path) -> None:
    run, folder = load_model(tiny_run, "cpu"), load_model(str(tiny_run / "model"), "cpu")
    assert run.config == folder.config
    assert (run.class_names, run.size, run.channels) == (CLASSES, 16, 4)
    assert not run.network.training
    np.testing.assert_array_equal(run.sample(2, steps=2).images, folder.sample(2, steps=2).images)


def test_load_model_refuses(tmp_path: Path, tiny_run: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no model at .*none; give a run's folder"):
        load_model(tmp_path / "none")
    with pytest.raises(ModelError, match=r"holds no model \(no model/config.json\)"):
        load_model(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        load_model(tmp_path)
    for device in ("gpu", "cuda:99", "meta:x"):
        with pytest.raises(SettingsError, match=f"torch cannot use the device '{device}' here"):
            load_model(tiny_run, device)
