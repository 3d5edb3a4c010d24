"""Our own Trainer on small scenes, sound, and with one fault each injected through its parts or a small subclass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from ris_pytorch_pipeline.data import BatchSource, Inputs, Labels
from ris_pytorch_pipeline.experiment import Optimisation, Plan, TrainingExperiment
from ris_pytorch_pipeline.losses import HybridLoss, LossReport
from ris_pytorch_pipeline.nets import HybridNet, NetConfig, Prediction
from ris_pytorch_pipeline.physics import Scenario
from ris_pytorch_pipeline.train import Attempt, Data, Outcome, Parts, Reporter, Trainer
from ris_pytorch_pipeline.train.loop.gradient import measure_gradient
from ris_pytorch_pipeline.train.parts import drawn_scenes

BATCHES = 10
SMALL = TrainingExperiment(
    scenario=Scenario(
        horizontal=5, vertical=5, antennas=6, snapshots=4, sources=(1, 2), separation=0.4, distance_law="inverse",
        snr_db=(10.0, 20.0),
    ),
    net=NetConfig(width=8, blocks=1, rank=5),
    optimisation=Optimisation(rate=4e-3, most_skips=4),
    plan=Plan(epochs=3, n_train=8 * BATCHES, n_val=16, batch=8),
)  # fmt: skip


def sound() -> Trainer:
    return small()


def small(kind: type[Trainer] = Trainer, *, plan: Plan | None = None, **parts: object) -> Trainer:
    """The small trainer, with some of its parts replaced."""
    experiment = SMALL if plan is None else replace(SMALL, plan=plan)
    return kind(experiment, reporter=Reporter(quiet=True), parts=replace(Parts(), **parts))


def with_loss(change: Callable[[LossReport, int], LossReport]) -> Callable[[], Trainer]:
    """A trainer whose loss is changed after it was computed; the change is told how many losses came before."""

    @dataclass
    class Changed:
        inner: HybridLoss
        calls: int = field(default=0)

        def __call__(self, prediction: Prediction, inputs: Inputs, labels: Labels) -> LossReport:
            self.calls += 1
            return change(self.inner(prediction, inputs, labels), self.calls - 1)

    return lambda: small(loss=lambda experiment: Changed(HybridLoss(experiment.loss)))


def with_net(change: Callable[[Prediction], Prediction]) -> Callable[[], Trainer]:
    class Changed(HybridNet):
        def forward(self, inputs: Inputs) -> Prediction:  # pyright: ignore[reportIncompatibleMethodOverride]
            return change(super().forward(inputs))

    return lambda: small(net=lambda experiment: Changed(experiment.net))


def plus(report: LossReport, name: str, value: torch.Tensor) -> LossReport:
    """A loss with one more term."""
    return LossReport(
        total=report.total + value, terms=report.terms | {name: value}, raw=report.raw | {name: value.detach()}
    )


def instead(report: LossReport, name: str, value: torch.Tensor) -> LossReport:
    """A loss with another value of one term."""
    total = report.total - report.terms[name] + value
    return LossReport(total=total, terms=report.terms | {name: value}, raw=report.raw)


class NeverSteps(Trainer):
    """A gate that asks for more than a batch can give, and refuses every time without a word."""

    outcome = Outcome.ZERO

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.gate.attempt = self._refuse

    def _refuse(self, rates: dict[str, float], **_: object) -> Attempt:
        gradient = measure_gradient(self.groups)
        self.optimizer.zero_grad(set_to_none=True)
        return Attempt(outcome=self.outcome, gradient=gradient, motion=None)


class ClaimsToStep(NeverSteps):
    """The same, and claims that all is well."""

    outcome = Outcome.APPLIED


class WarmsUpFromZero(Trainer):
    """step / warmup, from step 0."""

    def _rates(self) -> dict[str, float]:
        return {
            name: rate * min(1.0, self.progress.updates / 5)
            for name, rate in self.config.peaks(self.groups.trained).items()
        }


class DoublesTheHead(Trainer):
    """A rate that nobody planned."""

    def _rates(self) -> dict[str, float]:
        found = super()._rates()
        return found | {"head": 2 * found["head"]}


class TicksOnAttempts(Trainer):
    """The schedule moves on whether or not an update was applied."""

    def _rates(self) -> dict[str, float]:
        kept = self.progress.updates
        self.progress.updates = self.progress.attempts
        try:
            return super()._rates()
        finally:
            self.progress.updates = kept


class HeadRateOnBackbone(HybridNet):
    """Groups found by a substring that also fits a part of the head."""

    def groups(self) -> dict[str, list[nn.Parameter]]:
        found = super().groups()
        moved = list(self.head.shared.parameters())
        kept = [p for p in found["head"] if all(p is not q for q in moved)]
        return {"backbone": [*found["backbone"], *moved], "head": kept}


class ForgetsAParameter(HybridNet):
    def groups(self) -> dict[str, list[nn.Parameter]]:
        found = super().groups()
        return {"backbone": found["backbone"], "head": found["head"][:-1]}


class Dedented(Plan):
    """Backward and step stand outside the batch loop: only the last batch counts."""

    def windows(self, accumulation: int) -> Sequence[range]:
        return super().windows(accumulation)[-1:]


class Sanitises(Trainer):
    """Gradients that are not finite become numbers before anybody looks."""

    def _backward(self, window: range) -> dict[str, float]:
        losses = super()._backward(window)
        for parameter in self.net.parameters():
            if parameter.grad is not None:
                parameter.grad.nan_to_num_()
        return losses


class SkipsSilently(Trainer):
    """A scaler that steps over the optimizer."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.scaler = self.gate.scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        self.scaler.step = lambda optimizer: None


