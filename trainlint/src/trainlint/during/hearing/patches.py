"""How is a method heard that torch has no hook for? It is replaced where it is defined, and put back afterwards."""

import functools
import weakref
from collections.abc import Callable
from types import ModuleType

from torch.utils.hooks import RemovableHandle

Undo = Callable[[], object]
Around = Callable[..., object]

_LAYER = "_trainlint_layer"


def nothing() -> None:
    """There is nothing to undo."""


class Hook:
    """One of torch's global hooks, which may be hung up and taken off in every step of a loop."""

    def __init__(self, register: Callable[..., RemovableHandle], hook: Callable, **settings: bool) -> None:
        self._register, self._hook, self._settings = register, hook, settings
        self._handle: RemovableHandle | None = None
        self._entries: list[tuple[dict, object]] = []
        self._hangs = False

    def hang(self, on: bool) -> None:
        """Hang it up, or take it off."""
        if on is self._hangs:
            return
        self._hangs = on
        if self._handle is None:
            handle = self._handle = self._register(self._hook, **self._settings)
            tables = [reference() for reference in (handle.hooks_dict_ref, *handle.extra_dict_ref)]
            self._entries = [(t, t[handle.id]) for t in tables if t is not None and handle.id in t]
        elif on:
            for table, entry in self._entries:
                table[self._handle.id] = entry
        else:
            self._handle.remove()


def definer(kind: type, name: str) -> type:
    """The class among the bases of `kind` that defines a method.

    Raises:
        AttributeError: none does.
    """
    for base in kind.__mro__:
        if name in vars(base):
            return base
    raise AttributeError(f"{kind.__name__} has no {name}")


def patch(owner: type | ModuleType, name: str, around: Around) -> Undo:
    """Let `owner.name` call `around(original, *args, **kwargs)` until it is undone.

    Instances carry nothing. Patches on one name may be undone in any order.
    """
    own, original = vars(owner), getattr(owner, name)
    before = own.get(name)
    alive = True

    @functools.wraps(original)
    def instead(*args: object, **kwargs: object) -> object:
        return around(original, *args, **kwargs) if alive else original(*args, **kwargs)

    setattr(instead, _LAYER, (lambda: alive, before))
    setattr(owner, name, instead)

    def undo() -> None:
        nonlocal alive
        alive = False
        _peel(owner, name)

    return undo


def _peel(owner: type | ModuleType, name: str) -> None:
    while (top := vars(owner).get(name)) is not None and _LAYER in vars(top):
        alive, before = vars(top)[_LAYER]
        if alive():
            return
        if before is None:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def patch_own(target: object, name: str, around: Around) -> Undo:
    """Hear one instance's method: at its class, or where it is where somebody replaced it on the instance."""
    own = vars(target)
    if name not in own:
        known = weakref.ref(target)

        def chosen(original: Callable[..., object], self: object, *args: object, **kwargs: object) -> object:
            if self is not known():
                return original(self, *args, **kwargs)
            return around(functools.partial(original, self), *args, **kwargs)

        return patch(definer(type(target), name), name, chosen)
    before, alive = own[name], True

    def instead(*args: object, **kwargs: object) -> object:
        return around(before, *args, **kwargs) if alive else before(*args, **kwargs)

    own[name] = instead

    def undo() -> None:
        nonlocal alive
        alive = False
        if own.get(name) is instead:
            own[name] = before

    return undo


def let_go(undo: list[Undo]) -> None:
    """Undo all, the last one first; the list is empty then."""
    while undo:
        undo.pop()()
