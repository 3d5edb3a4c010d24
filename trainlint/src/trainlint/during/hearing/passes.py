"""What went into the model and came out, what is done without gradients, and when does a loss become a number?"""

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch._C._functorch import maybe_current_level
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from ..plan import Why, whys
from .patches import Hook

_MOST = 8
"""Tensors kept of the passes that one loss is made of."""
_DROPOUTS = {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout}
_PAIRS = 12
"""Passes kept with what went in and what came out."""
_ATTENTION = {F.scaled_dot_product_attention: "scaled_dot_product_attention"}


def followed() -> bool:
    """True while torch traces, compiles or transforms what runs: there are no values to look at."""
    transformed = maybe_current_level() is not None  # within vmap or grad of torch.func
    return transformed or torch.compiler.is_compiling() or torch.jit.is_tracing()  # pyright: ignore


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass of a watched model with gradients."""

    model: nn.Module
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    made_by: frozenset[int]


class Passes:
    """The training passes since the last loss, and a closer look at a few passes of evaluation."""

    def __init__(self, model: nn.Module, told: Callable[[Sequence[str]], None]) -> None:
        listed = type(model) in {nn.ModuleList, nn.ModuleDict}
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.pairs: list[Pass] = []
        self._made: dict[int, tuple[StorageWeakRef, int]] = {}
        self.roots = {id(each) for each in (model.children() if listed else (model,))}
        self._told = told
        self._over = True
        self._looks = 2
        self._mode: tuple[nn.Module, _Chance] | None = None
        self._hooks = [
            Hook(register_module_forward_pre_hook, self._begins),
            Hook(register_module_forward_hook, self._ended, always_call=True),
        ]

    def end(self) -> None:
        """A loss was made of the passes so far: the next pass begins anew."""
        self._over = True

    def forget(self) -> None:
        """Let go of all tensors."""
        self.inputs, self.outputs, self.pairs, self._over = [], [], [], False

    def on_epoch(self) -> None:
        """Look closer at the first evaluation after an epoch, too."""
        self._looks = max(self._looks, 1)

    def ran(self, module: nn.Module, inputs: Sequence[object], output: object) -> None:
        """A module ran: keep what went into the model and what came out, where there are gradients."""
        if id(module) not in self.roots:
            return
        fed, out = tensors(inputs), tensors(output)
        made_by = self._makers(fed)
        self._remember(module, out)
        if not torch.is_grad_enabled():
            return
        if self._over:
            self.forget()
        self.inputs = [*self.inputs, *(t for t in fed if t.grad_fn is None)][-_MOST:]
        self.outputs = [*self.outputs, *out][-_MOST:]
        self.pairs = [*self.pairs, Pass(module, tuple(fed), tuple(out), made_by)][-_PAIRS:]

    def _makers(self, fed: Sequence[Tensor]) -> frozenset[int]:
        places = [self._made.get(StorageWeakRef(t.untyped_storage()).cdata) for t in fed if not t.is_sparse]
        return frozenset(
            maker for place in places if place is not None for held, maker in [place] if not held.expired()
        )

    def _remember(self, module: nn.Module, made: Sequence[Tensor]) -> None:
        if len(self.roots) > 1:
            for each in (t for t in made if not t.is_sparse):
                held = StorageWeakRef(each.untyped_storage())
                self._made[held.cdata] = held, id(module)
            while len(self._made) > 2 * _PAIRS:
                del self._made[next(iter(self._made))]

    def without(self, on: bool) -> None:
        """Modules run without gradients from now on, or no longer: listen closer while a look is left."""
        wanted = on and self._looks > 0
        if wanted or self._mode is None:
            for hook in self._hooks:
                hook.hang(wanted)

    def _begins(self, module: nn.Module, _: object) -> None:
        mine = id(module) in self.roots and not module.training and self._mode is None
        if mine and self._looks and not torch.is_grad_enabled() and not followed():
            self._looks -= 1
            self._mode = module, _Chance()
            self._mode[1].__enter__()

    def _ended(self, module: nn.Module, _: object, __: object) -> None:
        if self._mode is not None and self._mode[0] is module:
            mode, self._mode = self._mode[1], None
            mode.__exit__(None, None, None)
            self._told(mode.seen)


class _Chance(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_function__(
        self, func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict | None = None
    ) -> object:
        given = {} if kwargs is None else kwargs
        if func in _DROPOUTS and given.get("training", True) and given.get("p", 0.5) > 0:
            self.seen.append(f"{func.__name__} with p={given.get('p', 0.5):g}")
        elif func in _ATTENTION and given.get("dropout_p", 0) > 0:
            self.seen.append(f"{_ATTENTION[func]} with dropout_p={given['dropout_p']:g}")
        return func(*args, **given)


def tensors(value: object) -> list[Tensor]:
    """All tensors in nested tuples, lists and mappings, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [t for each in value.values() for t in tensors(each)]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [t for each in value for t in tensors(each)]
    return []


