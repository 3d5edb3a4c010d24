"""Which trainings does a program consist of, one after another or side by side? Each has a watch, and hearers."""

import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import TextIOBase
from typing import TYPE_CHECKING, Any, TextIO

from torch import Tensor, nn
from torch.optim import Optimizer

from ...findings import Finding, Severity
from ...verdict import Verdict, judge
from ..run import Run
from ..watch import Watch
from ..weights.names import parameters
from .frames import placed, users_line, with_line
from .known import Epochs

if TYPE_CHECKING:
    from .session import Session

_OFTEN, _SELDOM = 0.5, 10.0
"""Seconds between two lines on a terminal, and in a file."""
MOST, AT_ONCE = 32, 4
"""Trainings that are judged in a program, and those that are watched at one time."""
_SWEEP = 4
"""Trainings by one line that may be those of a search."""
SHORT = 16
"""Updates below which a training that comes back is watched again: it was one of several."""


@dataclass(eq=False)
class Training:
    """One training of a program."""

    number: int
    name: str
    watch: Watch
    epochs: Epochs
    models: tuple[nn.Module, ...] = ()
    own: set[Tensor] = field(default_factory=set)
    held: set[Tensor] = field(default_factory=set)

    def renew(self) -> None:
        """Look again at which parameters its model and its optimisers hold."""
        self.own = set(parameters(self.watch.run.model).values())
        self.held = self.own.union(*(lane.parameters for lane in self.watch.run.lanes))

    @property
    def label(self) -> str:
        """What findings call it where there are several."""
        return f"model #{self.number} ({self.name})"

    def end_epoch(self) -> None:
        """An epoch ended."""
        self.watch.epoch(val=self.epochs.take())

    def over(self, error: BaseException | None) -> Verdict:
        """The last verdict; the watch lets go of everything."""
        if self.epochs.passes:
            self.end_epoch()
        return placed(self.watch.close(error), self.watch.run.model)


@dataclass(frozen=True)
class Past:
    """A training that is over: its verdict alone stays, and not its model; `line` is that of its loss."""

    number: int
    label: str
    verdict: Verdict
    line: str = ""


