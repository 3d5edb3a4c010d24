"""One batch through forward, loss, backward and one update, with everything put back afterwards."""

import copy
import math
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..during.losses import criteria
from ..during.losses.graph import name_operation
from ..during.probes.losing.terms import broadcasts
from ..during.run import module_of, some
from ..during.weights.names import nonfinite, norms
from ..errors import ExplainedError, InputError
from ..findings import Finding, Severity
from ..rules import data as data_rules
from ..rules import losses as loss_rules
from ..rules import updates
from ..verdict import TrainingFault
from .contracts import SavedBytes

_STEADY = 5
"""Losses in a row that show more than the noise of one."""

StepFunction = Callable[[nn.Module, object], Tensor]
"""Forward and loss of one batch: (model, batch) -> scalar."""


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

    @property
    def stopped(self) -> bool:
        """True where the check could not be made: it raised an error."""
        return any(f.rule is data_rules.STOPPED for f in self.findings)

    def __str__(self) -> str:
        """One line of text."""
        return f"{'pass' if self.passed else 'FAIL'}  {self.name:<22} {self.number}"


def timed(name: str, run: Callable[[], tuple[str, Sequence[Finding]]]) -> Line:
    """Run one check; its findings decide whether the line passes, and an error that it raises is one of them.

    Args:
        name: what is checked.
        run: gives the measured number as text, and findings.
    """
    start = time.perf_counter()
    number, found = _found(run)
    bad = [f for f in found if f.severity is not Severity.NOTE]
    text = (
        number if not bad else "; ".join([*([number] if number else []), *(f"{f.rule.code} {f.evidence}" for f in bad)])
    )
    return Line(name=name, passed=not bad, number=text, findings=tuple(found), seconds=time.perf_counter() - start)


def _found(run: Callable[[], tuple[str, Sequence[Finding]]]) -> tuple[str, Sequence[Finding]]:
    try:
        return run()
    except TrainingFault as fault:
        return "", [fault.finding]
    except ExplainedError as error:
        return "", [data_rules.STOPPED.found(str(error), severity=Severity.FATAL)]
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({Path(at.filename).name}, line {at.lineno})"
        return "", [data_rules.STOPPED.found(text, severity=Severity.FATAL)]


