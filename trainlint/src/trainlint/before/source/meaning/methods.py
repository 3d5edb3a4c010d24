"""What does a method of a tensor, a module, an optimiser or a list give, and what does it do?"""

import ast
from collections.abc import Callable

from ..walking.events import Walking
from . import calling
from .tensorshapes import shape_of
from .torchfacts import CUTS, is_module, is_optimizer, is_scheduler, op_of
from .values import (
    UNKNOWN,
    Bound,
    Choice,
    Const,
    Function,
    Items,
    Params,
    Table,
    Tensor,
    Thing,
    Unknown,
    Value,
    is_const,
    join,
    mark,
    tree,
)

Args = tuple[Value, ...]
Kwargs = dict[str, Value]
OF_MODULES = {
    "parameters", "named_parameters", "modules", "named_modules", "children", "train", "eval", "to", "cuda", "cpu",
    "float", "half", "double", "state_dict", "load_state_dict", "zero_grad", "requires_grad_", "apply", "forward",
    "bfloat16", "compile", "register_buffer", "named_children", "buffers", "share_memory", "type", "training",
    "config", "device", "dtype", "no_sync", "module", "step", "update", "backward", "generate", "save_pretrained",
}  # fmt: skip
_SELF = {"to", "cuda", "cpu", "float", "double", "bfloat16", "type", "compile", "share_memory", "apply"}
_KNOWN = {"state_dict", "load_state_dict", "named_modules", "modules", "children", "named_children", "buffers"}


