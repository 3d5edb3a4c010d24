"""Data: shuffled where it is trained on, together with its labels, and not the data that validates?"""

import ast
import re
from collections.abc import Iterator, Mapping

from ....findings import Severity
from ....rules import source_model
from ..meaning import calling
from ..meaning.values import Const, Function, Items, Tensor, Thing, Value, is_const, whole
from ..training import SourceFinding, Training, at, tell
from ..walking.events import LOADER, Event, Loop, unwrapped
from ..walking.looping import TENSORS, dataset_of
from ..walking.reader import tensors
from .criteria import last_op

RANDOM = {"randn", "rand", "randint", "normal", "uniform", "randnlike", "bernoulli", "standardnormal", "poisson"}
_ORDERED = {
    "sort",
    "cat",
    "stack",
    "arange",
    "linspace",
    "repeat",
    "repeatinterleave",
    "argsort",
    "concatenate",
    "tile",
}


def _trained_loaders(training: Training) -> Iterator[tuple[Thing, Loop]]:
    seen: set[int] = set()
    for back in training.backwards:
        for loop in back.loops[-1:]:
            for thing in unwrapped(loop.over):
                if isinstance(thing, Thing) and thing.origin == LOADER and id(thing) not in seen:
                    seen.add(id(thing))
                    yield thing, loop


def in_order(training: Training) -> Iterator[SourceFinding]:
    """A training loader that neither shuffles nor samples."""
    for loader, loop in _trained_loaders(training):
        given = {"sampler", "batch_sampler", "**"} & set(loader.kwargs)
        shuffle = loader.given("shuffle", 2)
        if (
            given
            or not (shuffle is None or is_const(shuffle, False))
            or ("handed" in loader.marks and training.library)
        ):
            continue
        order = _order(dataset_of(loader))
        if shuffle is not None and order != "sorted" and not _swapped(training, loader):
            continue  # somebody who writes `shuffle=False` means it
        if order in {"map", "ordered", "sorted"}:
            told = f"the loop of line {loop.node.lineno} trains on it, and it neither shuffles nor has a sampler"
            yield at(source_model.IN_ORDER, loader, told)
        elif order == "random":
            told = "it does not shuffle; the data are drawn at random, so that their order does no harm"
            yield at(source_model.IN_ORDER, loader, told, severity=Severity.NOTE)


def _swapped(training: Training, trained: Thing) -> bool:
    used = {id(t) for t, _ in _trained_loaders(training)}
    others = [t for t in training.walker.things if t.origin == LOADER and id(t) not in used and t is not trained]
    return any(is_const(t.given("shuffle", 2), True) for t in others)


def _order(dataset: Value | None) -> str:
    if not isinstance(dataset, Thing):
        return ""
    if dataset.origin == TENSORS:
        ops = {t.op for a in dataset.args for t in tensors(a)}
        return (
            "sorted"
            if ops & {"argsort", "sort"} or (len(dataset.args) > 1 and _by_class(dataset.args[-1]))
            else "ordered"
            if ops & _ORDERED
            else "random"
            if ops & RANDOM
            else "map"
        )
    if dataset.origin.startswith("torchvision.datasets."):
        return "map"
    if dataset.origin == "torch.utils.data.random_split":
        return "random"
    if dataset.cls is not None and not any("Iterable" in r for r in dataset.cls.roots):
        item = dataset.cls.find("__getitem__")
        return ("random" if _draws(dataset, item) else "map") if isinstance(item, Function) else ""
    return ""


def _by_class(labels: Value) -> bool:
    made = last_op(labels)
    if made is None or made.op not in {"cat", "concat", "concatenate", "repeatinterleave"}:
        return (
            made is not None
            and made.op == "floordiv"
            and isinstance(made.inputs[0], Tensor)
            and (made.inputs[0].op == "arange")
        )
    blocks = {"full", "zeros", "ones", "fulllike", "zeroslike", "oneslike"}
    parts = [last_op(v) for v in made.inputs if isinstance(v, Tensor)]
    return made.op == "repeatinterleave" or (len(parts) > 1 and all(p is not None and p.op in blocks for p in parts))


def _draws(dataset: Thing, item: Function) -> bool:
    text = ast.unparse(item.node)
    if any(isinstance(v, Items) and v.items for v in dataset.attrs.values()):
        return "rand" in text  # a list is filled in some order, usually that of its labels
    kept = {t.op for v in dataset.attrs.values() for t in tensors(v)}
    return "rand" in text or (bool(kept & RANDOM) and not kept & _ORDERED)


