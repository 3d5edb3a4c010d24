"""Which shape has a result, as far as the shapes that went in are known?"""

import ast

from .values import Const, Items, Named, Tensor, Value, const, is_const, whole

Shape = tuple[int | None, ...] | None


def broadcast(left: Value, right: Value, name: str) -> Shape:
    """The shape of an operation on two values, element by element."""
    a, b = _shape(left), _shape(right)
    if name == "MatMult":
        return (*a[:-1], *b[1:][-1:]) if a and b and len(b) <= max(2, len(a)) else None
    if a is None or b is None:
        return None
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    return longer if len(longer) != len(shorter) or 1 not in longer else _wider(longer, shorter)


def _wider(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> Shape:
    return tuple(y if x == 1 else x for x, y in zip(a, b, strict=True))


def _shape(value: Value) -> Shape:
    if isinstance(value, Tensor):
        return value.shape
    return () if isinstance(value, Const | Named) else None


def indexed(shape: Shape, index: ast.expr, key: Value) -> Shape:
    """The shape after an index expression."""
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if shape is None:
        return None
    out: list[int | None] = []
    place = 0
    for part in parts:
        if isinstance(part, ast.Constant) and part.value is None:
            out.append(1)
            continue
        if isinstance(part, ast.Constant) and part.value is Ellipsis:
            keep = len(shape) - place - sum(not _new(p) for p in parts[parts.index(part) + 1 :])
            out += shape[place : place + keep]
            place += keep
            continue
        if place >= len(shape):
            return None
        if isinstance(part, ast.Slice):
            out.append(_sliced(shape[place], part))
        elif not _number(part):
            return _by_key(shape, key) if len(parts) == 1 else None
        place += 1
    return (*out, *shape[place:])


def _by_key(shape: tuple[int | None, ...], key: Value) -> Shape:
    known = _shape(key)
    if known is None or not isinstance(key, Tensor):
        return None
    if key.op == "compare":
        return (None, *shape[len(known) :])
    return (*known, *shape[1:])


def _sliced(size: int | None, part: ast.Slice) -> int | None:
    if part.lower is None and part.upper is None and part.step is None:
        return size
    try:
        lower, upper, step = (None if p is None else ast.literal_eval(p) for p in (part.lower, part.upper, part.step))
        if size is not None:
            return len(range(size)[lower:upper:step])
        return 1 if step is None and (lower or 0, upper) in {(0, 1), (-1, None)} else None
    except (ValueError, TypeError):
        return None


def _new(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is None


def _number(part: ast.expr) -> bool:
    if isinstance(part, ast.UnaryOp):
        part = part.operand
    return isinstance(part, ast.Constant) and isinstance(part.value, int)


def sizes(args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    """The shape that arguments such as `(2, 3)` or `size=(2, 3)` ask for."""
    given = kwargs.get("size", kwargs.get("shape"))
    if given is not None:
        args = (given,)
    if len(args) == 1 and isinstance(args[0], Items):
        if args[0].more:
            return None
        args = tuple(args[0].items)
    elif not args:
        return None
    return tuple(whole(a) for a in args)


SAME = {
    "float", "long", "double", "half", "int", "to", "cuda", "cpu", "detach", "clone", "contiguous", "requiresgrad",
    "numpy", "astype", "type", "sin", "cos", "exp", "log", "tanh", "sigmoid", "relu", "softmax", "logsoftmax", "abs",
    "sqrt", "pow", "square", "clamp", "clip", "dropout", "batchnorm1d", "batchnorm2d", "layernorm", "gelu", "silu",
    "leakyrelu", "elu", "identity", "asarray", "array", "tensor", "fromnumpy", "astensor", "zeroslike", "oneslike",
    "randlike", "randnlike", "sign", "round", "neg", "floattensor", "longtensor", "softplus", "logsigmoid", "selu",
    "bool", "copy", "nantonum", "fulllike", "mish", "hardtanh", "sort",
}  # fmt: skip
_REDUCING = {"sum", "mean", "argmax", "argmin", "amax", "amin", "prod", "std", "var", "norm", "logsumexp", "any", "all"}
_MAKING = {"randn", "rand", "zeros", "ones", "empty", "normal", "uniform", "randint", "standardnormal", "full"}


def shape_of(op: str, inputs: tuple[Value, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    """The shape of the result of a named operation; None where it is not known.

    `inputs` starts with the tensor; `args` are what follows it.
    """
    first = _shape(inputs[0]) if inputs else None
    if op in SAME:
        return first
    if op in {"linspace", "arange", "randperm"}:
        return (None,)
    if first is None:
        return _asked(args) if op in {"view", "reshape"} else None
    if op in {"split", "chunk"}:
        return (None, None, *first[1:]) if len(args) < 2 and "dim" not in kwargs else None  # gone over, piece by piece
    if op in _REDUCING:
        return _reduced(first, args, kwargs)
    rule = _MOVES.get(op)
    return rule(first, args, kwargs) if rule is not None else None


def joined_shape(op: str, parts: list[Value], dim: int | None) -> Shape:
    """The shape of a stack or a concatenation."""
    shapes = [_shape(p) for p in parts]
    if (
        dim is None
        or not shapes
        or any(s is None for s in shapes)
        or len({len(s) for s in shapes if s is not None}) > 1
    ):
        return None
    first = shapes[0] or ()
    rank = len(first) + (op == "stack")
    if not -rank <= dim < rank:
        return None
    dim %= rank
    if op == "stack":
        return (*first[:dim], len(shapes), *first[dim:])
    sized = [s[dim] for s in shapes if s]
    total = sum(n for n in sized if n is not None) if all(n is not None for n in sized) else None
    return (*first[:dim], total, *first[dim + 1 :])


def made_shape(op: str, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    """The shape of what `torch.randn(2, 3)` and its like make."""
    if op == "randint":
        sized = [a for a in args if isinstance(a, Items)]
        return sizes((sized[-1],), {}) if sized else sizes((), kwargs)
    if op in {"normal", "uniform", "full"}:
        sized = [a for a in args if isinstance(a, Items)]
        return sizes(tuple(sized[-1:]), kwargs)
    return sizes(args, kwargs) if op in _MAKING else None


def _asked(args: tuple[Value, ...]) -> Shape:
    asked = sizes(args, {})
    return None if asked is None else tuple(None if n is None or n < 0 else n for n in asked)


def _reduced(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    dim = kwargs.get("dim", kwargs.get("axis", args[0] if args else None))
    if dim is None:
        return ()
    place = whole(dim)
    if place is None or not -len(first) <= place < len(first):
        return None
    place %= len(first)
    kept = kwargs.get("keepdim", kwargs.get("keepdims", args[1] if len(args) > 1 else Const(False)))
    middle: tuple[int | None, ...] = (1,) if is_const(kept, True) else ()
    return (*first[:place], *middle, *first[place + 1 :])


def _unsqueeze(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    place = whole(kwargs.get("dim", args[0] if args else None))
    if place is None:
        return None
    place = place if place >= 0 else place + len(first) + 1
    return (*first[:place], 1, *first[place:])


def _squeeze(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    place = whole(kwargs.get("dim", args[0] if args else None))
    if place is None:
        return tuple(n for n in first if n != 1) if not args else None
    if not -len(first) <= place < len(first):
        return None
    place %= len(first)
    return (*first[:place], *first[place + 1 :]) if first[place] == 1 else first if first[place] else None


def _viewed(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    return _asked(args)


def _flat(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    start = whole(kwargs.get("start_dim", args[0] if args else Const(0)))
    return None if start is None or len(args) > 1 else (*first[:start], None)


def _turned(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    a, b = (whole(x) for x in args[:2]) if len(args) >= 2 else (None, None)
    if a is None or b is None or max(a, b) >= len(first) or min(a, b) < -len(first):
        return None
    out = list(first)
    out[a], out[b] = out[b], out[a]
    return tuple(out)


def _gathered(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    return _shape(kwargs.get("index", args[1] if len(args) > 1 else Const(0))) or None


def _flattened(first: tuple[int | None, ...], args: tuple[Value, ...], kwargs: dict[str, Value]) -> Shape:
    return (None,) if const(kwargs.get("_")) is None else None


_MOVES = {
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "view": _viewed,
    "reshape": _viewed,
    "flatten": _flat,
    "transpose": _turned,
    "ravel": _flattened,
    "gather": _gathered,
}
