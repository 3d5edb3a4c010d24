"""Will this training learn? One batch through forward, loss, backward and update, and every check handed over."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from .findings import Finding, Severity
from .memory import SavedBytes, estimate, free_bytes, mega, over_budget
from .meter import nonfinite
from .probes.batches import tensors
from .probes.ownership import wrong_groups
from .probes.rates import planned_rates, rate_plan
from .rules import losses as loss_rules
from .rules import numbers, updates
from .run import Lane, module_of, norms, some
from .trace import name_operation
from .verdict import TrainingFault, Verdict, judge

StepFunction = Callable[[nn.Module, object], Tensor]
"""Forward and loss of one batch: (model, batch) -> scalar."""
Check = Callable[[], Sequence[Finding]]
"""A check without arguments, such as `lambda: overlap(splits)`."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a preflight.

    Args:
        name: what was checked.
        passed: False where a finding is worse than a note.
        number: what was measured, as text.
        findings: what was found.
        seconds: how long it took.
    """

    name: str
    passed: bool
    number: str
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        """One line of text."""
        return f"{'pass' if self.passed else 'FAIL'}  {self.name:<22} {self.number}"


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """All lines of a preflight.

    Args:
        lines: in the order in which they ran.
    """

    lines: tuple[Line, ...]

    @property
    def passed(self) -> bool:
        """True where every line passed."""
        return all(line.passed for line in self.lines)

    @property
    def verdict(self) -> Verdict:
        """The verdict that all findings add up to."""
        return judge(f for line in self.lines for f in line.findings)

    def check(self) -> None:
        """Raise the first fatal finding.

        Raises:
            TrainingFault: a line failed fatally.
        """
        for finding in self.verdict.findings:
            if finding.severity is Severity.FATAL:
                raise TrainingFault(finding)

    def __str__(self) -> str:
        """All lines, and what the findings mean."""
        found = [str(f) for f in self.verdict.findings if f.severity is not Severity.NOTE]
        return "\n".join([*map(str, self.lines), *found])


def preflight(
    step: StepFunction,
    model: nn.Module,
    batch: object,
    *,
    optimizer: Optimizer | None = None,
    scheduler: LRScheduler | None = None,
    ticks: int | None = None,
    split: Callable[[object], Sequence[object]] | None = None,
    rates: Mapping[str, float] | None = None,
    staged: int = 0,
    free: int | None = None,
    learn: int = 0,
    checks: Mapping[str, Check] | None = None,
) -> Preflight:
    """Try one batch before training, and leave model, optimiser and random state as they were.

    Forward and loss, backward, one update and its Δ, parameter groups, planned rates, accumulation, memory, and
    whatever checks are handed over (data contracts, oracle triple, term signs).

    Args:
        step: forward and loss of one batch.
        model: the model.
        batch: a batch as the training will see it.
        optimizer: its optimiser; without one neither update nor groups are tried.
        scheduler: its schedule.
        ticks: how often the run will step the schedule.
        split: cuts a batch into microbatches whose losses are means over samples; tries accumulation.
        rates: expected rate by module prefix.
        staged: bytes of data held in memory at once.
        free: bytes that may be used; None asks the machine.
        learn: updates on this one batch after which the loss must have halved; 0 leaves that out.
        checks: more checks by name.

    Returns:
        One line per check, passed or failed, with its number.
    """
    trial = _Trial(step, model, batch, optimizer)
    with _restored(model, optimizer):
        lines = list(trial.lines(learn))
    if optimizer is not None:
        lines.append(_timed("parameter groups", lambda: _groups(model, optimizer, rates)))
    if optimizer is not None and scheduler is not None and ticks is not None:
        lines.append(_timed("planned rates", lambda: _plan(optimizer, scheduler, ticks)))
    if split is not None:
        with _restored(model, optimizer):
            lines.append(_timed("accumulation", lambda: _accumulate(step, model, batch, split)))
    needed = estimate(model, optimizer, saved=trial.saved.total, staged=staged)
    lines.append(_timed("memory", lambda: _memory(needed, free, model)))
    lines += [_timed(name, lambda check=check: ("", check())) for name, check in (checks or {}).items()]
    return Preflight(lines=tuple(lines))


def _timed(name: str, run: Callable[[], tuple[str, Sequence[Finding]]]) -> Line:
    """Run one check; its findings decide whether the line passes."""
    start = time.perf_counter()
    number, found = run()
    bad = [f for f in found if f.severity is not Severity.NOTE]
    text = (
        number if not bad else "; ".join([*([number] if number else []), *(f"{f.rule.code} {f.evidence}" for f in bad)])
    )
    return Line(name=name, passed=not bad, number=text, findings=tuple(found), seconds=time.perf_counter() - start)


class _restored:
    """Put weights, buffers, gradients, optimiser state and random state back as they were."""

    def __init__(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        self.model, self.optimizer = model, optimizer

    def __enter__(self) -> None:
        self.state = copy.deepcopy(self.model.state_dict())
        self.inner = None if self.optimizer is None else copy.deepcopy(self.optimizer.state_dict())
        self.grads = {n: p.grad for n, p in self.model.named_parameters()}
        self.training = self.model.training
        self.random = torch.get_rng_state()
        for p in self.model.parameters():
            p.grad = None

    def __exit__(self, *_: object) -> None:
        self.model.load_state_dict(self.state)
        self.model.train(self.training)
        torch.set_rng_state(self.random)
        for name, p in self.model.named_parameters():
            p.grad = self.grads[name]
        if self.optimizer is not None and self.inner is not None:
            self.optimizer.load_state_dict(self.inner)


class _Trial:
    """One batch through one update."""

    def __init__(self, step: StepFunction, model: nn.Module, batch: object, optimizer: Optimizer | None) -> None:
        self.step, self.model, self.batch, self.optimizer = step, model, batch, optimizer
        self.saved = SavedBytes()

    def lines(self, learn: int) -> Iterator[Line]:
        """Forward and loss, backward, update, learning; stops where the next has nothing to stand on."""
        self.model.train()
        with self.saved.counting(self.model):
            self.loss = self.step(self.model, self.batch)
        forward = _timed("forward and loss", self._forward)
        yield forward
        if not forward.passed:
            return
        self.loss.backward()
        yield _timed("backward", self._backward)
        if self.optimizer is not None:
            yield _timed("update", self._update)
            if learn:
                yield _timed("learn one batch", lambda: self._learn(learn))

    def _forward(self) -> tuple[str, list[Finding]]:
        value = float(self.loss.detach())
        found = [] if self.loss.requires_grad else [updates.GRAPH_CUT.found(f"loss {value:.6g} has no grad_fn")]
        if not math.isfinite(value):
            found.append(loss_rules.NOT_FINITE.found(f"loss is {value}"))
        if self.loss.dtype in {torch.float16, torch.bfloat16}:
            found.append(numbers.HALF_LOSS.found(f"loss is {str(self.loss.dtype).removeprefix('torch.')}"))
        return f"loss {value:.6g}", found

    def _backward(self) -> tuple[str, list[Finding]]:
        named = {n: p.grad for n, p in self.model.named_parameters() if p.requires_grad}
        present = {n: g for n, g in named.items() if g is not None}
        values = dict(zip(present, norms(list(present.values())), strict=True))
        missing = list(dict.fromkeys(module_of(n) for n in named if n not in present))
        found = []
        if bad := nonfinite(values):
            found += self._named(f"{len(bad)} of {len(values)} tensors: {some(bad)}", module_of(bad[-1]))
        elif not any(values.values()):
            found.append(updates.ZERO_GRADIENT.found(f"{len(values)} gradient tensors, all exactly zero"))
        if missing:
            found.append(updates.NO_GRADIENT.found(f"no gradient: {some(missing)}", subject=some(missing)))
        total = sum(v * v for v in values.values()) ** 0.5
        return f"{len(present)} of {len(named)} tensors, norm {total:.4g}", found

    def _named(self, text: str, module: str) -> list[Finding]:
        """The gradient finding, and the operation that causes it where torch can name it."""
        return [
            numbers.GRADIENT.found(text, subject=module),
            *name_operation(lambda: self.step(self.model, self.batch)),
        ]

    def _update(self) -> tuple[str, list[Finding]]:
        assert self.optimizer is not None
        live = list(self.model.parameters())
        before = [p.detach().clone() for p in live]
        rates = [float(g["lr"]) for g in self.optimizer.param_groups]
        loss = self.loss
        self.optimizer.step(lambda: float(loss.detach()))
        moved = sum(n * n for n in norms([p - b for p, b in zip(live, before, strict=True)])) ** 0.5
        relative = moved / max(sum(n * n for n in norms(before)) ** 0.5, 1e-30)
        found = []
        if not any(rates):
            found.append(updates.ZERO_RATE.found(f"rates {rates} at the first update"))
        elif moved == 0:
            found.append(updates.NO_MOTION.found(f"Δ = 0 at rates {rates}"))
        elif relative < 1e-7:
            found.append(updates.BELOW_ROUNDING.found(f"relative update {relative:.2g} at rates {rates}"))
        elif relative > 0.5:
            found.append(updates.TOO_LARGE.found(f"relative update {relative:.2g} at rates {rates}"))
        return f"Δ/‖w‖ {relative:.2e}", found

    def _learn(self, count: int) -> tuple[str, list[Finding]]:
        assert self.optimizer is not None
        first = value = float(self.loss.detach())

        def closure() -> Tensor:
            self.optimizer.zero_grad()  # pyright: ignore[reportOptionalMemberAccess]
            loss = self.step(self.model, self.batch)
            loss.backward()
            return loss

        for _ in range(count):
            value = float(torch.as_tensor(self.optimizer.step(closure)).detach())  # pyright: ignore[reportCallIssue, reportArgumentType]
        text = f"loss {first:.4g} -> {value:.4g} in {count} updates"
        return text, [] if value < 0.5 * first else [loss_rules.CANNOT_OVERFIT.found(text, first=first, last=value)]


def _groups(model: nn.Module, optimizer: Optimizer, rates: Mapping[str, float] | None) -> tuple[str, list[Finding]]:
    names: dict[Tensor, str] = {p: n for n, p in model.named_parameters()}
    held = {p: names[p] for g in optimizer.param_groups for p in g["params"] if p in names}
    lane = Lane(optimizer, held)
    foreign = sum(p not in names for p in lane.parameters)
    missing = [n for p, n in names.items() if p.requires_grad and p not in held]
    found = wrong_groups(lane, dict(rates or {}))
    if foreign:
        found.append(updates.FOREIGN.found(f"{foreign} tensors of the optimiser are not the model's"))
    if missing:
        modules = list(dict.fromkeys(map(module_of, missing)))
        found.append(
            updates.NOT_OWNED.found(
                f"{len(missing)} trainable tensors in no group: {some(missing)}", subject=some(modules)
            )
        )
    return groups_table(optimizer, names), found


def groups_table(optimizer: Optimizer, names: Mapping[Tensor, str]) -> str:
    """Which modules are in which group, at which rate.

    Args:
        optimizer: the optimiser.
        names: name of each parameter.
    """
    parts = []
    for index, group in enumerate(optimizer.param_groups):
        modules = list(dict.fromkeys(module_of(names[p]) for p in group["params"] if p in names))
        parts.append(f"group {index} at {float(group['lr']):.3g}: {some(modules)}")
    return "; ".join(parts)


def _plan(optimizer: Optimizer, scheduler: LRScheduler, ticks: int) -> tuple[str, list[Finding]]:
    planned = planned_rates(optimizer, scheduler, ticks)
    mean = math.fsum(planned) / len(planned)
    text = f"first {planned[0]:.3g}, mean {mean:.3g}, last {planned[-1]:.3g} over {ticks} ticks"
    return text, rate_plan(optimizer, scheduler, ticks)


def _accumulate(
    step: StepFunction, model: nn.Module, batch: object, split: Callable[[object], Sequence[object]]
) -> tuple[str, list[Finding]]:
    from .lossproof import accumulation

    model.eval()  # dropout and batch statistics differ between one batch and its parts, whoever accumulates
    whole = _gradient(step, model, [(1.0, batch)])
    parts = split(batch)
    sizes = [tensors(part)[0].shape[0] for part in parts]
    joined = _gradient(step, model, [(size / sum(sizes), part) for size, part in zip(sizes, parts, strict=True)])
    return f"{len(parts)} microbatches of {sizes}", accumulation(whole, joined)


def _gradient(step: StepFunction, model: nn.Module, parts: Sequence[tuple[float, object]]) -> dict[str, Tensor]:
    for p in model.parameters():
        p.grad = None
    for share, part in parts:
        (share * step(model, part)).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def _memory(needed: Mapping[str, int], free: int | None, model: nn.Module) -> tuple[str, list[Finding]]:
    place = next((p.device for p in model.parameters()), torch.device("cpu"))
    rest = free_bytes(place) if free is None else free
    parts = ", ".join(f"{name} {mega(size)}" for name, size in needed.items() if size)
    text = f"{mega(sum(needed.values()))} of {mega(rest)} free ({parts})"
    return text, over_budget(needed, rest)
