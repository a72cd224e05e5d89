"""A trained network for other classes: what it gives for those it knew, and for new ones."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from spritelab.config import preset
from spritelab.diffusion import FEATURES
from spritelab.networks import build_network, build_palette_network, with_classes

BEFORE, AFTER = ("potion", "food", "spell"), ("robot", "spell", "potion", "ship", "rune")


assert_equal = partial(assert_close, rtol=0, atol=0)


def build(name: str, classes: int, palette: bool) -> nn.Module:
    shared = {"size": 16, "context_dim": classes, "timesteps": 50}
    settings = preset(name).network
    if palette:
        return build_palette_network(settings, channels=10, features=FEATURES, **shared)
    return build_network(settings, channels=4, **shared)


def ask(network: nn.Module, k: int | None, palette: bool) -> Tensor:
    classes: int = network.context_dim  # type: ignore[assignment]
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 10 if palette else 4, 16, 16, generator=generator)
    colours = torch.randn(2, 5, FEATURES, generator=generator)
    context = None if k is None else torch.eye(classes)[[k, k]]
    t = torch.tensor([3, 40])
    evidence = torch.randn(2, 5, 16, 16, generator=generator)
    more = (colours, torch.ones(2, 5, dtype=torch.bool), evidence) if palette else ()
    with torch.no_grad():
        out: Tensor = network(x, t, context, *more)
    return out


@pytest.mark.parametrize("palette", [False, True])
@pytest.mark.parametrize("name", ["notebook", "small"])
def test_with_classes(name: str, palette: bool) -> None:
    torch.manual_seed(0)
    parent = build(name, len(BEFORE), palette).eval()
    with torch.no_grad():
        for parameter in parent.parameters():  # zero layers too would hide what is lost
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    child = build(name, len(AFTER), palette).eval()
    child.load_state_dict(with_classes(parent.state_dict(), BEFORE, AFTER))
    # Sums over another number of classes may round differently, where more than classes are summed.
    close = partial(assert_close, rtol=1e-4, atol=1e-4) if palette else assert_equal
    for kept in ("potion", "spell"):
        ours, theirs = (
            ask(child, AFTER.index(kept), palette),
            ask(parent, BEFORE.index(kept), palette),
        )
        close(ours, theirs)
    none = ask(parent, None, palette)
    close(ask(child, None, palette), none)
    for new in ("robot", "ship", "rune"):
        close(ask(child, AFTER.index(new), palette), none)
    assert (ask(parent, 0, palette) - none).abs().max() > 1e-3


def test_the_same_classes_change_nothing() -> None:
    weights = build("small", 3, palette=True).state_dict()
    found = with_classes(weights, BEFORE, BEFORE)
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name], weight) for name, weight in weights.items())
