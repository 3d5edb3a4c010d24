"""A second device without hardware: tensors that say they are on cuda:0, and refuse what CUDA would refuse.

Their numbers are on the CPU and every operation is done there, but one that mixes both devices, an index on the wrong
one, or `numpy()` is an error. What it cannot see: generators of the device, kernels that CUDA lacks, and speed. The
gradient of an indexed tensor is refused although CUDA has it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

HERE, THERE = torch.device("cpu"), torch.device("cuda:0")
aten = torch.ops.aten
MOVES = {aten._to_copy.default, aten.copy_.default}
INDEXED = {aten.index.Tensor, aten.index_put_.default, aten.index_put.default, aten._index_put_impl_.default}


class Far(Tensor):
    """A tensor on the other device; `held` has its numbers."""

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # pyright: ignore

    @staticmethod
    def __new__(cls, held: Tensor) -> "Far":
        self = Tensor._make_subclass(cls, held, held.requires_grad)  # pyright: ignore
        self.held = held
        return self

    @property
    def device(self) -> torch.device:  # pyright: ignore[reportIncompatibleVariableOverride]
        return THERE

    def tolist(self) -> Any:
        return self.held.tolist()

    def __repr__(self) -> str:  # pyright: ignore
        return f"{self.held!r} on {THERE}"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Far":
        twin = Far(self.held.detach().clone()).requires_grad_(self.requires_grad)
        if isinstance(self, torch.nn.Parameter):
            twin._is_param = True  # pyright: ignore
        memo[id(self)] = twin
        return twin  # pyright: ignore

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return operate(func, args, kwargs or {})


def held(x: Any) -> Any:
    return x.held if isinstance(x, Far) else x


def tensors_in(x: Any) -> Iterator[Tensor]:
    """Those of nested lists, as operations take them; torch's own walk over trees takes most of a test's time."""
    if isinstance(x, Tensor):
        yield x
    elif isinstance(x, list | tuple):
        for each in x:
            yield from tensors_in(each)


def with_tensors(change: Callable[[Tensor], Any], x: Any) -> Any:
    """The same with other tensors."""
    if isinstance(x, Tensor):
        return change(x)
    return type(x)([with_tensors(change, each) for each in x]) if isinstance(x, list | tuple) else x


def operate(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Do an operation on the CPU, if CUDA would do it, and say where its result is."""
    tensors = [*tensors_in(args), *tensors_in([*kwargs.values()])]
    far = any(isinstance(x, Far) for x in tensors)
    if not far and kwargs.get("device") is None:
        return func(*args, **kwargs)
    if far and func not in MOVES:
        checked = args[:1] if func in INDEXED and isinstance(args[0], Far) else tensors  # a CPU index may index CUDA
        near = [tuple(x.shape) for x in checked if not isinstance(x, Far) and x.ndim]  # and a CPU number join it
        if near:
            raise RuntimeError(f"{func} of tensors on {THERE} and {HERE}, the latter of shape {near}")
    if kwargs.get("device") is not None:
        far = kwargs["device"].type == THERE.type
        kwargs = kwargs | {"device": HERE}
    elif func is aten.copy_.default:
        far = isinstance(args[0], Far)
    kwargs = {name: with_tensors(held, value) for name, value in kwargs.items()}
    result = func(*with_tensors(held, args), **kwargs)
    same = {id(held(x)): x for x in tensors}  # in-place operations return what they were given
    place = Far if far else lambda x: x
    return with_tensors(lambda x: same[id(x)] if id(x) in same else place(x), result)


class Operations(TorchDispatchMode):
    """For what is made there from nothing; torch asks for no CUDA driver while a mode with this key is on."""

    _mode_key = torch._C._TorchDispatchModeKey.FAKE  # pyright: ignore

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return operate(func, args, kwargs or {})


class Calls(TorchFunctionMode):
    """For calls that ask for a device before they become operations."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is Tensor.to:
            return to(*args, **kwargs)
        if func is Tensor.cpu:
            return moved(args[0], HERE)
        if func is Tensor.new_tensor:
            return moved(func(held(args[0]), *args[1:], **kwargs), args[0].device)
        if func is torch.tensor and kwargs.get("device") is not None:
            return moved(func(*args, **kwargs | {"device": HERE}), torch.device(kwargs["device"]))
        if func is Tensor.tolist:
            return func(held(args[0]).detach())
        if func is Tensor.numpy and isinstance(args[0], Far):
            raise TypeError(f"can't convert {THERE} device type tensor to numpy")
        return func(*args, **kwargs)


def to(x: Tensor, *words: Any, device: Any = None, dtype: Any = None, copy: bool = False, **ignored: Any) -> Tensor:
    """`Tensor.to` in all its forms."""
    for word in words:
        if isinstance(word, Tensor):
            device, dtype = word.device, word.dtype
        elif isinstance(word, str | torch.device):
            device = word
        elif isinstance(word, torch.dtype):
            dtype = word
    x = moved(x, x.device if device is None else torch.device(device))
    return Tensor.to(x, dtype=x.dtype if dtype is None else dtype, copy=copy)


def moved(x: Tensor, device: torch.device) -> Tensor:
    return x if x.device.type == device.type else Move.apply(x, device)  # pyright: ignore


class Move(torch.autograd.Function):
    """From one device to the other, and the gradient back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, device: torch.device) -> Tensor:  # pyright: ignore
        ctx.back = x.device
        copy = held(x).detach().clone()
        return Far(copy) if device.type == THERE.type else copy

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # pyright: ignore
        return moved(grad, ctx.back), None


@contextmanager
def other_device() -> Iterator[torch.device]:
    """The second device, as long as the block lasts."""
    before = torch.__future__.get_swap_module_params_on_conversion()
    torch.__future__.set_swap_module_params_on_conversion(True)  # module.to() then takes over subclasses
    try:
        with Operations(), Calls():
            yield THERE
    finally:
        torch.__future__.set_swap_module_params_on_conversion(before)
