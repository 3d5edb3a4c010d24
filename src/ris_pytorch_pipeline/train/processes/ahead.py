"""How are batches drawn while others are computed with? One thread makes the next ones, in the order they are used."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

import torch

from .pulse import FETCHING

Made = TypeVar("Made")
SECONDS = 10.0
"""How long the end of a block waits for the batch that is being made; a thread that hangs does not keep it longer."""


class Ahead(Generic[Made]):
    """What a function makes of numbers, made by a thread before it is asked for, until the block ends.

    The function is called with one number at a time, in order, and at most `depth` results wait. An error of its own is
    raised where its result is asked for. The thread ends with the block, and with the program however that ends.

    >>> with Ahead(lambda number: number**2, [1, 2, 3]) as squares:
    ...     [squares(1), squares(2), squares(3)]
    [1, 4, 9]

    Args:
        make: of a number; it depends on the number alone, so that when it is called changes nothing.
        order: the numbers that will be asked for; a range takes no memory.
        device: where the thread computes, if on a GPU.
        depth: results that may wait.
    """

    def __init__(
        self, make: Callable[[int], Made], order: Sequence[int], device: torch.device | None = None, depth: int = 2
    ) -> None:
        self._make, self._order, self._device = make, order, device
        self._made: SimpleQueue[tuple[Made | None, BaseException | None]] = SimpleQueue()
        self._room, self._ended, self._taken = Semaphore(depth), False, 0
        self._thread = Thread(target=self._work, name=FETCHING, daemon=True)

    def __enter__(self) -> "Ahead[Made]":
        """Begin to make them; a single one is made when it is asked for."""
        if len(self._order) > 1:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Make no more."""
        self._ended = True
        self._room.release()
        if self._thread.is_alive():
            self._thread.join(SECONDS)

    def __call__(self, number: int) -> Made:
        """What is made of the next number of the order; of any other one, it is made now.

        Raises:
            BaseException: what making it raised.
        """
        if self._thread.ident is None or self._taken >= len(self._order) or self._order[self._taken] != number:
            return self._make(number)
        self._taken += 1
        made, error = self._made.get()
        self._room.release()
        if error is not None:
            raise error
        return made  # pyright: ignore[reportReturnType]

    def _work(self) -> None:
        """Make one after the other, as long as there is room for more."""
        try:
            if self._device is not None and self._device.index is not None and torch.cuda.is_available():
                torch.cuda.set_device(self._device)  # each thread has a current one of its own
            for number in self._order:
                self._room.acquire()
                if self._ended:
                    return
                self._made.put((self._make(number), None))
        except BaseException as error:  # raised again in the thread that asks, which would wait forever otherwise
            self._made.put((None, error))


class WhenAsked(Ahead[Made]):
    """Makes everything when it is asked for, in the thread that asks."""

    def __enter__(self) -> "WhenAsked[Made]":
        """Begin nothing."""
        return self
