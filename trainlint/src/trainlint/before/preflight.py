"""Will this training learn? One batch through forward, loss, backward and update, and every check handed over."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..during.hearing.passes import tensors
from ..during.plan import planned_rates, rate_plan
from ..during.probes.moving.holding import wrong_groups
from ..during.run import Lane, module_of, some
from ..findings import Finding, Severity
from ..ledger import indented
from ..rules import updates
from ..verdict import TrainingFault, Verdict, judge
from .contracts import estimate, free_bytes, mega, over_budget
from .lossproof import accumulation
from .trial import Line, Restored, StepFunction, Trial, timed

Check = Callable[[], Sequence[Finding]]
"""A check without arguments, such as `lambda: overlap(splits)`."""


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

    def record(self) -> dict[str, object]:
        """Lines and verdict as plain values for JSON."""
        lines = [{"name": x.name, "passed": x.passed, "number": x.number, "seconds": x.seconds} for x in self.lines]
        return {"lines": lines, **self.verdict.record()}

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

    An error that step, optimiser or a check raises is a failed line (RT509) that quotes it.

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
        learn: updates on this one batch within which the loss must fall by half of its first value's size and stay
            there for five updates; a criterion that is maximised fails; 0 leaves that out.
        checks: more checks by name.

    Returns:
        One line per check, passed or failed, with its number.
    """
    trial = Trial(step, model, batch, optimizer)
    with Restored(model, optimizer):
        lines = list(trial.lines(learn))
    if optimizer is not None:
        lines.append(timed("parameter groups", lambda: _groups(model, optimizer, rates)))
    if optimizer is not None and scheduler is not None and ticks is not None:
        lines.append(timed("planned rates", lambda: _plan(optimizer, scheduler, ticks)))
    if split is not None and not any(line.stopped for line in lines):
        with Restored(model, optimizer):
            lines.append(timed("accumulation", lambda: _accumulate(step, model, batch, split)))
    needed = estimate(model, optimizer, saved=trial.saved.total, staged=staged)
    lines.append(timed("memory", lambda: _memory(needed, free, model)))
    lines += [timed(name, lambda check=check: ("", check())) for name, check in (checks or {}).items()]
    return Preflight(lines=tuple(lines))


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
    return _groups_table(optimizer, names), found


def _groups_table(optimizer: Optimizer, names: Mapping[Tensor, str]) -> str:
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
    total = mega(sum(needed.values()))
    if rest is None:
        return f"{total} needed, free memory not known here ({parts})", []
    return f"{total} of {mega(rest)} free ({parts})", over_budget(needed, rest)


def show_preflight(preflight: Preflight, *, as_json: bool = False) -> int:
    """Print a preflight, line by line, and what its findings mean.

    Returns:
        An exit status: 0 where every line passed, 1 otherwise.
    """
    sys.stdout.write(f"{indented(preflight.record()) if as_json else preflight}\n")
    return 0 if preflight.passed else 1
