"""Which parameters are held, called, frozen, and able to become different?"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor

from ....findings import Finding, Severity, Stage
from ....rules import updates as rules
from ...plan import Why
from ...run import Epoch, Lane, Run, Step, module_of, some
from ...weights.lanes import OUTSIDE
from ...weights.names import modules, of_library, parameters, sample, tensors
from ..probe import Found, Probe

_OTHERS = "no loss uses what the optimiser holds, and the weights that it uses are in no optimiser: "
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
            yield from _empty_groups(lane)

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
        """And at last; all later passes may have reached other weights, as those of a model made anew."""
        yield from self._left_out(run, tensors(run.model))
        for lane in run.lanes if run.strays >= 8 else ():
            idle = lane.applied - lane.backwards
            if idle >= 8 and lane.backwards and all(p.grad is None or not bool(p.grad.any()) for p in lane.held):
                when = f"that {run.strays} later passes reach; {idle} updates saw no gradient"
                yield self._apart_from(lane, when, Stage.CONFIRMED)

    def _strangers(self, run: Run) -> Found:
        known = set(parameters(run.model).values())
        for lane in run.lanes:
            if lane.held and not lane.by_hands and not _owned(lane, known):
                yield self._apart_from(lane, "before the first update", Stage.SUSPECTED)

    def _foreign(self, lane: Lane, own: Sequence[Tensor]) -> Found:
        if not lane.held or lane.by_hands or _owned(lane, set(own)):
            return
        if any(p.grad is not None and bool(p.grad.any()) for p in lane.parameters) and all(
            n.startswith(OUTSIDE) for n in lane.names.values()
        ):
            self._apart[id(lane)] = 0
            yield rules.FOREIGN.withdrawn("its tensors get gradients of their own", subject=lane.subject)
        elif any(p.grad is not None for p in own):
            self._apart[id(lane)] += 1
            sure = self._apart[id(lane)] >= _SURE
            when = f"at update {lane.applied}, and the model's own have gradients"
            yield self._apart_from(lane, when, Stage.of(sure))

    def _apart_from(self, lane: Lane, when: str, stage: Stage) -> Finding:
        held = len(lane.parameters)
        text = f"0 of {held} tensors of the optimiser belong to the model {when}"
        return rules.FOREIGN.found(text, subject=lane.subject, stage=stage, held=held)

    def _left_out(self, run: Run, own: Sequence[Tensor]) -> Found:
        held = {p for lane in run.lanes for p in (*lane.parameters, *lane.held, *lane.shared)}
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
            others = not run.backwards and not any(p.grad is not None for lane in run.lanes for p in lane.parameters)
            text = _OTHERS if others else ""
            text += f"{len(still)} trainable tensors ({size / total:.0%} of all parameters) in no group, with gradients"
            yield rules.NOT_OWNED.found(
                f"{text} and without motion: {some(still)}", subject=some(modules), missing=len(still),
                share=size / total, severity=Severity.FATAL if others else None,
            )  # fmt: skip


def _owned(lane: Lane, known: set) -> bool:
    return lane.masters or any(p in known for p in lane.parameters)


def _twice(run: Run) -> Found:
    held = Counter(p for lane in run.lanes for p in lane.parameters)
    twice = [n for n, p in parameters(run.model).items() if held[p] > 1]
    if twice:
        text = f"{some(twice)} in more than one optimiser"
        yield rules.WRONG_GROUP.found(text, subject=some(twice, 1), severity=Severity.NOTE)


def _empty_groups(lane: Lane) -> Found:
    groups = [(len(g["params"]), float(g.get("initial_lr", g["lr"]))) for g in lane.optimizer.param_groups]
    others = {rate for count, rate in groups if count}
    for index, (count, rate) in enumerate(groups):
        if not count and others and rate not in others and rate > 0:
            text = f"group {index} at rate {rate:.3g} holds no parameter; the others have {min(others):.3g}"
            yield rules.WRONG_GROUP.found(text, subject=lane.subject, severity=Severity.WARNING)


def wrong_groups(lane: Lane, rates: Mapping[str, float]) -> list[Finding]:
    """Findings where a parameter's group has another rate than declared for its module prefix."""
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


