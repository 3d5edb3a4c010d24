"""Clipping: does it see the gradients that the step will use, in their own scale, and leave something of them?"""

from collections.abc import Iterator

from ....rules import source
from ..meaning.values import Tensor, Thing, is_const, number
from ..suspicion import SourceFinding
from ..training import Training
from ..walking.events import Event
from .telling import at

_SMALL = 1e-3
"""Healthy norms of whole gradients are above 0.01 in nearly all networks; below a thousandth nothing is left of one."""


def vanishing(training: Training) -> Iterator[SourceFinding]:
    """A limit so small that nothing is left."""
    for clip in training.of("clip"):
        limit = number(clip.value)
        if limit is not None and 0 <= limit < _SMALL:
            yield at(source.CLIP_VANISHING, clip, f"gradients are clipped to {limit:g}")


def idle(training: Training) -> Iterator[SourceFinding]:
    """Clipping after the step, or before backward."""
    for clip in training.of("clip"):
        if not clip.first or not clip.loops:
            continue
        steps = _beside(training.steps, clip)
        backs = _beside(training.backwards, clip)
        if not steps or not backs or len({id(s.target) for s in steps}) > 1:
            continue
        others = [c for c in _beside(training.of("clip"), clip) if backs[0].order < c.order < steps[-1].order]
        if others or steps[0].order < backs[0].order:
            continue
        if clip.order > steps[-1].order:
            yield at(source.CLIP_IDLE, clip, f"clipping follows the step of line {steps[-1].line}")
        elif clip.order < backs[0].order:
            yield at(source.CLIP_IDLE, clip, f"clipping comes before backward in line {backs[0].line}")


def _beside(events: list[Event], other: Event) -> list[Event]:
    return [e for e in events if e.loops == other.loops and e.first]


def scaled(training: Training) -> Iterator[SourceFinding]:
    """Clipping of gradients that a scaler has multiplied."""
    for clip in training.of("clip"):
        backs = [b for b in _beside(training.backwards, clip) if b.order < clip.order]
        if not backs:
            continue
        value = backs[-1].value
        scaler = value.info.get("scaler") if isinstance(value, Tensor) and value.op == "scaled" else None
        if not isinstance(scaler, Thing) or is_const(scaler.given("enabled"), False):
            continue
        steps = [s for s in _beside(training.steps, clip) if s.order > clip.order and s.value is scaler]
        if steps and not any(u.target is scaler and u.order < clip.order for u in training.of("unscale")):
            yield at(
                source.CLIP_SCALED, clip, "the scaler's factor is still in the gradients: no `unscale_` stands before"
            )


CHECKS = (vanishing, idle, scaled)
