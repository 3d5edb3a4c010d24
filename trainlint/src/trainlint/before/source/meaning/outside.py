"""What does a function or class of another library give: torch, numpy, Python's own?"""

import ast

from ..walking.events import Walking
from . import calling
from .methods import cut_of
from .tensorshapes import joined_shape, made_shape, shape_of
from .torchfacts import OUTSIDE_MODELS, op_of
from .values import UNKNOWN, Bound, Choice, Const, Items, Params, Table, Tensor, Thing, Value, join, number, whole

Args = tuple[Value, ...]
Kwargs = dict[str, Value]
_PASSED = {
    "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.trange", "list", "tuple", "iter", "sorted", "set", "torch.compile",
    "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel", "torch.jit.script", "torch.autograd.Variable",
    "torch.nn.utils.weight_norm", "torch.nn.utils.parametrizations.weight_norm", "rich.progress.track",
    "torch.nn.utils.spectral_norm", "torch.nn.utils.parametrizations.spectral_norm", "torch.nn.parallel.DataParallel",
    "tqdm.notebook.tqdm", "torch.jit.trace", "torch.sparse.to_dense", "typing.cast",
}  # fmt: skip
_HARMLESS = {
    "print", "len", "isinstance", "type", "id", "repr", "str", "hasattr", "float", "int", "range", "min", "max",
}  # fmt: skip
_LAZY = {"enumerate", "zip", "reversed", "itertools.islice"}
_CONTEXTS = {"torch.no_grad": "no_grad", "torch.inference_mode": "no_grad", "torch.autograd.no_grad": "no_grad"}
_COLLECTIONS = {"torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict", "torch.nn.ParameterList"}


