"""What is counted while a training runs: lanes (one per optimiser), steps, losses and epochs."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakSet

from torch import Tensor, nn
from torch.optim import Optimizer

from .hearing.passes import Tried
from .plan import Plan


@dataclass(eq=False)
class Lane:
    """One optimiser and what happened to its gradients.

    Args:
        name: what findings call it where there are several.
        names: name of each parameter that the optimiser holds and the model knows.
        masters: True where its tensors are wider copies of the model's parameters.
        skipped: steps that a scaler refused, by reason.
        pending: backward passes since the last step or clearing.
        wasted: windows whose gradients were cleared unused.
        probed: windows that asked for the gradient of an input.
        by_hands: True where the program has no optimiser.
        by_hand: windows after which weights had moved without a step.
        gaps: updates with wasted windows before them.
        unsure: True where no step used the last window.
        looks: graphs searched for an input so far.
        curious: True where the last one asked for an input's gradient.
        by: the optimiser that is stepping these weights now.
        others: optimisers that stepped them and were never handed over.
        foreign: steps of theirs.
        rebuilt: windows in which a new one of them stepped.
        moments: True where the last of them keeps moments of the gradient.
        since: updates, skips and writes of the run when the window began.
        cleared: True where gradients were cleared since the last step.
        stepped: True where a step ran since the last clearing.
        inside: True while a step runs.
        window: backward passes in the longest window that ended in a step.
        arrived: gradient norms of this window as they arrived, where somebody looked.
        scale: what the loss of those gradients was multiplied with.
    """

    optimizer: Optimizer
    names: Mapping[Tensor, str]
    name: str = ""
    masters: bool = False
    by_hands: bool = False
    applied: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    pending: int = 0
    backwards: int = 0
    wasted: int = 0
    probed: int = 0
    by_hand: int = 0
    gaps: int = 0
    unsure: bool = False
    looks: int = 0
    curious: bool = False
    by: Optimizer | None = None
    others: "WeakSet[Optimizer]" = field(default_factory=WeakSet)
    shared: set[Tensor] = field(default_factory=set)
    foreign: int = 0
    rebuilt: int = 0
    moments: bool = False
    since: tuple[int, ...] = ()
    cleared: bool = True
    stepped: bool = False
    inside: bool = False
    window: int = 0
    arrived: Mapping[str, float | None] = field(default_factory=dict)
    scale: float = 1.0

    @cached_property
    def held(self) -> list[Tensor]:
        """The parameters that the model knows, in the optimiser's order."""
        return list(self.names)

    @cached_property
    def few(self) -> list[Tensor]:
        """Some eight of them, evenly spaced."""
        return self.held[:: max(1, len(self.held) // 8)]

    @property
    def parameters(self) -> list[Tensor]:
        """The optimiser's own parameters, live and by identity."""
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    @property
    def subject(self) -> str:
        """The lane as the subject of a finding; empty where there is one."""
        return f"optimiser {self.name}" if self.name else ""

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rate of each group, now."""
        return rates_of(self.optimizer)


def rates_of(optimizer: Optimizer) -> tuple[float, ...]:
    """The learning rate of each group; NaN where a group has none of its own, as Adafactor's."""
    rates = [group.get("lr") for group in optimizer.param_groups]
    return tuple([math.nan if rate is None else float(rate) for rate in rates])


@dataclass(kw_only=True, eq=False)
class Step:
    """One applied update of one lane, measured where the schedule says so.

    Args:
        index: the lane's update, from 1.
        rates: the rate of each group that the step used.
        arrived: gradient norm of each parameter at the end of backward; None without one, empty where nobody looked.
        scale: what a scaler had multiplied the loss of those gradients with.
        measured: True where the fields below hold numbers.
        used: the same after the step: what the optimiser saw.
        moved: ‖Δ‖/‖w‖ of each parameter on a sample of its entries.
        unmoved: parameters with a gradient of which no sampled entry changed.
        relative: ‖Δ‖/‖w‖ of all parameters together.
        modules: ‖Δ‖/‖w‖ of each module over its tensors with a gradient.
        returned: modules back where they were before the last measured update.
        stuck: share of the sampled entries with a gradient that kept their value, in half precision.
        in_rates: how far Adam moved an entry, in units of its rate; None for other optimisers.
        own_share: relative motion that the gradient alone makes; None where the rule is not known.
        epsilon: what Adam adds to the size of a gradient.
        shrinkage: share of the weights that decay takes off.
        closure: True where the optimiser got a closure and may have stepped several times.
        drift: relative change of the weights since the previous step.
        written: what somebody wrote into a few weights since then, as bytes.
        first: True for the first update of a later epoch.
        anew: modules with other weights than the last measured step left.
        stale: True where the gradients contain those of an earlier update.
        cleared: True where gradients were cleared before this step.
    """

    index: int
    rates: tuple[float, ...]
    arrived: Mapping[str, float | None] = field(default_factory=dict)
    scale: float = 1.0
    measured: bool = False
    used: Mapping[str, float | None] = field(default_factory=dict)
    moved: Mapping[str, float] = field(default_factory=dict)
    unmoved: frozenset[str] = frozenset()
    relative: float = math.nan
    modules: Mapping[str, float] = field(default_factory=dict)
    returned: frozenset[str] | None = None
    stuck: float = 0.0
    in_rates: float | None = None
    own_share: float | None = None
    epsilon: float = 0.0
    shrinkage: float = 0.0
    drift: float = 0.0
    written: bytes = b""
    first: bool = False
    anew: frozenset[str] = frozenset()
    closure: bool = False
    stale: bool = False
    cleared: bool = False

    @property
    def at(self) -> str:
        """The rates in words; a rate that is no number is nobody's."""
        return f"rates {list(self.rates)}" if any(rate == rate for rate in self.rates) else "rates of its own"


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What a loop reports at the end of an epoch, beside what was counted in it.

    Args:
        best: the best value so far, where the loop keeps one.
        judged: passes of the model without gradients in eval mode.
        misjudged: passes of the model without gradients in train mode.
    """

    index: int
    train: float | None = None
    val: float | None = None
    batches: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    best: float | None = None
    losses: tuple[float, ...] = ()
    backwards: int = 0
    applied: int = 0
    skipped: int = 0
    ticks: int = 0
    judged: int = 0
    misjudged: int = 0


@dataclass(eq=False)
class Run:
    """The model, its lanes and the counters that probes read.

    Args:
        schedulers: anything with step() that sets rates.
        ticked: the one of them that moved last.
        judged: passes without gradients in eval mode, since the last epoch's end.
        misjudged: the same in train mode.
        closures: True where an optimiser calls a closure, several times an update.
        first: the first loss of the run.
        latest: the last loss read.
        seen: losses in all.
        ran: measured updates in which each leaf module ran in training.
        shut: those of them without gradients.
        called: leaf modules that ran, in any mode.
        epochs: what was reported.
        strays: backward passes that gave no watched parameter a gradient.
        tried: what is done without gradients between updates.
    """

    model: nn.Module
    lanes: list[Lane]
    schedulers: Sequence[object]
    scaler: object | None
    plan: Plan
    ticked: object = None
    ticks: int = 0
    judged: int = 0
    misjudged: int = 0
    losses: list[float] = field(default_factory=list)
    closures: bool = False
    first: float | None = None
    latest: float | None = None
    seen: int = 0
    ran: Counter[str] = field(default_factory=Counter)
    shut: Counter[str] = field(default_factory=Counter)
    called: set[str] = field(default_factory=set)
    epochs: list[Epoch] = field(default_factory=list)
    strays: int = 0
    tried: Tried = field(default_factory=Tried)

    @property
    def improving(self) -> bool | None:
        """True where the last loss is a tenth below the first; None where no loss was handed over."""
        if self.first is None or self.latest is None:
            return None
        return self.latest < self.first - 0.1 * abs(self.first)

    @property
    def worsening(self) -> bool:
        """True where the last loss is further above the first than the first is from zero."""
        return self.first is not None and self.latest is not None and self.latest > self.first + abs(self.first)

    @property
    def applied(self) -> int:
        """Updates of all lanes."""
        return sum([lane.applied for lane in self.lanes])

    @property
    def backwards(self) -> int:
        """Backward passes of all lanes."""
        return sum(lane.backwards for lane in self.lanes)

    @property
    def skipped(self) -> int:
        """Updates that a scaler refused."""
        return sum([lane.skipped.total() for lane in self.lanes if lane.skipped])

    @property
    def counts(self) -> dict[str, int]:
        """The counters, for the verdict."""
        by_hand = sum(lane.by_hand for lane in self.lanes if not lane.applied)
        return {
            "epochs": len(self.epochs), "losses": self.seen, "backward passes": self.backwards, "updates": self.applied,
            **({"updates by hand": by_hand} if by_hand else {}), "skipped": self.skipped, "ticks": self.ticks,
        }  # fmt: skip


def module_of(name: str) -> str:
    """The module that owns a parameter: `head` that of `head.weight` and `head.parametrizations.weight.original`."""
    owner, inner, _ = name.partition(".parametrizations.")
    return owner if inner else name.rpartition(".")[0] or "(root)"


def some(names: Sequence[str], most: int = 4) -> str:
    """A few names and how many more there are."""
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"
