"""Numbers in the source: are rates, momenta, decays and dropouts in their useful range?"""

import ast
from collections.abc import Iterator

from ....rules import source
from ..meaning.torchfacts import has_weights
from ..meaning.values import Items, Table, Thing, Value, number
from ..suspicion import SourceFinding
from ..training import Training
from .telling import tell

_DISCOUNTS = {"gamma", "discount", "discount_factor", "gamma_discount"}
_SMALLEST = 1e-8
_LARGEST = {"Adam": 0.5, "AdamW": 0.5, "NAdam": 0.5, "RAdam": 0.5, "RMSprop": 0.5, "Adamax": 0.5, "SGD": 50.0}
"""Far above what works for networks: each Adam update moves every weight by about the rate itself."""


def _kind(thing: Thing) -> str:
    return thing.origin.rsplit(".", 1)[-1]


def _rates(optimizer: Thing) -> list[float]:
    given: list[Value | None] = [optimizer.given("lr", 1)]
    params = optimizer.given("params", 0)
    if isinstance(params, Items):
        groups = [g.entries.get("lr") for g in params.items if isinstance(g, Table)]
        given = groups if groups and all(g is not None for g in groups) else [*groups, *given]
    return [n for n in map(number, given) if n is not None]


def rate(training: Training) -> Iterator[SourceFinding]:
    """A rate of zero, next to zero, or far too large."""
    if training.reading.text_has("OneCycleLR", "CyclicLR", "param_groups", "['lr']", '["lr"]'):
        return
    for optimizer in training.optimizers:
        owned = training.owned(optimizer) if "stranger" not in optimizer.marks else None
        if not owned or not any(has_weights(t) or "outside" in t.marks for t in owned):
            continue
        scheduled = any(
            t.given("optimizer", 0) is optimizer and t.origin.endswith("LambdaLR") for t in training.walker.things
        )
        for value in _rates(optimizer) if not scheduled else ():  # a factor of any size stands before the rate
            if value <= _SMALLEST or value >= _LARGEST.get(_kind(optimizer), float("inf")):
                yield tell(source.RATE, optimizer.node, optimizer.file, f"the learning rate is {value:g}")


def absurd(training: Training) -> Iterator[SourceFinding]:
    """Other settings outside their useful range."""
    for thing in training.walker.things:
        for told in _complaints(thing) if thing.cls is None else ():
            yield tell(source.ABSURD, thing.node, thing.file, told)


def _complaints(thing: Thing) -> Iterator[str]:
    kind = _kind(thing)
    if thing.origin.startswith("torch.optim.") and thing.origin.count(".") == 2:
        yield from _of_optimizer(thing, kind)
    elif thing.origin.startswith("torch.nn."):
        p, smoothing = number(thing.given("p", 0)), number(thing.kwargs.get("label_smoothing"))
        if kind.startswith("Dropout") and p is not None and p >= 0.95:
            yield f"a dropout of {p:g} leaves next to nothing"
        if smoothing is not None and smoothing >= 0.9:
            yield f"a label smoothing of {smoothing:g} leaves next to nothing of the labels"


def _of_optimizer(thing: Thing, kind: str) -> Iterator[str]:
    momentum, decay = number(thing.kwargs.get("momentum")), number(thing.kwargs.get("weight_decay"))
    if kind in {"SGD", "RMSprop"} and momentum is not None and momentum >= 1:
        yield f"a momentum of {momentum:g} never forgets"
    if decay is not None and decay >= (5 if kind == "AdamW" else 0.5):
        yield f"a weight decay of {decay:g} outweighs the loss"
    betas = thing.kwargs.get("betas")
    if isinstance(betas, Items) and len(betas.items) == 2:
        first, second = (number(b) for b in betas.items)
        if first is not None and second is not None and 0.99 <= first and second < first:
            yield f"the betas ({first:g}, {second:g}) are in reverse order"


def discount(training: Training) -> Iterator[SourceFinding]:
    """A discount of later rewards above one, where the source has rewards."""
    for file in training.reading.files:
        if "reward" not in file.text.lower() or not training.backwards:
            continue
        for node in ast.walk(file.tree):
            for name, value in _named_numbers(node):
                if name.lower() in _DISCOUNTS and 1 < value < 10:
                    yield tell(source.ABSURD, node, file, f"a discount of {value:g} makes values grow without bound")


def _named_numbers(node: ast.AST) -> Iterator[tuple[str, float]]:
    """Names that are given a number in one assignment, alone or side by side."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    target, value = node.targets[0], node.value
    several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    pairs = zip(target.elts, value.elts, strict=False) if several else [(target, value)]  # pyright: ignore
    for each, given in pairs:
        if isinstance(each, ast.Name) and isinstance(given, ast.Constant) and isinstance(given.value, int | float):
            yield each.id, float(given.value)


CHECKS = (rate, absurd, discount)