def same_data(training: Training) -> Iterator[SourceFinding]:
    """A loader called validation or test that goes over the training data."""
    trained = [loader for loader, _ in _trained_loaders(training)]
    made = {id(e.node): e for e in training.of(LOADER)}
    trained += [t for t in training.walker.things if t.origin == LOADER and _maker(made, t) == "train_dataloader"]
    sets = {id(dataset_of(t)) for t in trained} | {id(t) for t in trained}
    for event in training.of("bound"):
        thing, target = event.target, event.node
        if not isinstance(thing, Thing) or thing.origin != LOADER or not isinstance(target, ast.Name):
            continue
        if thing.given("sampler", 3) is not None:
            continue  # it may draw from a part of the data
        if held_out(target.id) and (id(dataset_of(thing)) in sets or _equal_sets(dataset_of(thing), trained)):
            told = f"`{target.id}` goes over the data set that is trained on"
            yield at(source_model.SAME_DATA, event, told, subject=target.id)
    for thing in training.walker.things:
        maker = _maker(made, thing) if thing.origin == LOADER and thing not in trained else ""
        if held_out(maker) and "load" in maker and id(dataset_of(thing)) in sets:
            told = f"`{maker}` makes it over the data set that is trained on"
            yield at(source_model.SAME_DATA, thing, told, subject=maker)


def _maker(made: Mapping[int, Event], loader: Thing) -> str:
    event = made.get(id(loader.node))
    return event.function if event is not None else ""


def held_out(name: str) -> bool:
    """True for the name of what is validated or tested on."""
    words = name.lower().split("_")
    return (
        any(w in {"val", "valid", "validation", "test", "dev", "eval", "holdout"} for w in words)
        and "train" not in words
    )


def _equal_sets(dataset: Value | None, trained: list[Thing]) -> bool:
    if not isinstance(dataset, Thing) or not dataset.origin.startswith("torchvision.datasets."):
        return False
    others = [dataset_of(t) for t in trained]
    return any(
        isinstance(o, Thing) and o is not dataset and o.origin == dataset.origin and _split(o) == _split(dataset)
        for o in others
    )


def _split(dataset: Thing) -> tuple[str, ...]:
    kept = {k: v for k, v in dataset.kwargs.items() if k in {"train", "split", "root", "download"} and k != "download"}
    return tuple(f"{k}={v.value!r}" if isinstance(v, Const) else f"{k}=?{id(v)}" for k, v in sorted(kept.items()))


def shuffled_apart(training: Training) -> Iterator[SourceFinding]:
    """Inputs and labels indexed by two permutations."""
    for thing in training.walker.things:
        if thing.origin != TENSORS or len(thing.args) < 2:
            continue
        draws = [_permutation(a) for a in thing.args]
        if all(d is not None for d in draws) and len({id(d) for d in draws}) > 1:
            yield at(
                source_model.SHUFFLED_APART,
                thing,
                "inputs and labels are indexed by different permutations",
            )


def _permutation(value: Value) -> Tensor | None:
    if isinstance(value, Tensor) and value.op == "index" and len(value.inputs) == 2:
        key = value.inputs[1]
        return key if isinstance(key, Tensor) and key.op in {"randperm", "permutation"} else None
    return None


def reseeded(training: Training) -> Iterator[SourceFinding]:
    """The same seed again in the training loop."""
    loops = {loop for b in (*training.steps,) for loop in b.loops} & {
        loop for b in training.backwards for loop in b.loops
    }
    for event in training.of("torch.manual_seed", "numpy.random.seed", "random.seed"):
        if event.first and event.loops and event.loops[-1] in loops and isinstance(event.target, Const):
            if not event.conds and "worker" not in event.function and not _run_again(training, event.loops[-1]):
                yield at(
                    source_model.RESEEDED, event, f"the seed is {event.target.value!r} again in every round of the loop"
                )


_SEEDED = re.compile(r"(?:torch|np\.random|numpy\.random|random)\.(?:manual_)?seed\((\d+)\)")


def seeded_within(training: Training) -> Iterator[SourceFinding]:
    """The same seed for each sample or each pass."""
    for file in training.reading.files:
        inside = [n for n in file.nodes if isinstance(n, ast.FunctionDef) and n.name in {"__getitem__", "forward"}]
        for line in (each for function in inside for each in function.body):
            if found := _SEEDED.fullmatch(ast.unparse(line)):
                yield tell(source_model.RESEEDED, line, file, f"the seed is {found[1]} again in every call")


