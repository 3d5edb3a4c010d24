"""What is each module and parameter called, whatever wraps the model, and which of its entries are looked at?"""

import difflib
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ...errors import InputError
from ..plan import Plan


def parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters by their names in the model itself."""
    bare = _bare(model)
    # A model may override `parameters()` and its kin with other arguments.
    return {bare(name): p for name, p in nn.Module.named_parameters(model) if not is_lazy(p)}


def tensors(model: nn.Module) -> list[nn.Parameter]:
    """The parameters without their names, which take longer to find."""
    found = {p: None for m in walk(model) for p in m._parameters.values() if p is not None}
    return [p for p in found if type(p) is nn.Parameter or not is_lazy(p)]


def walk(model: nn.Module) -> list[nn.Module]:
    """The modules without their names, each once."""
    found: dict[int, nn.Module] = {}
    waiting = [model]
    while waiting:
        module = waiting.pop()
        if id(module) not in found:
            found[id(module)] = module
            waiting += [child for child in module._modules.values() if child is not None]
    return list(found.values())


def buffers(model: nn.Module) -> dict[str, Tensor]:
    """The buffers by their names in the model itself."""
    bare = _bare(model)
    return {bare(name): b for name, b in nn.Module.named_buffers(model) if not is_lazy(b)}


def modules(model: nn.Module) -> dict[str, nn.Module]:
    """The modules by their names in the model itself; under the name of a wrapper stands what it wraps."""
    bare = _bare(model)
    return {bare(name): m for name, m in model.named_modules()}


def of_library(model: nn.Module, name: str) -> bool:
    """True where the innermost module around a name that is not torch's is a library's."""
    known, parts = modules(model), name.split(".")
    around = [known[part] for i in range(len(parts), 0, -1) if (part := ".".join(parts[:i])) in known]
    owner = next((m for m in around if not type(m).__module__.startswith("torch.")), None)
    place = vars(sys.modules.get(type(owner).__module__, sys)).get("__file__")
    return isinstance(place, str) and "-packages" in place


def compiled(model: nn.Module) -> bool:
    """True where the model or a part of it is compiled."""
    return any("_orig_mod" in m._modules or m._compiled_call_impl is not None for m in model.modules())


def settled(plan: Plan, model: nn.Module) -> Plan:
    """The plan in the model's own names.

    Raises:
        InputError: a declared prefix is that of no module and no parameter, or the baseline is not finite.
    """
    if plan.baseline is not None and not math.isfinite(plan.baseline):
        move = "give the loss of an answer that has learned nothing, or None"
        raise InputError("a finite baseline", str(plan.baseline), "a mean over nothing", move)
    bare = _bare(model)
    known = [name for name in {**modules(model), **parameters(model), **buffers(model)} if name]
    for declared in (*plan.frozen, *plan.rates):
        if bare(declared) not in known:
            near = difflib.get_close_matches(declared, known, 1) or known[:5]
            raise InputError(
                "prefixes of the model's modules and parameters in the plan",
                repr(declared),
                "a misspelt name",
                f"did you mean one of {', '.join(near)}?",
            )
    return replace(
        plan, frozen=tuple(map(bare, plan.frozen)), rates={bare(name): rate for name, rate in plan.rates.items()}
    )


def _bare(model: nn.Module) -> Callable[[str], str]:
    wrapped = {
        f"{name}.{child}".lstrip(".")
        for name, module in model.named_modules()
        for child in ("_orig_mod", "module")
        if list(module._modules) == [child] and not module._parameters
    }
    if not wrapped:
        return str

    def bare(name: str) -> str:
        parts = name.split(".")
        return ".".join(part for i, part in enumerate(parts, 1) if ".".join(parts[:i]) not in wrapped)

    return bare


_SAMPLE = 512
"""Entries looked at per parameter: under 1 % of what a step needs."""


_PLAIN = (Tensor, nn.Parameter)


def sample(tensor: Tensor) -> Tensor:
    """Up to 512 evenly spaced entries, as a view where the memory layout allows it."""
    stride = max(1, -(-tensor.numel() // _SAMPLE))
    flat = tensor.detach().reshape(-1)
    return flat if stride == 1 else flat[::stride]


def norms(tensors: Iterable[Tensor]) -> list[float]:
    """Euclidean norm of each tensor in float32 at least, with one transfer; each tensor may go after its turn."""
    if isinstance(tensors, Sequence) and alike(tensors):
        return _norms_alike([tensor.detach() for tensor in tensors])
    found = [_norm(tensor) for tensor in tensors]
    return torch.stack([n.to(found[0].device) for n in found]).tolist() if found else []


def _norms_alike(tensors: Sequence[Tensor]) -> list[float]:
    wide = torch.promote_types(tensors[0].dtype, torch.float32)
    each = torch._foreach_norm(list(tensors), 2, wide)  # pyright: ignore[reportPrivateImportUsage]
    return torch.stack(each).float().tolist()


class Samples:
    """Samples of several tensors at one moment; of plain ones of one type in one piece of memory."""

    def __init__(self, each: Sequence[Tensor], flat: Tensor | None) -> None:
        self.each, self.flat = each, flat

    @classmethod
    def taken(cls, tensors: Iterable[Tensor]) -> "Samples":
        """Copies of what some tensors hold now."""
        views = [sample(tensor) for tensor in tensors]
        if not alike(views):
            return cls([view.clone() for view in views], None)
        flat = torch.cat(views)
        return cls(flat.split([len(view) for view in views]), flat)

    def minus(self, other: "Samples") -> "Samples":
        """The difference to samples of tensors of the same shapes."""
        if self.flat is None or other.flat is None or self.flat.dtype != other.flat.dtype:
            return Samples([a - b for a, b in zip(self.each, other.each, strict=True)], None)
        flat = self.flat - other.flat
        return Samples(flat.split([len(each) for each in self.each]), flat)

    def norms(self) -> list[float]:
        """Euclidean norm of each."""
        return norms(self.each) if self.flat is None else _norms_alike(self.each)


def alike(tensors: Sequence[Tensor]) -> bool:
    """True where one call of torch may take them all: plain real tensors of one type on one device."""
    if not tensors or not tensors[0].is_floating_point():
        return False
    dtype, device = tensors[0].dtype, tensors[0].device
    return all(
        [type(t) in _PLAIN and t.dtype is dtype and t.layout is torch.strided and t.device == device for t in tensors]
    )


def _norm(tensor: Tensor) -> Tensor:
    own = tensor.detach()
    values = own.coalesce().values() if own.is_sparse else own
    return torch.linalg.vector_norm(values, dtype=torch.promote_types(values.dtype, torch.float32)).float()


def nonfinite(gradients: Mapping[str, float | None]) -> list[str]:
    """Names whose gradient norm is NaN or inf."""
    return [name for name, norm in gradients.items() if norm is not None and not math.isfinite(norm)]
