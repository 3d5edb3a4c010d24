"""What is each module and parameter called, whatever wraps the model?"""

import difflib
import math
from collections.abc import Callable
from dataclasses import replace

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


def compiled(model: nn.Module) -> bool:
    """True where the model or a part of it is compiled."""
    return any("_orig_mod" in m._modules or m._compiled_call_impl is not None for m in model.modules())


def settled(plan: Plan, model: nn.Module) -> Plan:
    """The plan in the model's own names.

    Args:
        plan: what the user declared, with the names of the wrapped model or of the model itself.
        model: the model.

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
                "prefixes of the model's modules and parameters in the plan", repr(declared), "a misspelt name",
                f"did you mean one of {', '.join(near)}?",
            )  # fmt: skip
    return replace(
        plan, frozen=tuple(map(bare, plan.frozen)), rates={bare(name): rate for name, rate in plan.rates.items()}
    )


def _bare(model: nn.Module) -> Callable[[str], str]:
    """Takes the segments that wrappers add out of a name, such as `_orig_mod` of torch.compile and `module` of DDP."""
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
