"""What went into the model in its last training passes, what came out, and is evaluation free of chance?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from .names import compiled

_MOST = 8
"""Tensors kept of the passes that one loss is made of."""
_DROPOUTS = {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout}
_ATTENTION = {F.scaled_dot_product_attention: "scaled_dot_product_attention"}


class Passes:
    """The training passes since the last loss, and a closer look at a few passes of evaluation.

    Args:
        model: what is watched.
        keeps: True where the outputs of the coming pass are wanted.
        told: hears which operations drew random numbers in a pass without gradients in eval mode.
    """

    def __init__(self, model: nn.Module, keeps: Callable[[], bool], told: Callable[[Sequence[str]], None]) -> None:
        self.model, self.keeps, self.told = model, keeps, told
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self._over = True
        self._looks = 2
        self._mode: tuple[nn.Module, _Chance] | None = None

    def listen(self) -> list[Callable[[], object]]:
        """Hear of the model's passes; of its members' where the model is only a list of networks."""
        listed = type(self.model) in {nn.ModuleList, nn.ModuleDict}
        heard = list(self.model.children()) if listed else [self.model]
        handles = [each.register_forward_pre_hook(_Heard(self.before)) for each in heard]
        after = _Heard(self.after)
        handles += [each.register_forward_hook(after, with_kwargs=True, always_call=True) for each in heard]
        return [handle.remove for handle in handles]

    def end(self) -> None:
        """A loss was made of the passes so far, or a step ended them."""
        self._over = True

    def forget(self) -> None:
        """Let go of all tensors."""
        self.inputs, self.outputs, self._over = [], [], True

    def on_epoch(self) -> None:
        """Look closer at the first evaluations after an epoch, too."""
        self._looks = max(self._looks, 1)

    def before(self, module: nn.Module, _: Sequence[object]) -> None:
        """A pass begins."""
        if torch.is_grad_enabled():
            if self._over:
                self.forget()
                self._over = False
        elif not module.training and self._looks and self._mode is None and not compiled(self.model):
            self._looks -= 1
            self._mode = module, _Chance()
            self._mode[1].__enter__()

    def after(self, module: nn.Module, args: Sequence[object], kwargs: Mapping[str, object], output: object) -> None:
        """A pass ended, or failed."""
        if self._mode is not None and self._mode[0] is module:
            mode, self._mode = self._mode[1], None
            mode.__exit__(None, None, None)
            self.told(mode.seen)
        elif torch.is_grad_enabled():
            fed = (t for t in (*tensors(args), *tensors(kwargs)) if t.grad_fn is None)
            self.inputs = [*self.inputs, *fed][-_MOST:]
            if self.keeps():
                self.outputs = [*self.outputs, *tensors(output)][-_MOST:]


class _Heard:
    """A forward hook that copies and saved files of the module do not hear, nor need this package for."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.tell = tell

    def __call__(self, *facts: object) -> None:
        if not torch.compiler.is_compiling():
            self.tell(*facts)

    def __reduce__(self) -> tuple:
        return getattr, (nullcontext(), "__exit__")  # takes any arguments and returns None


class _Chance(TorchFunctionMode):
    """Notes which dropout runs; entered and left around one pass."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def __torch_function__(
        self, func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict | None = None
    ) -> object:
        """Run the operation, and note it where it is a dropout that is on."""
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
