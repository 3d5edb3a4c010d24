"""Half precision and clipping: does the scaler see every step, and does clipping see the right gradients?"""

import ast
from collections.abc import Iterator

from ....rules import source
from ..meaning.values import Tensor, Thing, is_const, number
from ..suspicion import SourceFinding, at, tell
from ..training import Training, subject_of
from ..walking.events import Event

_AUTOCAST = ("torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast")


def _scalers(training: Training) -> Iterator[Thing]:
    return (t for t in training.walker.things if t.origin == "torch.amp.GradScaler" and "handed" not in t.marks)


def stuck(training: Training) -> Iterator[SourceFinding]:
    """A scaler that steps and is never updated."""
    for scaler in _scalers(training):
        steps = [s for s in training.steps if s.value is scaler and s.loops]
        if steps and not any(u.target is scaler for u in training.of("update")) and training.walker.complete:
            told = "the scaler steps in the loop, and no line calls its `update()`"
            yield at(source.SCALER_STUCK, steps[0], told, subject=subject_of(steps[0].node))


def bypassed(training: Training) -> Iterator[SourceFinding]:
    """Backward on a scaled loss, and a step that does not know of the scale."""
    for scaler in _scalers(training):
        backs = [b for b in training.backwards if isinstance(b.value, Tensor) and b.value.info.get("scaler") is scaler]
        own = [s for s in training.steps if s.value is scaler]
        if not backs or own or any(u.target is scaler for u in training.of("unscale")):
            continue
        direct = [s for s in training.steps if s.order > backs[0].order and s.loops == backs[0].loops]
        if direct and not training.reading.text_has("get_scale", "inv_scale"):
            told = f"the loss of line {backs[0].line} is scaled, and this step uses its gradients as they are"
            yield at(source.SCALER_BYPASSED, direct[0], told, subject=subject_of(direct[0].node))


def unscaled_half(training: Training) -> Iterator[SourceFinding]:
    """float16 in training without a scaler."""
    if training.library or not training.backwards or training.reading.text_has("GradScaler", "loss_scale", "scaler"):
        return
    for event in training.of("half"):
        if isinstance(event.target, Thing) and id(event.target) in training.trained:
            yield at(source.HALF_UNSCALED, event, "the trained model is cast to float16, and no scaler is used")
    loops = {id(loop) for b in training.backwards for loop in b.loops}
    for event in training.of(*_AUTOCAST):
        if event.loops and all(id(loop) in loops for loop in event.loops[-1:]) and not event.graphless:
            if isinstance(event.node, ast.Call) and _float16(event.kind, event.node):
                yield tell(
                    source.HALF_UNSCALED,
                    event.node,
                    event.file,
                    "the forward pass runs in float16, and no scaler is used",
                )


def _float16(kind: str, node: ast.Call) -> bool:
    text = ast.unparse(node)
    if "bfloat16" in text or "enabled=" in text:
        return False
    asked = any(k.arg == "dtype" for k in node.keywords)
    return "float16" in text or (not asked and len(node.args) < 2 and ("'cuda'" in text or "cuda" in kind))


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


CHECKS = (stuck, bypassed, unscaled_half, vanishing, idle, scaled)
