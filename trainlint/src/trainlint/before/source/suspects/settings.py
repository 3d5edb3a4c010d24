"""Are rates and settings in their range, calls and names what was meant, scaler and clip told of every step?"""

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from ....rules import source
from ..meaning.torchfacts import has_weights
from ..meaning.values import Items, Table, Tensor, Thing, Value, is_const, number
from ..training import SourceFinding, Training, at, losses_in, subject_of, tell
from ..walking.events import Event

_DISCOUNTS = {"gamma", "discount", "discount_factor", "gamma_discount"}
_SMALLEST = 1e-8
_SLOWEST = 1e-3
"""Of batch statistics: a thousand batches move them by two thirds of the way."""
_LARGEST = {"Adam": 0.5, "AdamW": 0.5, "NAdam": 0.5, "RAdam": 0.5, "RMSprop": 0.5, "Adamax": 0.5, "SGD": 50.0}
"""Far above what works: an Adam update moves every weight by about the rate."""


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
                yield at(source.RATE, optimizer, f"the learning rate is {value:g}")


def absurd(training: Training) -> Iterator[SourceFinding]:
    """Other settings outside their useful range."""
    for thing in training.walker.things:
        for told in _complaints(thing) if thing.cls is None else ():
            yield at(source.ABSURD, thing, told)


def _complaints(thing: Thing) -> Iterator[str]:
    kind = _kind(thing)
    if thing.origin.startswith("torch.optim.") and thing.origin.count(".") == 2:
        yield from _of_optimizer(thing, kind)
    elif thing.origin.startswith("torch.nn."):
        p, smoothing = number(thing.given("p", 0)), number(thing.kwargs.get("label_smoothing"))
        if kind.startswith("Dropout") and p is not None and p >= 0.9:
            yield f"a dropout of {p:g} leaves next to nothing"
        pace = number(thing.given("momentum", 2)) if kind.startswith("BatchNorm") else None
        if pace is not None and 0 < pace < _SLOWEST:
            yield f"with a momentum of {pace:g} the statistics used in evaluation stay at their start"
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
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return
    target, value = node.targets[0], node.value
    several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    pairs = zip(target.elts, value.elts, strict=False) if several else [(target, value)]  # pyright: ignore
    for each, given in pairs:
        if isinstance(each, ast.Name) and isinstance(given, ast.Constant) and isinstance(given.value, int | float):
            yield each.id, float(given.value)


_CALLS = {"step", "zero_grad", "backward", "eval", "train", "update", "zero_"}
_IN_GROUPS = {"lr", "learning_rate", "weight_decay", "momentum", "betas", "eps"}
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
    """`param.require_grad = False` and `optimizer.lr = 0.1`."""
    made = {id(each.node) for each in training.optimizers if each.origin.startswith("torch.optim.")}
    for file in training.reading.files:
        assigned = [each for each in file.nodes if isinstance(each, ast.Assign)]
        owners = {ast.unparse(target) for each in assigned if id(each.value) in made for target in each.targets}
        for node, target in ((each, target) for each in assigned for target in each.targets):
            if not isinstance(target, ast.Attribute):
                continue
            told = ""
            if _like(target.attr) and isinstance(node.value, ast.Constant):
                told = f"`.{target.attr}` is no attribute that PyTorch reads; `requires_grad` is"
            elif target.attr in _IN_GROUPS and ast.unparse(target.value) in owners and "param_groups" not in file.text:
                told = f"an optimiser reads `{target.attr}` in its `param_groups` alone"
            if told:
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
            yield at(source.SANITISED, value, "the loss is replaced by its finite part before backward")


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
                yield at(
                    source.HALF_UNSCALED,
                    event,
                    "the forward pass runs in float16, and no scaler is used",
                )


def _float16(kind: str, node: ast.Call) -> bool:
    text = ast.unparse(node)
    if "bfloat16" in text or "enabled=" in text:
        return False
    asked = any(k.arg == "dtype" for k in node.keywords)
    return "float16" in text or (not asked and len(node.args) < 2 and ("'cuda'" in text or "cuda" in kind))


_SMALL = 1e-3
"""Healthy norms of whole gradients are above 0.01 in nearly all networks."""


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


CHECKS = (
    stuck,
    bypassed,
    unscaled_half,
    vanishing,
    idle,
    scaled,
    rate,
    absurd,
    discount,
    not_called,
    misspelt,
    sanitised,
)
