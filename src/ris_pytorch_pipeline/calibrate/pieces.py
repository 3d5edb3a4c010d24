"""Who does the independent pieces of a calibration? This process, or workers that read the same scenes themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from ..tasks import Executor, Here

Held = TypeVar("Held")
Task = TypeVar("Task")
Value = TypeVar("Value")
Progress = Callable[[int, int, str], None]
"""Called with pieces done, all pieces, and what they are."""

_HERE = Here()


@dataclass(frozen=True, kw_only=True)
class Pieces(Generic[Held]):
    """Somebody who does pieces of work on scenes; what comes of them does not depend on who does them.

    >>> Pieces().values(lambda held, task: held[task], "abc", [2, 0], "letters")
    ['c', 'a']

    Args:
        executor: does them.
        read: gives the scenes to a worker that does not share this process's memory; a function of a module, or a
            method of a value that can be sent. None hands the scenes themselves on.
        progress: hears of each piece that is done.
    """

    executor: Executor = _HERE
    read: Callable[[], Held] | None = None
    progress: Progress | None = None

    def values(
        self, work: Callable[[Held, Task], Value], held: Held, tasks: Sequence[Task], label: str
    ) -> list[Value]:  # fmt: skip
        """What comes of each task, in their order.

        Args:
            work: a function of a module, of the scenes and a task.
            held: the scenes.
            tasks: small values.
            label: what the pieces are, for a reader.

        Raises:
            RisError: a task failed.
        """
        one = partial(work, held) if self.read is None else partial(_read_and_work, work, self.read)
        found = dict[int, Value]()
        for done in self.executor.carry_out(one, tasks):
            found[done.number] = done.value
            if self.progress is not None:
                self.progress(len(found), len(tasks), label)
        return [found[number] for number in range(len(tasks))]


HERE = Pieces[Any]()
"""This process."""


def _read_and_work(work: Callable[[Held, Task], Value], read: Callable[[], Held], task: Task) -> Value:
    return work(read(), task)