def seeded_alike(training: Training) -> Iterator[SourceFinding]:
    """Workers that are all given one seed."""
    for loader in training.walker.things:
        start = loader.kwargs.get("worker_init_fn") if loader.origin == LOADER else None
        if not isinstance(start, Function) or is_const(loader.kwargs.get("num_workers"), 0):
            continue
        names = [a.arg for a in start.node.args.args]
        text = ast.unparse(start.node)
        inside = {n.id for n in ast.walk(start.node) if isinstance(n, ast.Name)}
        if "seed(" in text and not set(names) & inside and "initial_seed" not in text and "get_worker_info" not in text:
            yield at(source_model.RESEEDED, start, "every worker gets the same seed, whatever its number")


def copied_generators(training: Training) -> Iterator[SourceFinding]:
    """A generator that a data set made once: each worker of a loader has a copy of it in the same state."""
    for loader in (t for t in training.walker.things if t.origin == LOADER):
        workers, data = loader.kwargs.get("num_workers", Const(0)), dataset_of(loader)
        if is_const(workers, 0) or "worker_init_fn" in loader.kwargs or not isinstance(data, Thing) or data.cls is None:
            continue
        start, item = data.cls.find("__init__"), data.cls.find("__getitem__")
        text = ast.unparse(item.node) if isinstance(item, Function) else ""
        for node in ast.walk(start.node) if isinstance(start, Function) and "get_worker_info" not in text else ():
            if isinstance(node, ast.Assign) and _GENERATOR.search(ast.unparse(node.value)):
                if f"{ast.unparse(node.targets[0])}." in text:
                    told = "it is made once, and every worker draws the same numbers from a copy of it"
                    yield tell(source_model.RESEEDED, node, data.cls.file, told)


_GENERATOR = re.compile(r"\b(?:default_rng|RandomState|random\.Random)\(")


def _run_again(training: Training, loop: Loop) -> bool:
    made = {id(s.target.node) for s in training.steps if isinstance(s.target, Thing)}
    return any(loop in e.loops for o in training.optimizers for e in training.of(o.origin) if id(e.node) in made)


def begun_anew(training: Training) -> Iterator[SourceFinding]:
    """`next(iter(loader))` in each round of the loop, of a loader that does not shuffle: always the same batch."""
    for event in training.of("first"):
        loader = event.target
        if not event.first or not event.loops or not isinstance(loader, Thing) or loader.origin != LOADER:
            continue
        drawn = loader.kwargs.keys() & {"sampler", "batch_sampler", "**"} or "len(" in ast.unparse(loader.node)
        backs = [b for b in training.backwards if event.inner() in b.loops]
        if not drawn and is_const(loader.given("shuffle", 2) or Const(False), False):
            if any(t.node is event.node for b in backs for t in tensors(b.value)):
                yield at(source_model.ONE_BATCH, event, "the loader begins anew in each round, and does not shuffle")


def no_batches(training: Training) -> Iterator[SourceFinding]:
    """A data set smaller than its batch, with `drop_last`."""
    for thing in training.walker.things:
        size = whole(thing.given("batch_size", 1)) if thing.origin == LOADER else None
        if size is None or not is_const(thing.kwargs.get("drop_last"), True):
            continue
        count = _count(training, dataset_of(thing))
        if count is not None and count < size:
            yield at(source_model.NO_BATCHES, thing, f"{count} items are fewer than one batch of {size}")


def _count(training: Training, dataset: Value | None) -> int | None:
    if not isinstance(dataset, Thing):
        return None
    if dataset.origin == TENSORS and dataset.args:
        first = dataset.args[0]
        return first.shape[0] if isinstance(first, Tensor) and first.shape else None
    if dataset.origin == "torch.utils.data.random_split" and len(dataset.args) > 1:
        place, lengths = whole(dataset.kwargs.get("part")) or 0, dataset.args[1]
        known = isinstance(lengths, Items) and not lengths.more and place < len(lengths.items)
        return whole(lengths.items[place]) if known and isinstance(lengths, Items) else None
    length = dataset.cls.find("__len__") if dataset.cls is not None else None
    if isinstance(length, Function):
        with training.walker.aside():
            return whole(calling.inline(training.walker, length, dataset, (), {}, length.node))
    return None


CHECKS = (
    in_order, same_data, shuffled_apart, reseeded, seeded_within, seeded_alike, copied_generators, begun_anew,
    no_batches,
)  # fmt: skip