def method(walker: Walking, called: Bound, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    """The value of `owner.name(...)`."""
    owner, name = called.owner, called.name
    if name == "backward":
        return _backward(walker, owner, args, node)
    if name in {"zero_grad", "zero_"}:
        return _cleared(walker, owner, name, node)
    if isinstance(owner, Tensor):
        return _of_tensor(walker, owner, name, args, kwargs, node)
    if isinstance(owner, Thing):
        return _of_thing(walker, owner, name, args, kwargs, node)
    if isinstance(owner, Items | Table):
        return _of_items(walker, owner, name, args, kwargs, node)
    if isinstance(owner, Choice):
        return join(*(calling.apply(walker, Bound(o, name), args, kwargs, node) for o in owner.options))
    walker.note(f".{name}", node, owner, args[0] if args else UNKNOWN)
    if name == "join" or isinstance(owner, Const):
        return UNKNOWN
    return calling.opaque(walker, (owner, *args) if isinstance(owner, Bound) else args, kwargs, node)


def _backward(walker: Walking, owner: Value, args: Args, node: ast.AST) -> Value:
    if isinstance(owner, Tensor):
        walker.note("backward", node, owner, owner)
    else:
        walker.note("backward", node, owner, args[0] if args else UNKNOWN)
    return Const(None)


def _cleared(walker: Walking, owner: Value, name: str, node: ast.AST) -> Value:
    if name == "zero_grad" or (isinstance(owner, Tensor) and owner.op == "grad"):
        walker.note("clear", node, owner)
        return Const(None)
    return owner


def _of_tensor(walker: Walking, owner: Tensor, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    op = op_of(name)
    walker.note(f".{name}", node, owner, args[0] if args else UNKNOWN)
    if op in {"requiresgrad", "retaingrad"}:
        if op == "requiresgrad" and owner.op == "parameter":
            _freeze(walker, node, owner.inputs, args, kwargs)
        return owner
    if owner.op == "grad":
        walker.note("grad", node, owner)
    for value in (*args, *kwargs.values()):
        if isinstance(value, Thing) and value.origin not in {"torch.device"} and name not in {"to"}:
            calling.hand_over(value)
    inputs = (owner, *args, *(v for v in kwargs.values() if isinstance(v, Tensor)))
    shape = shape_of(op, inputs, args, kwargs)
    made = Tensor(op, node, walker.file, inputs, None, shape, cut_of(walker, op), _info(args, kwargs))
    if name.endswith("_") and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if isinstance(node.func.value, ast.Name) and any(isinstance(a, Tensor) for a in args):
            walker.scope.names[node.func.value.id] = made  # `out.index_add_(0, rows, expert(x))`
    return made


def _info(args: Args, kwargs: Kwargs) -> dict[str, Value]:
    named = {f"arg:{k}": v for k, v in kwargs.items()}
    return {**{f"arg:{n + 1}": a for n, a in enumerate(args)}, **named}


def cut_of(walker: Walking, op: str) -> str:
    """Why no gradient goes back through an operation here; empty where one does."""
    return CUTS.get(op, "no_grad" if "no_grad" in walker.guards else "")


def _of_thing(walker: Walking, owner: Thing, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    walker.note(f".{name}", node, owner, args[0] if args else kwargs.get("metrics", UNKNOWN))
    if is_module(owner) or owner.origin == "?":
        rule = _OF_MODULE.get(name)
        if rule is not None:
            return rule(walker, owner, args, kwargs, node)
        if name in _SELF:
            return owner
    if is_optimizer(owner) or is_scheduler(owner):
        return _of_stepper(walker, owner, name, args, node)
    kind = _OF_KIND.get(owner.origin)
    if kind is not None:
        return kind(walker, owner, name, args, kwargs, node)
    if owner.origin.startswith("accelerate.") and name == "prepare":
        return _prepared(walker, owner, args, node)
    if "entries" in owner.attrs and name in {"append", "extend", "values", "items", "insert"}:
        return _of_items(walker, owner.attrs["entries"], name, args, kwargs, node)
    return _other(walker, owner, name, args, kwargs, node)


def _prepared(walker: Walking, owner: Thing, args: Args, node: ast.AST) -> Value:
    walker.note("prepared", node, owner)
    for value in args:
        calling.hand_over(value)
    return args[0] if len(args) == 1 else Items(list(args))


def _of_parameter(walker: Walking, owner: Thing, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return Tensor(op_of(name), node, walker.file, (owner, *args), None, None, cut_of(walker, op_of(name)))


def _other(walker: Walking, owner: Thing, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    if name in _KNOWN or name in {"register_buffer", "add_argument"}:
        return Tensor("?", node, walker.file, (owner,))
    if name in {"add_module", "register_module", "register_parameter"} and len(args) > 1:
        owner.keep(str(args[0].value) if isinstance(args[0], Const) else f"?{len(owner.attrs)}", args[1])
        return UNKNOWN
    if owner.origin == "super":
        return UNKNOWN
    result = calling.opaque(walker, args, kwargs, node)
    if isinstance(result, Tensor) and owner.origin.startswith("torch.distributions."):
        result.op = op_of(name)
    if isinstance(result, Tensor):
        result.inputs = (owner, *result.inputs)
        result.module = owner if is_module(owner) or owner.origin == "?" else None
    return result


def _of_stepper(walker: Walking, owner: Thing, name: str, args: Args, node: ast.AST) -> Value:
    if name == "step":
        walker.note("step" if is_optimizer(owner) else "tick", node, owner, args[0] if args else Const(None))
        if args and is_optimizer(owner):
            owner.marks.add("closure")
            calling.apply(walker, args[0], (), {}, node)
    elif name == "add_param_group":
        owner.extra.extend(args)
    return UNKNOWN


def _of_scaler(walker: Walking, owner: Thing, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    if name == "scale" and args:
        return Tensor("scaled", node, walker.file, args, None, None, "", {"scaler": owner})
    if name == "step" and args:
        walker.note("step", node, args[0], owner)
    elif name in {"unscale_", "update"}:
        walker.note(name.strip("_"), node, owner, args[0] if args else UNKNOWN)
    return UNKNOWN


def _of_parser(walker: Walking, owner: Thing, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    if name == "add_argument" and args:
        texts = [str(a.value) for a in args if isinstance(a, Const)]
        longest = next((t for t in texts if t.startswith("--")), texts[0] if texts else "?")
        default = kwargs.get("default", UNKNOWN)
        plain = (
            isinstance(default, Const)
            and isinstance(default.value, int | float)
            and "bool" not in repr(type(default.value))
        )
        owner.attrs[longest.lstrip("-").replace("-", "_")] = default if plain else UNKNOWN
    elif name == "parse_args":
        made = walker.made("argparse.Namespace", node, (), {})
        made.attrs.update(owner.attrs)
        return made
    return owner if name == "add_argument_group" else UNKNOWN


def _parameters(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return Params(owner)


def _named(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return walker.made("named", node, (Params(owner),), {})


def _train(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    mode = args[0] if args else kwargs.get("mode", Const(True))
    return _mode(walker, owner, "either" if not isinstance(mode, Const) else "train" if mode.value else "eval", node)


def _eval(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    own = owner.cls.find("train") if owner.cls is not None else None
    if isinstance(own, Function):
        return calling.inline(walker, own, owner, (Const(False),), {}, node)  # `eval()` is `train(False)`
    return _mode(walker, owner, "eval", node)


def _mode(walker: Walking, owner: Thing, mode: str, node: ast.AST) -> Value:
    for part in tree(owner):
        walker.modes[part] = mode
    walker.note("mode", node, owner, Const(mode))
    return owner


def _half(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    walker.note("half", node, owner)
    return owner


def _forward(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return calling.apply(walker, owner, args, kwargs, node)


def _requires(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    _freeze(walker, node, (owner,), args, kwargs)
    return owner


def _freeze(walker: Walking, node: ast.AST, owners: Args, args: Args, kwargs: Kwargs) -> None:
    wanted = args[0] if args else kwargs.get("requires_grad", Const(True))
    for owner in owners:
        if isinstance(owner, Thing):
            walker.note("freeze", node, owner, wanted)
            mark(owner, len(walker.trace), frozen=is_const(wanted, False), perhaps=not isinstance(wanted, Const))


def _loaded(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    owner.marks.add("loaded")
    walker.note("loaded", node, owner, args[0] if args else UNKNOWN)
    return UNKNOWN


def _state(walker: Walking, owner: Thing, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    return Tensor("statedict", node, walker.file, (owner,), cut="state_dict")


_OF_MODULE: dict[str, Callable[..., Value]] = {
    "parameters": _parameters,
    "named_parameters": _named,
    "train": _train,
    "eval": _eval,
    "half": _half,
    "forward": _forward,
    "requires_grad_": _requires,
    "load_state_dict": _loaded,
    "state_dict": _state,
}


def _of_items(walker: Walking, owner: Value, name: str, args: Args, kwargs: Kwargs, node: ast.AST) -> Value:
    if isinstance(owner, Items) and name in {"append", "insert"} and args:
        walker.note("append", node, owner, args[-1])
        if len(owner.items) < 40:
            owner.items.append(args[-1])
        owner.more = owner.more or bool(walker.loops)
        return Const(None)
    if isinstance(owner, Items) and name == "extend" and args:
        owner.items.extend(args[0].items if isinstance(args[0], Items) else [])
        owner.more = True
        return Const(None)
    if isinstance(owner, Table):
        if name == "items":
            joined = join(*owner.entries.values()) if owner.entries else UNKNOWN
            return Items([Items([UNKNOWN, joined])], more=True)
        if name == "values":
            return Items(list(owner.entries.values()), owner.more)
        if name == "get" and args and isinstance(args[0], Const):
            return owner.entries.get(args[0].value, UNKNOWN)
        if name == "update" and args and isinstance(args[0], Table):
            owner.entries.update(args[0].entries)
            return Const(None)
    return UNKNOWN if isinstance(owner, Unknown) else Tensor("?", node, walker.file, (owner, *args))


_OF_KIND: dict[str, Callable[..., Value]] = {
    "torch.nn.Parameter": _of_parameter,
    "torch.amp.GradScaler": _of_scaler,
    "argparse.ArgumentParser": _of_parser,
}
