"""A small world to train in: a 4 x 4 panel, a two-layer network with dropout, and a loss of two terms."""

from dataclasses import dataclass, field, replace
from io import StringIO

import torch
from torch import Tensor, nn

from ris_pytorch_pipeline.data import Inputs, Labels
from ris_pytorch_pipeline.experiment import TrainingExperiment
from ris_pytorch_pipeline.losses import LossReport
from ris_pytorch_pipeline.physics import Scenario
from ris_pytorch_pipeline.train import Parts, Reporter, Trainer

SCENARIO = Scenario(horizontal=4, vertical=4, antennas=4, snapshots=4, sources=1, separation=0.0)


class SmallNet(nn.Module):
    """Panel images to (u, w): a backbone and a head, with as much dropout as asked for."""

    def __init__(self, dropout: float = 0.0, *, batch_norm: bool = False) -> None:
        super().__init__()
        norm = nn.BatchNorm1d(8) if batch_norm else nn.Identity()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(4 * 2 * 16, 8), norm, nn.Tanh(), nn.Dropout(dropout))
        self.head = nn.Linear(8, 2)

    def groups(self) -> dict[str, list[nn.Parameter]]:
        return {"backbone": list(self.backbone.parameters()), "head": list(self.head.parameters())}

    def forward(self, inputs: Inputs) -> Tensor:
        return self.head(self.backbone(inputs.images))


@dataclass
class SmallLoss:
    """Squared error in u and w, weighted; `spoil` says what goes wrong at which call."""

    spoil: dict[int, str] = field(default_factory=dict)
    always: str = ""
    calls: int = 0

    def __call__(self, prediction: Tensor, inputs: Inputs, labels: Labels) -> LossReport:
        fault = self.spoil.get(self.calls, self.always)
        self.calls += torch.is_grad_enabled()
        error = (prediction - labels.cosines[:, 0, :2].float()).square()
        raw = {"u": error[:, 0].mean(), "w": error[:, 1].mean()}
        terms = {"u": raw["u"], "w": 0.5 * raw["w"]}
        total = terms["u"] + terms["w"]
        if fault == "nan":
            total = total * torch.nan
            terms = {name: value * torch.nan for name, value in terms.items()}
        elif fault == "zero":
            total, terms = total * 0, {name: value * 0 for name, value in terms.items()}
        elif fault == "detached":
            total = total.detach()
        elif fault == "hidden":
            total = total + 1.0
        elif fault == "interrupt":
            raise KeyboardInterrupt
        return LossReport(total=total, terms=terms, raw=raw)


@dataclass
class World:
    """A trainer of the small network, what it wrote, and how to make another."""

    experiment: TrainingExperiment
    out: StringIO = field(default_factory=StringIO)

    def trainer(self, loss: SmallLoss | None = None, net: type | None = None, **options) -> Trainer:
        parts = Parts(net=lambda _: (net or SmallNet)(), loss=lambda _: loss or SmallLoss(), measure=None)
        reporter = options.pop("reporter", Reporter(self.out.write))
        return Trainer(self.experiment, reporter=reporter, parts=options.pop("parts", parts), **options)

    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    def like(self, **changes) -> "World":
        """The same with other fields of optimisation or plan."""
        experiment = self.experiment
        for name in ("optimisation", "plan", "stopping"):
            inner = getattr(experiment, name)
            mine = {key: changes.pop(key) for key in list(changes) if key in vars(inner)}
            experiment = replace(experiment, **{name: replace(inner, **mine)})
        return World(replace(experiment, **changes))
