"""Slips of the pen: a call without parentheses, a misspelt attribute, a gradient made presentable."""

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from ....rules import source
from ..meaning.values import Tensor
from ..suspicion import SourceFinding
from ..training import Training, losses_in
from .telling import at, tell

_CALLS = {"step", "zero_grad", "backward", "eval", "train", "update", "zero_"}
_LIKENESS = 0.85
"""`require_grad` has 0.96, `requires_gradient` 0.87; no other name of a parameter's attribute comes near."""


def not_called(training: Training) -> Iterator[SourceFinding]:
    """A method that is named and not called."""
    for file in training.reading.files:
        for node in file.nodes:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute) and node.value.attr in _CALLS:
                text = ast.unparse(node.value)
                yield tell(source.NOT_CALLED, node, file, f"`{text}` is named and not called", subject=text)


def misspelt(training: Training) -> Iterator[SourceFinding]:
    """`param.require_grad = False`."""
    for file in training.reading.files:
        for node in file.nodes:
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if isinstance(target, ast.Attribute) and _like(target.attr) and isinstance(node.value, ast.Constant):
                    told = f"`.{target.attr}` is no attribute that PyTorch reads; `requires_grad` is"
                    yield tell(source.MISSPELT, node, file, told, subject=target.attr)


def _like(name: str) -> bool:
    if name in {"requires_grad", "requires_grad_"}:
        return name.endswith("_")
    return name.startswith("requir") and SequenceMatcher(None, name, "requires_grad").ratio() > _LIKENESS


def sanitised(training: Training) -> Iterator[SourceFinding]:
    """`nan_to_num` on a gradient or on the loss."""
    for event in training.of("grad"):
        if isinstance(event.value, Tensor) and event.value.op == "nantonum":
            yield at(source.SANITISED, event, "a gradient is replaced by its finite part before the step")
    for event in training.of(".nan_to_num_", "torch.nan_to_num", "torch.nan_to_num_"):
        if isinstance(event.target, Tensor) and event.target.op == "grad":
            yield at(source.SANITISED, event, "a gradient is replaced by its finite part before the step")
    for event in training.backwards:
        value = event.value
        if isinstance(value, Tensor) and value.op == "nantonum" and losses_in(value):
            yield tell(
                source.SANITISED, value.node, value.file, "the loss is replaced by its finite part before backward"
            )


CHECKS = (not_called, misspelt, sanitised)