class NeverCalled(Probe):
    """Modules with trained parameters that no pass reaches."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._reached: set[str] = set()
        self._measured = 0

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """Note whose parameters have had a gradient: many modules are used without being called."""
        if step.measured:
            self._measured += 1
            self._reached |= {module_of(n) for n, g in {**step.arrived, **step.used}.items() if g is not None}
        return ()

    def asked(self, run: Run) -> Found:
        """A module that waits for its phase is judged when the verdict is asked for."""
        if self._measured < 3 or not run.ran:
            return
        known = modules(run.model)
        held = {module_of(n) for lane in run.lanes for p, n in lane.names.items() if p.requires_grad}
        called = self._reached | set(run.ran)
        cut = (run.called & held) - self._reached
        idle = [m for m in sorted(held - called - cut) if m in known and not run.plan.is_frozen(m)]
        idle = [m for m in idle if not _peer(m, called) and not _shut(m, cut, self._reached)]
        for severity in (None, Severity.NOTE):
            named = [m for m in idle if of_library(run.model, m.rpartition(".")[0]) == (severity is not None)]
            if named:
                yield rules.NEVER_CALLED.found(
                    f"{some(named)} of {type(run.model).__name__}: not called in {self._measured} measured updates, "
                    "and without a gradient",
                    subject=some(named),
                    severity=severity,
                    update=run.applied,
                    modules=len(named),
                )


def _shut(module: str, cut: set[str], reached: set[str]) -> bool:
    stems = [module[: i + 1] for i, letter in enumerate(module) if letter == "."]
    within = [{s for s in stems if any(f"{m}.".startswith(s) for m in each)} for each in (cut, reached)]
    return not within[0] <= within[1]


def _peer(module: str, called: set[str]) -> bool:
    parts = module.split(".")
    stems = [".".join([*parts[:i], ""]) for i, part in enumerate(parts) if part.isdigit()]
    return any(m.startswith(stem) and m[len(stem) :].split(".")[0].isdigit() for stem in stems for m in called)


_LOOKED = 6
"""Measured updates after which units that were equal have become different, if they can."""


class Weights(Probe):
    """Matrices of equal entries: do their units stay equal? Undeclared freezes are noted."""

    updates = Why.MEASURED

    def __init__(self) -> None:
        self._same, self._frozen = list[str](), list[str]()
        self._free: dict[int, set[Tensor]] = {}
        self._matrices = self._measured = 0

    def attached(self, run: Run) -> Found:
        """Look once, before the first update."""
        named = parameters(run.model)
        matrices = {n: p for n, p in named.items() if p.ndim >= 2 and min(p.shape[:2]) > 1 and p.requires_grad}
        same = [n for n, p in matrices.items() if bool((sample(p) == sample(p)[0]).all())]
        same = [n for n in same if bool((named[n] == named[n].flatten()[0]).all())]
        # A zero-initialised head or residual branch is a common choice; every matrix zero is not.
        zeros = [n for n in same if not bool(named[n].flatten()[0])]
        self._same = same if len(zeros) == len(matrices) else [n for n in same if n not in zeros]
        self._matrices = len(matrices)
        if self._same:
            yield self._found(self._same, "have equal entries", Stage.SUSPECTED)
        self._frozen = [n for n, p in named.items() if not p.requires_grad and not run.plan.is_frozen(n)]

    def asked(self, run: Run) -> Found:
        """What stayed frozen, and what an optimiser holds and was frozen since, as by a loop over all parameters.

        What its optimiser moved last may rest.
        """
        free, named = set[Tensor]().union(*self._free.values()), parameters(run.model)
        frozen = [n for n in self._frozen if n in named and not named[n].requires_grad and named[n] not in free]
        if frozen:
            text, caught = f"{len(frozen)} of {len(named)} tensors: {some(frozen)}", _caught(frozen, named)
            left = any(p.ndim > 1 and (p.requires_grad or p in free) for p in named.values())
            if not left and run.improving is False and any(named[n].ndim > 1 for n in frozen):
                caught += "; no matrix is left to learn, and the loss does not fall"
            weight = Severity.WARNING if caught else None
            yield rules.FROZEN_UNDECLARED.found(text + caught, severity=weight)
        held = {p: n for lane in run.lanes for p, n in lane.names.items() if not run.plan.is_frozen(n)}
        since = [name for p, name in held.items() if not p.requires_grad and p not in free]
        if since:
            text = f"{len(since)} of {len(held)} tensors that an optimiser holds: {some(since)}"
            yield rules.FROZEN_UNDECLARED.found(text)

    def updated(self, run: Run, lane: Lane, step: Step) -> Found:
        """One layer from equal entries learns different rows at once; units between two such layers stay equal."""
        if step.measured:
            self._free[id(lane)] = {p for p in lane.names if p.requires_grad}
        if not self._same or not step.measured:
            return
        self._measured += 1
        if self._measured not in {3, _LOOKED}:
            return
        named = parameters(run.model)
        same = [n for n in self._same if n in named and _units_equal(named[n])]
        if not same:
            self._same = []
            yield rules.SAME_WEIGHTS.withdrawn(f"rows and columns differ after update {step.index}")
        elif self._measured == _LOOKED:
            yield self._found(same, f"have equal units still after {step.index} updates", Stage.CONFIRMED)

    def _found(self, names: list[str], text: str, stage: Stage) -> Finding:
        evidence = f"{len(names)} of {self._matrices} matrices {text}: {some(names)}"
        return rules.SAME_WEIGHTS.found(evidence, stage=stage)


def _units_equal(matrix: Tensor) -> bool:
    own = matrix.detach().flatten(1)
    return bool((own == own[:1]).all()) or bool((own == own[:, :1]).all())


def _caught(frozen: Sequence[str], named: Iterable[str]) -> str:
    free, shut = _owners(set(named).difference(frozen)), _owners(frozen)
    for name in sorted(shut - free):
        stem = name.rstrip("0123456789")
        longer = sorted(n for n in shut | free if n.startswith(name) and n[len(name) :].isdigit())
        if stem != name and longer and free.isdisjoint(longer) and f"{stem}{int(name[len(stem) :]) + 1}" in free:
            return f"; '{name}' is a part of '{longer[0]}', which a test such as `in name` takes too"
    return ""


def _owners(names: Iterable[str]) -> set[str]:
    return {".".join(parts[:k]) for n in names for parts in [n.split(".")] for k in range(1, len(parts))}
