"""Which parameters does the optimiser hold, and are they the model's own, all along the run?"""

from collections import Counter
from collections.abc import Mapping, Sequence

from torch import Tensor

from ....findings import Finding, Severity, Stage
from ....rules import updates as rules
from ...run import Epoch, Lane, Run, Step, module_of, some
from ...schedule import Why
from ...weights.lanes import OUTSIDE
from ...weights.names import parameters, tensors
from ...weights.samples import sample
from ..probe import Found, Probe

_SURE = 3
"""Steps in which an optimiser's own tensors get no gradient and the model's do."""


class Ownership(Probe):
    """Every trainable parameter in a group, by identity; what gets gradients and what moves decides."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._apart: Counter[int] = Counter()
        self._missing: dict[str, tuple[Tensor, Tensor]] = {}

    def attached(self, run: Run) -> Found:
        """Before the first update."""
        yield from self._strangers(run)
        yield from _twice(run)
        for lane in run.lanes:
            yield from wrong_groups(lane, run.plan.rates)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Again whenever an update is measured: a layer may have been replaced after the optimiser was built."""
        if step.measured:
            own = tensors(run.model)
            yield from self._foreign(lane, own)
            yield from self._left_out(run, own)

    def strayed(self, run: Run) -> Found:
        """A pass that reaches no watched parameter, after others did: the model may hold new ones."""
        if run.backwards and run.strays in {1, 2, 3, 8}:
            for lane in run.lanes:
                yield from self._foreign(lane, tensors(run.model))

    def epoch(self, run: Run, epoch: Epoch) -> Found:
        """Again at the end of each epoch."""
        own = tensors(run.model)
        for lane in run.lanes:
            yield from self._foreign(lane, own)
        yield from self._left_out(run, own)

    def asked(self, run: Run) -> Found:
        """And at last."""
        yield from self._left_out(run, tensors(run.model))

    def _strangers(self, run: Run) -> Found:
        known = set(parameters(run.model).values())
        for lane in run.lanes:
            if lane.held and not _owned(lane, known):
                yield self._apart_from(lane, "before the first update", Stage.SUSPECTED)

    def _foreign(self, lane: Lane, own: Sequence[Tensor]) -> Found:
        """An optimiser whose tensors are not the model's: a temperature has gradients, another model's weights none."""
        if not lane.held or _owned(lane, set(own)):
            return
        if any(p.grad is not None and bool(p.grad.any()) for p in lane.parameters) and not _replaced(lane):
            self._apart[id(lane)] = 0
            yield rules.FOREIGN.withdrawn("its tensors get gradients of their own", subject=lane.subject)
        elif any(p.grad is not None for p in own):
            self._apart[id(lane)] += 1
            sure = self._apart[id(lane)] >= _SURE
            when = f"at update {lane.applied}, and the model's own have gradients"
            yield self._apart_from(lane, when, Stage.CONFIRMED if sure else Stage.SUSPECTED)

    def _apart_from(self, lane: Lane, when: str, stage: Stage) -> Finding:
        held = len(lane.parameters)
        text = f"0 of {held} tensors of the optimiser belong to the model {when}"
        return rules.FOREIGN.found(text, subject=lane.subject, stage=stage, held=held)

    def _left_out(self, run: Run, own: Sequence[Tensor]) -> Found:
        """Trainable parameters in no group that get gradients and keep their values."""
        held = {p for lane in run.lanes for p in (*lane.parameters, *lane.held)}
        known = [p in held for p in own]
        if not any(known):
            return
        if all(known):
            self._missing = {}
            return
        named = parameters(run.model)
        loose = {n: p for n, p in named.items() if p.requires_grad and p not in held and not run.plan.is_frozen(n)}
        pulled = {n: p for n, p in loose.items() if p.grad is not None and bool(p.grad.any())}
        before = self._missing
        self._missing = {n: (p, sample(p).clone()) for n, p in pulled.items()}
        again = [n for n, p in pulled.items() if n in before and before[n][0] is p]
        still = [n for n in again if bool((sample(pulled[n]) == before[n][1]).all())]
        if still:
            size = sum(named[n].numel() for n in still)
            total = sum(p.numel() for p in named.values())
            modules = list(dict.fromkeys(map(module_of, still)))
            yield rules.NOT_OWNED.found(
                f"{len(still)} trainable tensors ({size / total:.0%} of all parameters) in no group, with "
                f"gradients and without motion: {some(still)}",
                subject=some(modules), missing=len(still), share=size / total,
            )  # fmt: skip


def _owned(lane: Lane, known: set) -> bool:
    """True where the optimiser holds any of the model's parameters, or wider copies of them."""
    return lane.masters or any(p in known for p in lane.parameters)


def _replaced(lane: Lane) -> bool:
    """True where the tensors were the model's when the watch began: their last gradients may be left over."""
    return any(not name.startswith(OUTSIDE) for name in lane.names.values())


def _twice(run: Run) -> Found:
    """Two optimisers may share a parameter, as an encoder under an actor and a critic: worth a word, and no more."""
    held = Counter(p for lane in run.lanes for p in lane.parameters)
    twice = [n for n, p in parameters(run.model).items() if held[p] > 1]
    if twice:
        text = f"{some(twice)} in more than one optimiser"
        yield rules.WRONG_GROUP.found(text, subject=some(twice, 1), severity=Severity.NOTE)


def wrong_groups(lane: Lane, rates: Mapping[str, float]) -> list[Finding]:
    """Findings where a parameter's group has another rate than declared for its module prefix.

    Args:
        lane: the optimiser with its names.
        rates: declared rate by module prefix; the longest prefix that fits decides.
    """
    found = []
    for index, group in enumerate(lane.optimizer.param_groups if rates else ()):
        actual = float(group.get("initial_lr", group["lr"]))
        for name in (lane.names[p] for p in group["params"] if p in lane.names):
            fits = [prefix for prefix in rates if name == prefix or name.startswith(prefix + ".")]
            wanted = rates[max(fits, key=len)] if fits else actual
            if abs(actual - wanted) > 1e-6 * wanted:
                text = f"{name} is in group {index} at rate {actual:.3g}; declared {wanted:.3g}"
                found.append(rules.WRONG_GROUP.found(text, subject=module_of(name), actual=actual, wanted=wanted))
    return found