@dataclass(eq=False)
class Trainings:
    """The trainings of a program: those that are watched, and those that are over."""

    live: list[Training] = field(default_factory=list)
    past: list[Past] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    spent: "weakref.WeakSet[Optimizer]" = field(default_factory=weakref.WeakSet)
    _begun: int = 0
    _raised: int = 0
    _together: bool = False
    _short: dict[int, "weakref.ReferenceType[nn.Module]"] = field(default_factory=dict)
    _done: dict[int, "weakref.ReferenceType[nn.Module]"] = field(default_factory=dict)

    @property
    def several(self) -> bool:
        """True where the program has had more than one."""
        return len(self.live) + len(self.past) > 1

    @property
    def raised(self) -> int:
        """How often a confirmed fatal finding was raised in the program."""
        return self._raised + sum(each.watch.jury.raised for each in self.live)

    def may_begin(self, model: nn.Module) -> bool:
        """True for a model that is not watched, and was not judged before."""
        return not _known(self._done, model) and not any(model is each for t in self.live for each in t.models)

    def room(self, models: Iterable[nn.Module]) -> bool:
        """True where one more can be watched; remembers those that cannot."""
        free = self._begun < MOST and (len(self.live) < AT_ONCE or not self._together)
        self.refused |= set() if free else {id(model) for model in models}
        return free

    def begin(self, name: str, watch: Watch, epochs: Epochs, models: Sequence[nn.Module]) -> Training:
        """A training begins."""
        self._begun += 1
        new = Training(self._begun, name, watch, epochs, tuple(models))
        self.live.append(new)
        new.renew()
        return new

    def hand_over(self, reached: Iterable[Tensor], models: Sequence[nn.Module]) -> None:
        """A training is about to begin: those of which its loss reaches nothing are over.

        One that comes back after a few updates was not: then several run side by side, and stay watched.
        """
        back = [model for model in models if _known(self._short, model)]
        self._together |= bool(back)
        for model in back:
            del self._short[id(model)]
        if not self._together:
            found = set(reached)
            for each in [t for t in self.live if not found & t.own]:
                self.close(each)
            for each in self.live[: max(0, len(self.live) + 1 - AT_ONCE)]:
                self.close(each)

    def joined(self, reached: "set[Tensor]", roots: Iterable[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
        """The models of trainings that have hardly begun and that a new model's loss reaches: players of one game."""
        young = [t for t in self.live if t.watch.run.applied < SHORT and reached & t.own]
        for each in young:
            self.live.remove(each)
            self._raised += each.watch.jury.raised
            each.watch.close()
            self._begun -= each.number == self._begun
        models = [model for each in young for model in each.models]
        return [(name, module) for name, module in roots if any(module is each for each in models)]

    def idling(self, optimizers: Iterable[Optimizer]) -> frozenset[int]:
        """Identities of what optimisers hold that belong to no training yet: another stage may begin with them."""
        busy = {lane.optimizer for each in self.live for lane in each.watch.run.lanes}.union(self.spent)
        left = (p for o in optimizers if o not in busy for group in o.param_groups for p in group["params"])
        return frozenset(map(id, left)).difference(id(p) for each in self.live for p in each.held)

    def close(self, training: Training, error: BaseException | None = None) -> None:
        """A training is over: its model is let go, and its verdict is kept."""
        self.live.remove(training)
        self._raised += training.watch.jury.raised
        self.spent.update(lane.optimizer for lane in training.watch.run.lanes)
        short = training.watch.run.applied < SHORT
        for model in training.models:
            (self._short if short else self._done)[id(model)] = weakref.ref(model)
        self.past.append(Past(training.number, training.label, training.over(error), training.name))

    def owner(self, reached: Iterator[Tensor]) -> Training | None:
        """The live training that a loss belongs to: the one that holds the first of its leaves that any holds."""
        perhaps = None
        for leaf in reached:
            for training in self.live:
                if leaf in training.own:
                    return training
                perhaps = training if perhaps is None and leaf in training.held else perhaps
        return perhaps

    def verdict(self, error: BaseException | None, blind: Sequence[str], found: Iterable[Finding] = ()) -> Verdict:
        """End all that are live, and say what all of them amount to."""
        for each in tuple(self.live):
            self.close(each, error)
        ended = sorted(self._kept(), key=lambda each: each.number)
        counts: dict[str, int] = {}
        for key, value in (pair for each in ended for pair in each.verdict.counts.items()):
            counts[key] = counts.get(key, 0) + value
        ran = tuple(dict.fromkeys(name for each in ended for name in each.verdict.ran))
        told = [text for each in ended for text in each.verdict.blind]
        return judge([*_together(ended), *found], counts, (*dict.fromkeys(told), *blind), ran)

    def _kept(self) -> list[Past]:
        again = self._together and len(self.past) > 1
        return [p for p in self.past if not again or p.verdict.counts.get("updates", 0) >= SHORT] or self.past


def _known(kept: dict[int, Any], model: nn.Module) -> bool:
    found = kept.get(id(model))
    return found is not None and found() is model


def _together(ended: Sequence[Past]) -> Iterator[Finding]:
    found: dict[tuple, list[tuple[Past, Finding]]] = {}
    for past in ended:
        for finding in (*past.verdict.findings, *past.verdict.suspected):
            found.setdefault((*finding.key, finding.severity, finding.stage), []).append((past, finding))
    for same in found.values():
        first, finding = same[0]
        alike = sum(past.line == first.line for past in ended)
        if alike >= _SWEEP and 2 * len(same) < alike:  # a search tries settings that fail
            finding = replace(finding, severity=Severity.NOTE)
        others = ", ".join(f"#{past.number}" for past, _ in same[1:])
        if len(ended) > 1:
            text = finding.evidence + (f"; the same of model {others}" if others else "")
            finding = labelled(finding, first.label)
            finding = replace(finding, evidence=text, count=sum(each.count for _, each in same))
        yield finding


def labelled(finding: Finding, label: str) -> Finding:
    """A finding with its training as the subject."""
    return replace(finding, subject=f"{label}, {finding.subject}" if finding.subject else label)


class Progress:
    """Writes the status of a run, seldom enough to cost nothing."""

    def __init__(self, stream: TextIO | TextIOBase) -> None:
        self.stream, self._live = stream, stream.isatty()
        self._every, self._last = (_OFTEN if self._live else _SELDOM), time.monotonic()

    def show(self, run: Run, findings: int) -> None:
        """Write the status where it is time."""
        now = time.monotonic()
        if now - self._last < self._every:
            return
        self._last = now
        loss = "" if run.latest is None else f", loss {run.latest:.4g}"
        text = f"trainlint: epoch {len(run.epochs) + 1}, update {run.applied}{loss}, {findings or 'no'} findings"
        self.stream.write(f"\r{text:<78}" if self._live else f"{text}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._live:
            self.stream.write(f"\r{'':<78}\r")


class Hearing:
    """Passes on what the watch of one training finds, under the training's name where there are several."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.training: Training | None = None

    def place(self) -> str:
        """The line of the user's code that is running; what is judged at the end belongs to no line."""
        line = None if self._session.over else users_line()
        return "" if line is None else str(line)

    def hear(self, finding: Finding) -> None:
        """A finding comes: pass it on."""
        tell, training = self._session.options.tell, self.training
        if tell is not None:
            finding = finding if training is None else with_line(finding, training.watch.run.model)
            alone = training is None or not self._session.trainings.several
            tell(finding if alone or training is None else labelled(finding, training.label))