def external(walker: Walking, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    """The value of a call of another library's function or class."""
    walker.note(name, node, args[0] if args else UNKNOWN, args[1] if len(args) > 1 else UNKNOWN)
    if name in _PASSED:
        return args[0] if args else Items([], more=False, kind="list", node=node)
    if name in _LAZY:
        return walker.made(name.rsplit(".", 1)[-1], node, args, kwargs)
    if name in _CONTEXTS:
        return walker.made("no_grad", node, args, kwargs)
    if name in _HARMLESS:
        return _plain(walker, name, args, node)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(walker, args, kwargs, node)
    return _library(walker, name, args, kwargs, node)


def _library(walker: Walking, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    last = name.rsplit(".", 1)[-1]
    if name.startswith(OUTSIDE_MODELS):
        return _model(walker, name, args, kwargs, node)
    if name == "functools.partial" or (name.startswith(("torch.", "argparse.", "accelerate.")) and last[:1].isupper()):
        return _object(walker, name, args, kwargs, node)
    if name.startswith(("torch.", "numpy.", "math.", "einops.")):
        return _function(walker, name, args, kwargs, node)
    if not (last[:1].isupper() or last.startswith("get_")):
        return calling.opaque(walker, args, kwargs, node)
    for value in (*args, *kwargs.values()):
        calling.hand_over(value)
    return walker.made(name, node, args, kwargs)


def _plain(walker: Walking, name: str, args: Args, node: ast.AST) -> Value:
    if name in {"float", "int"} and args:
        if isinstance(args[0], Tensor):
            return Tensor("item", node, walker.file, args, shape=(), cut=f"{name}()")
        if isinstance(args[0], Const) and isinstance(args[0].value, int | float | str):
            try:
                return Const(float(args[0].value) if name == "float" else int(args[0].value))
            except (ValueError, OverflowError):
                return UNKNOWN
    if name == "len" and args:
        if isinstance(args[0], Items) and not args[0].more:
            return Const(len(args[0].items))
        return Tensor("len", node, walker.file, args, shape=(), cut="len")
    if name in {"min", "max"} and args:
        return _extreme(walker, name, args, node)
    if name == "range":
        return walker.made("range", node, args, {})
    return UNKNOWN


def _extreme(walker: Walking, name: str, args: Args, node: ast.AST) -> Value:
    numbers = [number(a) for a in args]
    if len(args) > 1 and all(n is not None for n in numbers):
        known = [n for n in numbers if n is not None]
        return Const(min(known) if name == "min" else max(known))
    return Tensor("?", node, walker.file, args) if any(isinstance(a, Tensor) for a in args) else UNKNOWN


def _model(walker: Walking, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    made = walker.made(name, node, args, kwargs)
    made.marks.add("outside")
    return made


def _object(walker: Walking, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    made = walker.made(name, node, args, kwargs)
    if name in _COLLECTIONS:
        made.attrs["entries"] = _entries(args)
    if name in {"torch.optim.swa_utils.AveragedModel"} or name.startswith("accelerate."):
        made.marks.add("handed")
    return made


def _entries(args: Args) -> Value:
    if len(args) == 1 and isinstance(args[0], Items):
        return args[0]
    if len(args) == 1 and isinstance(args[0], Table):
        return Items(list(args[0].entries.values()), args[0].more)
    if any(not isinstance(a, Thing) for a in args):
        return Items([i for a in args for i in (a.items if isinstance(a, Items) else [a])], more=True)
    return Items(list(args))


def _function(walker: Walking, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    op = op_of(name)
    if name.startswith(
        ("torch.save", "torch.load", "torch.manual_seed", "torch.cuda", "torch.backends", "torch.device")
    ):
        return Tensor("loaded", node, walker.file, ()) if name.startswith("torch.load") else UNKNOWN
    if name.startswith("torch.optim.lr_scheduler") or name.startswith("torch.utils"):
        return calling.opaque(walker, args, kwargs, node)
    inputs = tuple(args) + tuple(v for v in kwargs.values() if isinstance(v, Tensor | Thing | Items))
    flat = tuple(i for value in inputs for i in (value.items if isinstance(value, Items) else [value]))
    shape = made_shape(op, args, kwargs)
    if shape is None:
        shape = _joined(op, args, kwargs) or _literal(op, args) or shape_of(op, inputs, args[1:], kwargs)
    switch = kwargs.get("training", args[2] if len(args) > 2 else None)
    if op == "dropout" and isinstance(switch, Bound) and switch.name == "training":
        walker.note("modal", node, switch.owner)
    cut = cut_of(walker, op) or ("numpy" if name.startswith(("numpy.", "math.")) else "")
    if op in {"tensor", "astensor", "fromnumpy", "floattensor", "longtensor"}:
        cut = f"torch.{name.rsplit('.', 1)[-1]}()"
    info = {**{f"arg:{k}": v for k, v in kwargs.items()}, **{f"arg:{i}": a for i, a in enumerate(args)}}
    return Tensor(op, node, walker.file, flat, None, shape, cut, info)


def _joined(op: str, args: Args, kwargs: Kwargs) -> tuple[int | None, ...] | None:
    first = args[0] if args else UNKNOWN
    if op not in {"stack", "cat", "concat", "concatenate"} or not isinstance(first, Items) or first.more:
        return None
    dim = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else Const(0)))
    return joined_shape(op, first.items, whole(dim))


def _literal(op: str, args: Args) -> tuple[int | None, ...] | None:
    if op not in {"tensor", "array", "asarray", "astensor", "floattensor", "longtensor"} or not args:
        return None
    value, shape = args[0], []
    while isinstance(value, Items) and value.items:
        shape.append(None if value.more else len(value.items))
        value = value.items[0]
    return tuple(shape) if isinstance(value, Const) and shape else None


def _next(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    from ..walking.looping import element  # the two need each other

    if args and isinstance(node, ast.Call) and "iter(" in ast.unparse(node.args[0]):
        walker.note("first", node, args[0])
    return element(walker, args[0], node) if args and isinstance(node, ast.expr) else UNKNOWN


def _filter(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return args[1] if len(args) > 1 else UNKNOWN


def _chain(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return Items([i for a in args for i in (a.items if isinstance(a, Items) else [a])], kind="list")


def _copied(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    old = args[0] if args else UNKNOWN
    if not isinstance(old, Thing):
        return Tensor("deepcopy", node, walker.file, (old,), shape=old.shape) if isinstance(old, Tensor) else old
    made = walker.made(old.origin, node, old.args, old.kwargs)
    made.attrs, made.cls, made.marks = (
        {k: _copied_inner(walker, v, node) for k, v in old.attrs.items()},
        old.cls,
        {*old.marks, "copied"},
    )
    made.marks.add("loaded")
    return made


def _deep(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    old = args[0] if args else UNKNOWN
    if isinstance(old, Choice):
        return join(*(_deep(walker, (v,), {}, node) for v in old.options))
    if isinstance(old, Items):
        return Items([_deep(walker, (v,), {}, node) for v in old.items], old.more, old.kind, old.node)
    if isinstance(old, Table):
        return Table({k: _deep(walker, (v,), {}, node) for k, v in old.entries.items()}, old.more)
    return _copied(walker, args, kwargs, node)


def _copied_inner(walker: Walking, value: Value, node: ast.AST) -> Value:
    if isinstance(value, Items):
        return Items([_copied_inner(walker, v, node) for v in value.items], value.more, value.kind, value.node)
    return _copied(walker, (value,), {}, node) if isinstance(value, Thing) else value


def _split(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    lengths = args[1] if len(args) > 1 else kwargs.get("lengths")
    count = len(lengths.items) if isinstance(lengths, Items) and not lengths.more else 0
    parts: list[Value] = [
        walker.made("torch.utils.data.random_split", node, args, {"part": Const(i)}) for i in range(count)
    ]
    return Items(parts) if parts else UNKNOWN


def _loader(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return walker.made("torch.utils.data.DataLoader", node, args, kwargs)


def _summed(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    given = args[0] if args else UNKNOWN
    if isinstance(given, Items):
        return Tensor("add", node, walker.file, tuple(given.items))
    return Tensor("sum", node, walker.file, args) if isinstance(given, Tensor) else UNKNOWN


def _dict(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    entries: dict[object, Value] = {**kwargs}
    return Table(entries, more=bool(args))


def _autograd(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    outputs, wanted = (
        args[n] if len(args) > n else kwargs.get(k, UNKNOWN) for n, k in enumerate(("outputs", "inputs"))
    )
    walker.note("autograd", node, outputs, wanted)
    made = Tensor("?", node, walker.file, (*args, *kwargs.values()), info={"of": outputs, "by": wanted})
    graph = args[4] if len(args) > 4 else kwargs.get("create_graph", Const(value="**" in kwargs))
    if isinstance(graph, Const) and not graph.value:
        made.info["plain"] = graph
    return made


def _clip(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    limit = kwargs.get("max_norm", kwargs.get("clip_value", args[1] if len(args) > 1 else UNKNOWN))
    walker.note("clip", node, args[0] if args else kwargs.get("parameters", UNKNOWN), limit)
    return UNKNOWN


def _grad_mode(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    wanted = args[0] if args else UNKNOWN
    name = "no_grad" if isinstance(wanted, Const) and not wanted.value else "perhaps_grad"
    return walker.made("grad" if isinstance(wanted, Const) and wanted.value else name, node, args, kwargs)


def _attribute(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    from .expressions import attribute  # the two need each other

    if len(args) > 1 and isinstance(args[1], Const) and isinstance(args[1].value, str):
        return attribute(walker, args[0], args[1].value, node)
    calling.hand_over(args[0] if args else UNKNOWN)
    return UNKNOWN


def _super(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    from ..walking.looping import parent  # the two need each other

    return parent(walker, node)


def _product(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return join(UNKNOWN, Params(UNKNOWN)) if not args else Bound(args[0], "mapped")


def _field(walker: Walking, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    if "default_factory" in kwargs:
        return calling.apply(walker, kwargs["default_factory"], (), {}, node)
    return kwargs.get("default", UNKNOWN)


_SPECIAL = {
    "dataclasses.field": _field,
    "next": _next,
    "filter": _filter,
    "itertools.chain": _chain,
    "copy.deepcopy": _deep,
    "copy.copy": _copied,
    "sum": _summed,
    "dict": _dict,
    "getattr": _attribute,
    "super": _super,
    "map": _product,
    "torch.utils.data.random_split": _split,
    "torch.utils.data.DataLoader": _loader,
    "torch_geometric.loader.DataLoader": _loader,
    "torch.autograd.grad": _autograd,
    "torch.autograd.backward": _autograd,
    "torch.nn.utils.clip_grad_norm_": _clip,
    "torch.nn.utils.clip_grad_value_": _clip,
    "torch.nn.utils.clip_grad.clip_grad_norm_": _clip,
    "torch.set_grad_enabled": _grad_mode,
}