class Restored:
    """Put weights, buffers, gradients, optimiser state and random state back as they were."""

    def __init__(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        self.model, self.optimizer = model, optimizer

    def __enter__(self) -> None:
        """Keep everything as it is."""
        self.state = copy.deepcopy(self.model.state_dict())
        self.inner = None if self.optimizer is None else copy.deepcopy(self.optimizer.state_dict())
        self.grads = {n: p.grad for n, p in self.model.named_parameters()}
        self.training = self.model.training
        self.random = torch.get_rng_state()
        for p in self.model.parameters():
            p.grad = None

    def __exit__(self, *_: object) -> None:
        """Put it back."""
        self.model.load_state_dict(self.state)
        self.model.train(self.training)
        torch.set_rng_state(self.random)
        for name, p in self.model.named_parameters():
            p.grad = self.grads[name]
        if self.optimizer is not None and self.inner is not None:
            self.optimizer.load_state_dict(self.inner)


def maximised(loss: Tensor) -> list[Finding]:
    """The finding that a loss falls only as its criteria rise; a criterion among others may be maximised."""
    known = [c for c in criteria.read(loss) if c.weight is None or not bool((c.weight < 0).any())]
    if not known or not all(c.factor < 0 for c in known):
        return []
    kinds = ", ".join(dict.fromkeys(c.kind for c in known))
    return [loss_rules.WRONG_SIGN.found(f"loss {float(loss.detach()):.4g} is a criterion ({kinds}) times a negative")]


class Trial:
    """One batch through one update."""

    def __init__(self, step: StepFunction, model: nn.Module, batch: object, optimizer: Optimizer | None) -> None:
        self.step, self.model, self.batch, self.optimizer = step, model, batch, optimizer
        self.saved = SavedBytes()
        self._wrong_sign: list[Finding] = []

    def lines(self, learn: int) -> Iterator[Line]:
        """Forward and loss, backward, update, learning; stops where the next has nothing to stand on.

        The loss must fall by half of its first value's size within `learn` updates on this batch.
        """
        self.model.train()
        forward = timed("forward and loss", self._forward)
        yield forward
        if not forward.passed:
            return
        backward = timed("backward", self._backward)
        yield backward
        if self.optimizer is not None and not backward.stopped:
            yield timed("update", self._update)
            if learn:
                yield timed("learn one batch", lambda: self._learn(learn))

    def _forward(self) -> tuple[str, list[Finding]]:
        with self.saved.counting(self.model):
            self.loss = self.step(self.model, self.batch)
        if self.loss.numel() != 1:
            raise InputError(
                "a scalar loss", f"shape {tuple(self.loss.shape)}", "reduction='none'", "take its mean in the step"
            )
        value = float(self.loss.detach())
        found = [] if self.loss.requires_grad else [updates.GRAPH_CUT.found(f"loss {value:.6g} has no grad_fn")]
        if not math.isfinite(value):
            found.append(loss_rules.NOT_FINITE.found(f"loss is {value}"))
        if self.loss.dtype in {torch.float16, torch.bfloat16}:
            found.append(data_rules.HALF_LOSS.found(f"loss is {str(self.loss.dtype).removeprefix('torch.')}"))
        for met in broadcasts(self.loss, criteria.read(self.loss)):
            found.append(loss_rules.BROADCAST.found(met, severity=Severity.WARNING))
        self._wrong_sign = maximised(self.loss)
        return f"loss {value:.6g}", found

    def _backward(self) -> tuple[str, list[Finding]]:
        self.loss.backward()
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
        return [
            data_rules.GRADIENT.found(text, subject=module),
            *name_operation(lambda: self.step(self.model, self.batch)),
        ]

    def _update(self) -> tuple[str, list[Finding]]:
        assert self.optimizer is not None
        live = list(self.model.parameters())
        before = [p.detach().clone() for p in live]
        rates = [float(g["lr"]) for g in self.optimizer.param_groups]
        loss = float(self.loss.detach())
        self.optimizer.step(lambda: loss)
        moved = sum(n * n for n in norms([p - b for p, b in zip(live, before, strict=True)])) ** 0.5
        relative = moved / max(sum(n * n for n in norms(before)) ** 0.5, 1e-30)
        found = []
        if not any(rates):
            found.append(updates.ZERO_RATE.found(f"rates {rates} at the first update"))
        elif moved == 0:
            found.append(updates.NO_MOTION.found(f"Δ = 0 at rates {rates}"))
        elif relative < 1e-7:
            found.append(updates.BELOW_ROUNDING.found(f"relative update {relative:.2g} at rates {rates}"))
        elif relative > 0.5 and not (after := float(self.step(self.model, self.batch).detach())) < loss:
            text = (
                f"relative update {relative:.2g} at rates {rates}, and the loss of its batch {loss:.4g} -> {after:.4g}"
            )
            found.append(updates.TOO_LARGE.found(text))
        return f"Δ/‖w‖ {relative:.2e}", found

    def _learn(self, count: int) -> tuple[str, list[Finding]]:
        assert self.optimizer is not None
        first = float(self.loss.detach())

        def closure() -> Tensor:
            self.optimizer.zero_grad()  # pyright: ignore
            loss = self.step(self.model, self.batch)
            loss.backward()
            return loss

        goal, done = first - 0.5 * abs(first), 0
        latest: deque[float] = deque(maxlen=_STEADY)
        while done < count and not (done >= _STEADY and max(latest) < goal):
            latest.append(float(torch.as_tensor(self.optimizer.step(closure)).detach()))  # pyright: ignore[reportCallIssue, reportArgumentType]
            done += 1
        value = math.fsum(latest) / len(latest)
        text = f"loss {first:.4g} -> {value:.4g} in {done} updates"
        found = [] if value < goal else [loss_rules.CANNOT_OVERFIT.found(text, first=first, last=value)]
        return text, [*self._wrong_sign, *found]
