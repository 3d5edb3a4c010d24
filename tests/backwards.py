"""A carrier for tests whose tasks end in the opposite order: what comes of them may not depend on it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ris_pytorch_pipeline.tasks import Done
from ris_pytorch_pipeline.tasks.carrying import attempted, failed


@dataclass(frozen=True)
class Backwards:
    """Does all tasks and says so of the last one first; one number fails."""

    fails: int = -1

    def carry_out(self, work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Done[Any]]:
        for number, task in reversed(list(enumerate(tasks))):
            yield Done(number=number, error=failed("gone")) if number == self.fails else attempted(work, number, task)
