"""What is a probe, and how often must it see something? An object that is told what happens and says what it finds."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor, nn

from ...findings import Finding, Stage
from ..hearing.passes import Pass
from ..losses.criteria import Criterion, read
from ..losses.graph import leaves
from ..plan import Why
from ..run import Epoch, Lane, Run, Step

Found = Iterable[Finding]


@dataclass(kw_only=True, eq=False)
class Loss:
    """One loss as handed to the watch, before its backward pass.

    Args:
        name: which loss, where a loop has several.
        tensor: the scalar with its graph.
        terms: (weight, value) of each declared term.
        output: the model's last output in training, where there is one tensor.
        target: what the output is compared with, where handed over.
        measured: True where the schedule asks for the dear looks.
        inputs: tensors without a graph that went into the model in the passes of this loss.
        outputs: tensors that came out, at a measured update.
        passes: which of them came out of which model, fed with what.
    """

    name: str
    tensor: Tensor
    terms: Mapping[str, tuple[float, Tensor]]
    output: Tensor | None
    target: Tensor | None
    measured: bool
    inputs: Sequence[Tensor] = ()
    outputs: Sequence[Tensor] = ()
    passes: Sequence[Pass] = ()

    @property
    def legible(self) -> bool:
        """True where it is measured and has a graph to read."""
        return self.measured and self.tensor.grad_fn is not None

    @cached_property
    def criteria(self) -> tuple[Criterion, ...]:
        """The criteria that the loss is made of, as far as its graph tells."""
        return read(self.tensor, self.outputs if self.output is None else (*self.outputs, self.output))


class Probe:
    """Every event does nothing; a probe overrides those it needs.

    `losses` and `updates` say of which it is told: most of them must cost next to nothing.
    """

    losses = Why.ALWAYS
    updates = Why.ALWAYS

    @property
    def name(self) -> str:
        """What a verdict calls the check."""
        return type(self).__name__

    def attached(self, run: Run) -> Found:
        """The watch starts."""
        return ()

    def ran(self, run: Run, name: str, module: nn.Module, inputs: Sequence[object], output: object) -> Found:
        """A leaf module ran forward in training, at a measured update."""
        return ()

    def rested(self, run: Run, name: str, module: nn.Module) -> Found:
        """A leaf module ran forward in eval mode with gradients, at a measured update."""
        return ()

    def evaluated(self, run: Run, chance: Sequence[str]) -> Found:
        """A pass in eval mode without gradients ended, in which these dropouts were on."""
        return ()

    def judged(self, run: Run, model: nn.Module, fed: Sequence[Tensor]) -> Found:
        """The model, or one of several, was run without gradients on these tensors; the first few times."""
        return ()

    def loss(self, run: Run, loss: Loss) -> Found:
        """A loss was handed over."""
        return ()

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        """Losses became numbers: at once on the CPU, in bunches on a device that would have to wait."""
        return ()

    def backward(self, run: Run, lane: Lane, arrived: Mapping[str, float | None]) -> Found:
        """A measured backward pass ended and nobody has touched its gradients yet."""
        return ()

    def strayed(self, run: Run) -> Found:
        """A loss was handed over, and its backward pass gave no watched parameter a gradient."""
        return ()

    def cleared(self, run: Run, lane: Lane) -> Found:
        """zero_grad was called."""
        return ()

    def skipped(self, run: Run, lane: Lane, reason: str) -> Found:
        """A step was refused."""
        return ()

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """An optimiser's step ran."""
        return ()

    def ticked(self, run: Run) -> Found:
        """A schedule moved on."""
        return ()

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """An epoch was reported."""
        return ()

    def asked(self, run: Run) -> Found:
        """A verdict was asked for."""
        return ()

    def blind(self, run: Run) -> Iterable[str]:
        """What the probe could not judge so far; for the verdict."""
        return ()


_HEARD = (
    "ran",
    "rested",
    "evaluated",
    "judged",
    "loss",
    "values",
    "backward",
    "strayed",
    "cleared",
    "skipped",
    "updated",
    "ticked",
)
EVENTS = ("attached", *_HEARD, "epoch", "asked")
"""Names of all events."""


class Sightings:
    """Counts in how many updates something was seen: one update alone confirms nothing."""

    def __init__(self, needed: int = 2) -> None:
        self.needed = needed
        self._seen: defaultdict[Hashable, set[int]] = defaultdict(set)

    def stage(self, key: Hashable, update: int) -> Stage:
        """The stage of what was seen at an update."""
        self._seen[key].add(update)
        return Stage.of(len(self._seen[key]) >= self.needed)

    def suspected(self, key: Hashable) -> bool:
        """True where it was seen before."""
        return key in self._seen

    def clear(self, key: Hashable) -> None:
        """It was not so after all."""
        self._seen.pop(key, None)


class Cast:
    """Which losses move all that is trained, and nothing else: in a game each player has a loss of its own."""

    def __init__(self) -> None:
        self._alone: dict[str, bool] = {}

    def alone(self, run: Run, loss: Loss) -> bool:
        """True where the loss depends on parameters of every optimiser, and on no parameter that none of them holds."""
        if loss.name not in self._alone:
            found = leaves(loss.tensor)
            met = {id(p) for p in found}
            held = [{id(p) for p in lane.parameters} for lane in run.lanes]
            known = set().union(*held)
            strangers = any(isinstance(p, nn.Parameter) and id(p) not in known for p in found)
            self._alone[loss.name] = not strangers and all(met & each for each in held)
        return self._alone[loss.name]

    @property
    def game(self) -> bool:
        """True where some loss moves a part of what is trained alone, or there are several losses."""
        return len(self._alone) > 1 or not all(self._alone.values())