class LeavesAverageBehind(Trainer):
    """Averaged weights are evaluated, and never follow the live ones."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.average.follow = lambda weight: None


class ForgetsToDivide(Trainer):
    """Accumulated gradients are summed where their mean is wanted."""

    def _backward(self, window: range) -> dict[str, float]:
        losses = super()._backward(window)
        for parameter in self.net.parameters():
            if parameter.grad is not None:
                parameter.grad *= len(window)
        return losses


@dataclass(frozen=True, eq=False)
class Mispaired:
    """Inputs in another order than their labels."""

    source: BatchSource

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
        inputs, labels = self.source[index]
        return inputs, labels[torch.arange(len(labels)).roll(3)]


def mispaired() -> Trainer:
    def data(experiment: TrainingExperiment) -> Data:
        made = drawn_scenes(experiment)
        return Data(train=lambda epoch: Mispaired(made.train(epoch)), validation=Mispaired(made.validation))

    return small(data=data)


def leaking() -> Trainer:
    """Validation scenes from the stream of the training."""

    def data(experiment: TrainingExperiment) -> Data:
        made = drawn_scenes(experiment)
        return Data(train=made.train, validation=made.train(0))

    return small(data=data, plan=replace(SMALL.plan, n_val=SMALL.plan.n_train))


def blind(report: LossReport, calls: int) -> LossReport:
    """A validation that computes something else, and the same each time."""
    if torch.is_grad_enabled():
        return report
    constant = {name: torch.tensor(1.0471976) for name in report.terms}
    return LossReport(total=torch.stack([*constant.values()]).sum(), terms=constant, raw=constant)


def poisoned(report: LossReport, calls: int) -> LossReport:
    """A square root at 0: a finite loss whose gradient is not."""
    return plus(report, "poison", (0.0 * report.total).abs().sqrt())


def poisoned_and_sanitised() -> Trainer:
    return small(Sanitises, loss=with_loss(poisoned)().parts.loss)


def ticking() -> Trainer:
    def nan_once(report: LossReport, calls: int) -> LossReport:
        if calls != 2:
            return report
        terms = {name: value * torch.nan for name, value in report.terms.items()}
        return LossReport(total=report.total * torch.nan, terms=terms, raw=report.raw)

    return small(TicksOnAttempts, loss=with_loss(nan_once)().parts.loss)
