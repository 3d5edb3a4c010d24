"""How a network is optimised: rates, decay, clipping, averaging of weights, and when to stop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import ConfigurationError
from .batches import Sizes, Windows


@dataclass(frozen=True, kw_only=True)
class Optimisation:
    """AdamW in the groups of the network, with a rate that is a function of the update alone.

    With U planned updates and W = max(1, ⌊warmup U⌋), update u = 0, 1, ... runs at `rate` times

        max(floor, (u + 1) / W)                                   u < W
        floor + (1 - floor) (1 + cos(π (u - W) / (S - W))) / 2    W <= u < S
        constant                                                  u >= S

    where S = ⌈constant_from U⌉; the last line belongs to `average = "swa"` alone, otherwise S = U.

    >>> Optimisation(rate=1e-3, ratios=(("backbone", 0.5),)).peaks(["backbone", "head"])
    {'backbone': 0.0005, 'head': 0.004}

    Args:
        rate: peak rate of every group but the head.
        head_ratio: rate of the group `head` over it.
        ratios: (group, rate over `rate`) of any group of the network, before `head_ratio`; 0 freezes it.
        weight_decay: decoupled, per unit of rate.
        beta1: memory of the mean gradient.
        beta2: memory of the mean squared gradient.
        epsilon: added to the root of the mean squared gradient.
        clip: largest norm of the whole gradient; none is no limit.
        accumulation: batches per update.
        warmup: share of the run's updates spent warming up.
        floor: least rate over the peak.
        average: which weights are evaluated and saved: the live ones, their exponential average, or the plain average
            over the last phase.
        decay: memory of the exponential average; early on it is (1 + u) / (10 + u) if that is less.
        constant_from: where the last phase of `swa` begins, as a share of the run's updates.
        constant: rate of that phase over the peak.
        most_skips: updates that may fail in a row before training stops with an error.

    Raises:
        ConfigurationError: a value out of its range; a rate of zero in particular.
    """

    rate: float = 1e-3
    head_ratio: float = 4.0
    ratios: tuple[tuple[str, float], ...] = ()
    weight_decay: float = 1e-2
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    clip: float | None = 1.0
    accumulation: int = 1
    warmup: float = 0.02
    floor: float = 0.1
    average: Literal["live", "ema", "swa"] = "ema"
    decay: float = 0.999
    constant_from: float = 0.8
    constant: float = 0.3
    most_skips: int = 10

    def __post_init__(self) -> None:
        for name in ("rate", "head_ratio", "epsilon", "floor", "constant", "accumulation", "most_skips", "clip"):
            value = vars(self)[name]
            if value is not None and not value > 0:
                refuse(f"{name} > 0", str(value), "a value that would keep the weights where they are")
        for name in ("beta1", "beta2", "warmup", "decay"):
            if not 0 <= vars(self)[name] < 1:
                refuse(f"{name} in [0, 1)", str(vars(self)[name]), "a percentage, or a count")
        for name in ("floor", "constant"):
            if vars(self)[name] > 1:
                refuse(f"{name} in (0, 1]", str(vars(self)[name]), "a rate where a share of the peak rate belongs")
        if not self.warmup < self.constant_from <= 1:
            refuse("constant_from between warmup and 1", str(self.constant_from), "phases in another order")
        if self.weight_decay < 0:
            refuse("weight_decay >= 0", str(self.weight_decay), "a sign")
        self._check_ratios()

    def _check_ratios(self) -> None:
        if len(dict(self.ratios)) < len(self.ratios):
            refuse("one ratio of each group", str(self.ratios), "a line copied", "keep one of them")
        for group, ratio in self.ratios:
            if not ratio >= 0:
                refuse(f"a ratio >= 0 of {group}", str(ratio), "a sign", "pass 0 to freeze it")

    @property
    def frozen(self) -> frozenset[str]:
        """Groups that keep their weights."""
        return frozenset(group for group, ratio in self.ratios if ratio == 0)

    def peaks(self, groups: Iterable[str]) -> dict[str, float]:
        """Peak rate of each of these groups."""
        ratios = {"head": self.head_ratio} | dict(self.ratios)
        return {group: self.rate * ratios.get(group, 1.0) for group in groups}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is trained.

    >>> plan = Plan(epochs=3, n_train=100, batch=32)
    >>> list(plan.sizes()), plan.updates(accumulation=2)  # four batches an epoch, two updates
    ([32, 32, 32, 4], 6)
    >>> list(plan.windows(accumulation=3)), list(plan.validation_sizes())[:2]  # no batch is dropped
    ([range(0, 3), range(3, 4)], [32, 32])

    Args:
        epochs: passes; each ends with a validation.
        n_train: training scenes of an epoch.
        n_val: validation scenes, the same each time.
        batch: scenes per batch; the last one may be smaller.
        max_train_batches: stop an epoch after so many batches.
        max_val_batches: validate on so many batches at most.
        fresh: draw new training scenes each epoch; otherwise every epoch sees the same ones.
        hold_mb: most megabytes of training and validation scenes kept in memory, and never more than half of what is
            free; the others are fetched each time.
        same_scenes: validate on the training scenes themselves, to see whether a network can learn at all.
        draw: where training scenes are drawn. On the `cpu` they are the same for every device; on the `device` of the
            run a GPU need not wait for them, and they are the scenes of that kind of device.

    Raises:
        ConfigurationError: a count below 1, an unknown place to draw, fewer training scenes than a batch, or
            `same_scenes` with new scenes each epoch or with another number of scenes.
    """

    epochs: int = 10
    n_train: int = 4096
    n_val: int = 512
    batch: int = 32
    max_train_batches: int | None = None
    max_val_batches: int | None = None
    fresh: bool = True
    hold_mb: int = 1024
    same_scenes: bool = False
    draw: Literal["cpu", "device"] = "cpu"

    def __post_init__(self) -> None:
        for name in ("epochs", "n_train", "n_val", "batch", "max_train_batches", "max_val_batches", "hold_mb"):
            value = vars(self)[name]
            if value is not None and value < 1:
                refuse(f"{name} >= 1", str(value), "a budget of zero, or a sign")
        if self.draw not in ("cpu", "device"):
            refuse("draw out of cpu, device", repr(self.draw), "a device's name, or a misspelt word")
        if self.n_train < self.batch:
            refuse(
                f"n_train >= batch, which is {self.batch}", str(self.n_train), "a batch size meant for a larger set",
                "raise n_train or lower batch",
            )  # fmt: skip
        if self.same_scenes and (self.fresh or self.n_train != self.n_val):
            refuse(
                "fresh = false and n_val = n_train where same_scenes is true",
                f"fresh = {self.fresh}, n_train = {self.n_train}, n_val = {self.n_val}",
                "an overfit test on two different sets", "set all three",
            )  # fmt: skip

    def sizes(self) -> Sizes:
        """Scenes of each training batch of an epoch."""
        return Sizes(self.n_train, self.batch, self.max_train_batches)

    def validation_sizes(self) -> Sizes:
        """Scenes of each validation batch."""
        return Sizes(self.n_val, self.batch, self.max_val_batches)

    def windows(self, accumulation: int) -> Sequence[range]:
        """The batches of each update of an epoch; the last window may be shorter, and none is dropped."""
        return Windows(len(self.sizes()), accumulation)

    def updates(self, accumulation: int) -> int:
        """Updates of the whole run, if none is skipped."""
        return self.epochs * len(self.windows(accumulation))


@dataclass(frozen=True, kw_only=True)
class Stopping:
    """When to stop, and which epoch is the best one.

    >>> Stopping(metric="heat", patience=5).least_gain
    0.0

    Args:
        metric: name of a validation metric, lower is better: `total`, or one of the loss's terms.
        patience: epochs without a new best value before training stops; none trains to the end.
        least_gain: a new best value must be lower by this.
    """

    metric: str = "total"
    patience: int | None = None
    least_gain: float = 0.0

    def __post_init__(self) -> None:
        if self.patience is not None and self.patience < 1:
            refuse("patience >= 1, or none", str(self.patience), "a budget of zero")
        if not self.least_gain >= 0:
            refuse("least_gain >= 0", str(self.least_gain), "a sign")


def refuse(wanted: str, got: str, cause: str, move: str = "correct the value") -> None:
    """Raise a ConfigurationError of these four parts.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(wanted, got, cause, move)
