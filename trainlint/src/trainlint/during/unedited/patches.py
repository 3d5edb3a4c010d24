"""How is a function of torch replaced for a while, and put back exactly?"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Function = Callable[..., Any]


class Patches:
    """Replacements of attributes of classes and modules, taken back in the reverse order.

    A replacement that somebody else has wrapped since cannot be taken out from under theirs: it stays and does nothing
    but call the original.
    """

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, Function, Function]] = []
        self._alive = True

    def wrap(self, owner: Any, name: str, around: Function) -> None:  # noqa: ANN401
        """Let `around(original, *args, **kwargs)` answer for `owner.name`.

        Args:
            owner: a class or a module.
            name: of an attribute that the owner itself has.
            around: gets the original first.
        """
        original = vars(owner)[name]

        @functools.wraps(original)
        def replacement(*args: object, **kwargs: object) -> object:
            return around(original, *args, **kwargs) if self._alive else original(*args, **kwargs)

        self._made.append((owner, name, original, replacement))
        setattr(owner, name, replacement)

    def close(self) -> None:
        """Put everything back."""
        self._alive = False
        self._restore()
        self._made = []

    def _restore(self) -> None:
        for owner, name, original, replacement in reversed(self._made):
            if vars(owner).get(name) is replacement:
                setattr(owner, name, original)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Everything as it was, for the length of a block: for what reads the source of a function that is replaced.

        Yields:
            Nothing.
        """
        mine = [each for each in self._made if vars(each[0]).get(each[1]) is each[3]]
        self._restore()
        try:
            yield
        finally:
            for owner, name, _, replacement in mine:
                setattr(owner, name, replacement)
