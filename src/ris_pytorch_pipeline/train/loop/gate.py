"""Is the optimizer called, and did it do anything? The one place where an update is attempted."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...experiment.optimisation import Optimisation
from .gradient import Gradient, measure_gradient
from .groups import Groups, set_rates
from .motion import measure_motion, values, versions
from .progress import Progress
from .update import Motion, Outcome, Update


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What the gate saw and did.

    >>> from ris_pytorch_pipeline.train.loop.gradient import Gradient
    >>> none = Gradient(total=0.0, groups={"head": 0.0}, offenders=(), without=(), present=True)
    >>> attempt = Attempt(outcome=Outcome.ZERO, gradient=none, motion=None)
    >>> attempt.outcome.value, attempt.seen
    ('skipped: every gradient is exactly zero', {'applied': 0.0, 'measured': 0.0})
    >>> update = attempt.update(Progress(attempts=3, updates=2), 32, {"total": 0.8, "heat": 0.8}, {"head": 1e-3})
    >>> update.attempt, update.applied, update.loss, update.terms
    (3, 2, 0.8, {'heat': 0.8})

    Args:
        outcome: how the attempt ended.
        gradient: norms before clipping.
        motion: where measured.
    """

    outcome: Outcome
    gradient: Gradient
    motion: Motion | None

    @property
    def seen(self) -> dict[str, float]:
        """What all processes of a run must agree on: one that skips alone comes apart from the others."""
        applied, measured = self.outcome.applied, self.motion is not None
        return {"applied": float(applied), "measured": float(measured)}

    def update(
        self, progress: Progress, samples: int, losses: Mapping[str, float], rates: dict[str, float],
        spoilers: tuple[int, ...] = (),
    ) -> Update:  # fmt: skip
        """The whole record of this attempt.

        Args:
            progress: counts, this attempt included.
            samples: scenes in it.
            losses: mean over them: `total`, and its weighted terms.
            rates: by group.
            spoilers: processes whose share of the gradient is not finite.

        Returns:
            What ledger and reporter are given.
        """
        return Update(
            attempt=progress.attempts,
            applied=progress.updates,
            batch=progress.batches,
            samples=samples,
            outcome=self.outcome,
            loss=losses["total"],
            terms={name: value for name, value in losses.items() if name != "total"},
            norm=self.gradient.total,
            norms=self.gradient.groups,
            rates=rates,
            motion=self.motion,
            offenders=self.gradient.offenders,
            spoilers=spoilers,
        )


class Gate:
    """Calls the optimizer if the gradient is finite and somewhere not zero, and checks that the weights moved.

    One finite, non-zero gradient in any group is enough: a conditional head may be zero in a batch. Gradients are never
    repaired. An update counts as applied when every parameter with a gradient was written to and, where motion is
    measured, the weights moved by more than weight decay and rounding explain.

    >>> import torch
    >>> from ris_pytorch_pipeline.experiment import Optimisation
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.train.loop.groups import adamw
    >>> groups, config = Groups(HybridNet(NetConfig(width=8, blocks=1))), Optimisation()
    >>> gate = Gate(groups, adamw(groups, config), torch.amp.GradScaler(enabled=False), config)
    >>> rates = {"backbone": 1e-3, "head": 4e-3}
    >>> gate.attempt(rates, measure=True).outcome.value  # no backward pass came before
    'skipped: every gradient is exactly zero'
    >>> sum(weights.square().sum() for weights in groups.parameters).backward()
    >>> gate.attempt(rates, measure=True).outcome.value
    'applied'

    Args:
        groups: of the network.
        optimizer: over the same groups.
        scaler: of the loss; disabled unless float16.
        config: clipping and weight decay.
    """

    def __init__(
        self,
        groups: Groups,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        config: Optimisation,
    ) -> None:
        self.groups, self.optimizer, self.scaler, self.config = groups, optimizer, scaler, config

    def attempt(
        self, rates: dict[str, float], *, measure: bool, refused: Callable[[str], object] | None = None
    ) -> Attempt:
        """Attempt one update with the gradients at hand, and clear them.

        Args:
            rates: by group.
            measure: compare the weights' values before and after.
            refused: told why the optimizer is not called, before the gradients are cleared.

        Returns:
            What happened.

        Raises:
            ConfigurationError: a rate that is not positive.
        """
        set_rates(self.optimizer, rates)
        present = any(p.grad is not None for p in self.groups.parameters)
        if present:
            self.scaler.unscale_(self.optimizer)
        gradient = measure_gradient(self.groups)
        outcome, motion = refusal(gradient), None
        if outcome is None:
            self._clip(gradient)
            outcome, motion = self._step(rates, measure=measure)
        elif refused is not None:
            refused(outcome.value)
        if present:
            self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        return Attempt(outcome=outcome, gradient=gradient, motion=motion)

    def _clip(self, gradient: Gradient) -> None:
        if self.config.clip is not None:
            norm = torch.tensor(gradient.total, device=self.groups.parameters[0].device)
            nn.utils.clip_grads_with_norm_(self.groups.parameters, self.config.clip, norm)

    def _step(self, rates: dict[str, float], *, measure: bool) -> tuple[Outcome, Motion | None]:
        reached = [p.grad is not None for p in self.groups.parameters]
        before: list[Tensor] | None = values(self.groups) if measure else None
        written = versions(self.groups)
        self.scaler.step(self.optimizer)
        touched = [new != old for new, old in zip(versions(self.groups), written, strict=True)]
        if not all(touch for touch, wanted in zip(touched, reached, strict=True) if wanted):
            return Outcome.UNTOUCHED, None
        if before is None:
            return Outcome.APPLIED, None
        motion = measure_motion(self.groups, before, rates, self.config.weight_decay)
        return verdict(motion, torch.finfo(self.groups.parameters[0].dtype).eps), motion


def refusal(gradient: Gradient) -> Outcome | None:
    """Why the optimizer must not be called; None if it may be."""
    if not math.isfinite(gradient.total):
        return Outcome.NOT_FINITE
    return Outcome.ZERO if gradient.total == 0.0 else None


def verdict(motion: Motion, eps: float) -> Outcome:
    """Whether a measured motion is an update: more than nothing, and more than weight decay to within rounding.

    Args:
        motion: of the weights.
        eps: relative rounding of their type.

    Returns:
        `APPLIED`, `UNMOVED` or `DECAY_ONLY`.
    """
    if motion.total == 0.0:
        return Outcome.UNMOVED
    rounding = eps * motion.total / motion.relative if motion.relative > 0 else 0.0
    return Outcome.APPLIED if motion.beyond_decay > rounding else Outcome.DECAY_ONLY