_FEW = 3
"""Updates between two evaluations: a loop that runs its model more often acts or searches."""


class Tried:
    """What a run does between its updates without gradients.

    An evaluation computes a loss for each pass, on targets that are not trained on. `in_training` counts those in train
    mode and `values` their losses, `well` those in eval mode, `otherwise` what else was done; `place` is a line.
    """

    def __init__(self) -> None:
        self.in_training = self.values = self.well = self.otherwise = 0
        self.place = ""
        self._training: Counter[int] = Counter()
        self._resting = self._values = self._at = 0
        self._fresh = True

    def ran(self, model: int, *, training: bool) -> None:
        """A model ran without gradients."""
        if training:
            self._training[model] += 1
        else:
            self._resting += 1

    def valued(self, place: Callable[[], str], *, fresh: bool) -> None:
        """A loss was computed without gradients."""
        self.place = self.place or place()
        self._values += 1
        self._fresh &= fresh

    def end(self, applied: int) -> None:
        """An update was applied, or the run is over: judge what was done since the last one."""
        if self._resting:
            self.well += 1
        elif self._values and self._training:
            since, self._at = applied - self._at, applied
            if since < _FEW or not self._fresh or max(self._training.values()) > self._values:
                self.otherwise += 1
            else:
                self.in_training, self.values = self.in_training + 1, self.values + self._values
        if self._values or self._training or self._resting:
            self._training.clear()
            self._resting = self._values = 0
            self._fresh = True


_BUNCH = 16
_HALF = {torch.float16, torch.bfloat16}
_WHY = whys(Why.MEASURED, Why.GLANCE, Why.ODD)


class Unread:
    """Losses that nobody has been told of yet, by name: on the CPU numbers, elsewhere tensors."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Tensor | float]] = {}
        self._lost = False

    def number(self, loss: Tensor) -> float | None:
        """The value of a loss; None where reading it would make a device wait."""
        return loss.item() if loss.device.type == "cpu" else None

    def keep(self, name: str, loss: Tensor, value: float | None) -> bool:
        """Keep a loss; True where it is time to tell, at once where it, or the one before, is not finite."""
        kept = self._kept.setdefault(name, [])
        kept.append(loss.detach().reshape(()) if value is None else value)
        before, self._lost = self._lost, value is not None and not is_finite(value)
        return before or self._lost or len(kept) >= _BUNCH

    def take(self) -> Iterator[tuple[str, list[float]]]:
        """Name and numbers of all that was kept, with one transfer a name.

        Yields:
            Each name once.
        """
        unread, self._kept = self._kept, {}
        for name, kept in unread.items():
            tensors = [each for each in kept if isinstance(each, Tensor)]
            if not tensors:
                yield name, [each for each in kept if not isinstance(each, Tensor)]
            else:
                yield name, [tensors[0].item()] if len(kept) == 1 else torch.stack([_double(t) for t in kept]).tolist()


def _double(value: Tensor | float) -> Tensor:
    return value.double() if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)


def is_finite(value: float) -> bool:
    """True unless a number is NaN or inf."""
    return value - value == 0


def reason(loss: Tensor, value: float | None, terms: Mapping[str, object], *, measured: bool, glanced: bool) -> Why:
    """Why a loss may be worth a look."""
    lost = value is not None and not is_finite(value)
    return _WHY[measured, glanced, lost or bool(terms) or not loss.requires_grad or loss.dtype in _HALF]


class _Sign:
    """Lives as long as the graph node that it is pinned to."""


class Outputs:
    """Follows the outputs of one pass, without keeping any of them alive.

    `used` are the modules whose output another one took in, or somebody still held when the loss was known.
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        self._memory: dict[int, tuple[str, StorageWeakRef]] = {}
        self._graphs: list[tuple[str, weakref.ref[_Sign]]] = []

    def ran(self, name: str, inputs: Sequence[object], output: object) -> None:
        """A module ran."""
        for each in inputs:
            if isinstance(each, Tensor) and (known := self._memory.get(StorageWeakRef(each.untyped_storage()).cdata)):
                self.used.add(known[0])
        first = output[0] if isinstance(output, tuple | list) and output else output
        if isinstance(first, Tensor) and not first.is_sparse and name not in self.used:
            held = StorageWeakRef(first.untyped_storage())
            self._memory[held.cdata] = (name, held)
            if first.grad_fn is not None:
                sign = _Sign()
                first.grad_fn.metadata["trainlint"] = sign  # pyright: ignore[reportIndexIssue]
                self._graphs.append((name, weakref.ref(sign)))

    def settle(self) -> None:
        """The loss is known: what is still there is held by somebody. Forget the rest."""
        self.used |= {name for name, held in self._memory.values() if not held.expired()}
        self.used |= {name for name, sign in self._graphs if sign() is not None}
        self._memory, self._graphs = {}, []
