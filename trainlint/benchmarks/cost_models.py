"""On which trainings is the cost of a watch measured? From a step of two milliseconds to one of a tenth of a second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW, Optimizer

Terms = Mapping[str, tuple[float, Tensor]]
HandOver = Callable[[Tensor, Terms], Tensor]
"""Gets the loss and its terms before the backward pass, and gives the loss back."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """A model, its optimiser, and one step of the loop.

    Args:
        model: what is trained.
        optimizer: of its parameters.
        step: takes one update; hands its loss over.
    """

    model: nn.Module
    optimizer: Optimizer
    step: Callable[[HandOver], None]


def regression(model: nn.Module, x: Tensor) -> Training:
    """AdamW on the squared error of one batch.

    Args:
        model: with one output for each sample.
        x: inputs, the first axis counts samples.
    """
    y, optimizer = torch.randn(x.shape[0], 1), AdamW(model.parameters(), 1e-5)

    def step(hand_over: HandOver) -> None:
        optimizer.zero_grad()
        hand_over(F.mse_loss(model(x), y), {}).backward()
        optimizer.step()

    return Training(model=model, optimizer=optimizer, step=step)


def large() -> Training:
    """A perceptron of 21 million parameters, batch of 128."""
    width = 2048
    layers = [m for _ in range(5) for m in (nn.Linear(width, width), nn.ReLU())]
    return regression(nn.Sequential(*layers, nn.Linear(width, 1)), torch.randn(128, width))


class Attention(nn.Module):
    """A transformer encoder over tokens.

    Args:
        width: of a token.
        layers: encoder layers.
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.0, batch_first=True)
        self.embed, self.head = nn.Linear(32, width), nn.Linear(width, 1)
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, token, 32) -> (batch, 1)."""
        return self.head(self.body(self.embed(x)).mean(dim=1))


def transformer() -> Training:
    """A transformer of 71 thousand parameters, batch of 64 with 16 tokens."""
    return regression(Attention(64, 2), torch.randn(64, 16, 32))


def perceptron() -> Training:
    """A perceptron of 99 thousand parameters, batch of 128: a step of two milliseconds."""
    layers = (nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
    return regression(nn.Sequential(*layers), torch.randn(128, 128))


def tiny() -> Training:
    """The preset `tiny` of ris_pytorch_pipeline, stepped as its trainer does: loss of several terms, gate and rates."""
    from ris_pytorch_pipeline.experiment import presets
    from ris_pytorch_pipeline.train import Reporter, Trainer, rates

    trainer = Trainer(presets.tiny, reporter=Reporter(quiet=True))
    data, plan = trainer.parts.data(trainer.experiment), trainer.experiment.plan
    inputs, labels = trainer.hardware.batch(data.train(0), 0, plan.sizes()[0])
    used = rates(1, plan.updates(1), trainer.config, trainer.groups.trained)

    def step(hand_over: HandOver) -> None:
        report = trainer.losses[0](trainer.net(inputs), inputs, labels)
        hand_over(report.total, {name: (1.0, value) for name, value in report.terms.items()}).backward()
        trainer.gate.attempt(used, measure=False, refused=lambda _: None)

    trainer.net.train()
    return Training(model=trainer.net, optimizer=trainer.optimizer, step=step)


MODELS = {"large": large, "transformer": transformer, "perceptron": perceptron}
MODELS |= {"tiny": tiny} if find_spec("ris_pytorch_pipeline") else {}
