"""What changes while a network learns."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spritelab.config import TrainingSettings
from spritelab.networks import hidden_weights
from spritelab.training.average import PowerAverage
from spritelab.training.checkpoint import CheckpointState
from spritelab.training.early_stopping import LeastLoss
from spritelab.training.muon import Muon


@dataclass(frozen=True, eq=False)
class Early:
    """The average as it was after ``step`` updates: the guide of autoguidance."""

    step: int
    weights: Mapping[str, Tensor]


@dataclass
class TrainingState:
    """What changes while a network learns: all that a checkpoint must hold.

    ``least`` is kept by runs that stop when they memorise, from their first validation on;
    ``guide`` by those that are to have one, once so much of the run is done.
    """

    network: nn.Module
    average: PowerAverage
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0
    progress: float = 0.0
    least: LeastLoss | None = None
    guide: Early | None = None

    @classmethod
    def start(
        cls, network: nn.Module, settings: TrainingSettings, device: torch.device
    ) -> TrainingState:
        """Begin with ``network`` as it is."""
        network = network.to(device).train()
        optimiser = make_optimiser(network, settings, fused=device.type in ("cpu", "cuda"))
        return cls(network, PowerAverage(network, settings.ema_width), optimiser)

    def averaged(self) -> nn.Module:
        """A copy of the network with the averaged weights, in evaluation mode."""
        network = deepcopy(self.network)
        network.load_state_dict(self.average.weights)
        return network.eval()

    def tensors(self) -> dict[str, Tensor]:
        """All tensors of the state, by name."""
        named = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        named |= {f"average.{name}": value for name, value in self.average.weights.items()}
        for index, entries in self.optimiser.state_dict()["state"].items():
            named |= {f"optimiser.{index}.{name}": value for name, value in entries.items()}
        if self.least is not None:
            named |= {f"least.{name}": value for name, value in self.least.weights.items()}
        if self.guide is not None:
            named |= {f"guide.{name}": value for name, value in self.guide.weights.items()}
        return named

    def load(self, tensors: dict[str, Tensor], record: CheckpointState) -> None:
        """Take over a saved state."""
        parts: dict[str, dict[str, Tensor]] = {
            part: {} for part in ("network", "average", "optimiser", "least", "guide")
        }
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        self.network.load_state_dict(parts["network"])
        self.average.load(parts["average"])
        saved = self.optimiser.state_dict()
        saved["state"] = {}
        for name, value in parts["optimiser"].items():
            index, _, key = name.partition(".")
            saved["state"].setdefault(int(index), {})[key] = value
        _check_shapes(self.optimiser, saved["state"])
        self.optimiser.load_state_dict(saved)
        self.step, self.seconds, self.progress = record.step, record.seconds, record.progress
        if record.least is not None:
            # On the device, like all that training compares them with.
            weights = {n: parts["least"][n].to(v.device) for n, v in self.average.weights.items()}
            self.least = LeastLoss.restore(record.least, weights)
        if record.guide_step is not None:
            like = self.average.weights
            self.guide = Early(record.guide_step, {name: parts["guide"][name] for name in like})

    def keep_guide(self) -> None:
        """Let the average as it is be the guide."""
        weights = {name: value.clone() for name, value in self.average.weights.items()}
        self.guide = Early(self.step, weights)

    def kept_guide(self) -> Early | None:
        """The guide of the run's model: there is none that is not younger than the model."""
        return self.guide if self.guide and self.guide.step < self.kept()[0] else None

    def kept(self) -> tuple[int, Mapping[str, Tensor]]:
        """The weights that the run's model has, and after how many updates they were reached.

        Those of the least held-out loss, if the run keeps it; else the average as it is.
        """
        if self.least is not None:
            return self.least.step, self.least.weights
        return self.step, self.average.weights


def make_optimiser(
    network: nn.Module, settings: TrainingSettings, fused: bool
) -> torch.optim.Optimizer:
    """The optimiser that ``settings`` name, for all parameters of ``network``."""
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimiser == "muon":
        hidden, others = hidden_weights(network)
        return Muon(hidden, others, lr=rate, weight_decay=decay, fused=fused)
    make = torch.optim.Adam if settings.optimiser == "adam" else torch.optim.AdamW
    return make(network.parameters(), lr=rate, weight_decay=decay, fused=fused)


def _check_shapes(
    optimiser: torch.optim.Optimizer, saved: Mapping[int, Mapping[str, Tensor]]
) -> None:
    """Raise ``ValueError`` unless moments have the shapes of what they are moments of."""
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    for index, entries in saved.items():
        for value in entries.values():
            if value.ndim and value.shape != parameters[index].shape:
                raise ValueError(f"optimiser state {index} has the shape {list(value.shape)}")
