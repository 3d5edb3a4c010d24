"""How is work done that comes in independent pieces? Piece by piece, each with its value or the error that ended it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from ..errors import InfeasibleError, RisError

Task = TypeVar("Task")
Value = TypeVar("Value")
TRIES = 3
"""How often a task is tried that fails with an error of the disk or the network; any other error would come again."""


@dataclass(frozen=True, kw_only=True)
class Done(Generic[Value]):
    """What came of a task.

    >>> first, second = Here().carry_out(int, ["7", "seven"])
    >>> first.value, second.number, second.error.got
    (7, 1, "ValueError: invalid literal for int() with base 10: 'seven'")

    Args:
        number: of the task, from 0.
        outcome: its value; None where it failed.
        error: what ended it, if it failed.
    """

    number: int
    outcome: Value | None = None
    error: Exception | None = None

    @property
    def value(self) -> Value:
        """What it came to.

        Raises:
            Exception: what ended it.
        """
        if self.error is not None:
            raise self.error
        return self.outcome  # pyright: ignore[reportReturnType]


@runtime_checkable
class Executor(Protocol):
    """Somebody who does tasks.

    >>> from collections.abc import Callable, Iterable, Iterator
    >>> from ris_pytorch_pipeline.tasks.carrying import Task, Value
    >>> class Backwards:  # of one's own: the last task first
    ...     def carry_out(self, work: Callable[[Task], Value], tasks: Iterable[Task]) -> Iterator[Done[Value]]:
    ...         for number, task in reversed(list(enumerate(tasks))):
    ...             yield Done(number=number, outcome=work(task))
    >>> isinstance(Backwards(), Executor), [done.value for done in Backwards().carry_out(len, ["a", "bc"])]
    (True, [2, 1])
    """

    def carry_out(self, work: Callable[[Task], Value], tasks: Iterable[Task]) -> Iterator[Done[Value]]:
        """Do every task, and say of each what came of it, as they come.

        Args:
            work: a function of a module, whose value depends on its task alone.
            tasks: plain values; no more of them are taken than are being worked on.

        Yields:
            One for each task, in any order.
        """
        ...


@dataclass(frozen=True)
class Here:
    """Does tasks in this process, one after the other.

    >>> [done.value for done in Here().carry_out(len, ["a", "bc"])]
    [1, 2]
    """

    def carry_out(self, work: Callable[[Task], Value], tasks: Iterable[Task]) -> Iterator[Done[Value]]:
        """Do every task, in order.

        Args:
            work: of a task.
            tasks: what to do.

        Yields:
            One for each task.
        """
        for number, task in enumerate(tasks):
            yield attempted(work, number, task)


def attempted(work: Callable[[Task], Value], number: int, task: Task) -> Done[Value]:
    """What comes of a task: its value, or its error as a value, so that one task fails alone.

    Args:
        work: of the task.
        number: of the task.
        task: what to do.
    """
    left = TRIES
    while True:
        left -= 1
        try:
            return Done(number=number, outcome=work(task))
        except OSError as error:
            if not left:
                return Done(number=number, error=failed(f"{type(error).__name__}: {error}"))
        except Exception as error:  # whatever an estimator of somebody else's raises
            told = error if isinstance(error, RisError) else failed(f"{type(error).__name__}: {str(error)[:500]}")
            return Done(number=number, error=told)


def failed(got: str) -> InfeasibleError:
    """The error of a task that raised one which says less than four things."""
    return InfeasibleError(
        "a task that comes to its end", got, "a disk, a worker or a function that failed",
        "mend that, and run the same command again",
    )  # fmt: skip
