"""Mixed precision: is the scaler used to the end, and is there one where float16 needs it?"""

import ast
from collections.abc import Iterator

from ....rules import source
from ..meaning.values import Tensor, Thing
from ..suspicion import SourceFinding
from ..training import Training, subject_of
from .telling import at, tell

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


CHECKS = (stuck, bypassed, unscaled_half)
