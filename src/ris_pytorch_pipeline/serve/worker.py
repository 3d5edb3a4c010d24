"""Who locates? One thread, which takes what waits, puts together what is of one sounding, and answers every request."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from .limits import Limits
from .locator import Answer, Asked, Locator, Sounded, groups_of
from .metering import Meters
from .refusals import explained

LOG = logging.getLogger(__name__)
"""Where the traceback of a bug goes; standard error unless a program says otherwise."""


@dataclass(frozen=True, eq=False)
class _Job:
    """A request that waits for its answer."""

    asked: Asked
    answer: "Future[Answer]" = field(default_factory=Future)


class Worker:
    """A thread that answers requests in the order in which they came, except that others may join a batch.

    While a batch is located the next one gathers: a single request never waits for company.

    Args:
        locator: that answers.
        limits: of requests and of batches.
        meters: that count.
    """

    def __init__(self, locator: Locator, limits: Limits, meters: Meters) -> None:
        self._locator, self._limits, self._meters = locator, limits, meters
        self._jobs: deque[_Job] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="locator", daemon=True)
        self._since: float | None = None
        self._pace = 1.0

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    @property
    def busy(self) -> float:
        """Seconds since it took what it is locating; 0 where it waits."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def pause(self) -> int:
        """Seconds after which there may be room again: what the last batch took."""
        return max(1, math.ceil(self._pace))

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def submit(self, asked: Asked) -> "Future[Answer]":
        """Hand in a request.

        Returns:
            Its answer to be, or the error that stands in its place; one that is cancelled while it waits is left out.

        Raises:
            RuntimeError: the worker was closed.
        """
        job = _Job(asked)
        with self._change:
            if self._closing:
                raise RuntimeError("a request after the worker was closed")
            self._jobs.append(job)
            self._change.notify()
        return job.answer

    def close(self, seconds: float | None = None) -> None:
        """Take no more, answer what was taken, and end.

        Args:
            seconds: to wait for that at most; None waits for ever.
        """
        with self._change:
            self._closing = True
            self._change.notify()
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while jobs := self._taken():
            self._since = time.monotonic()
            self._answer_all(jobs)
            self._pace, self._since = self.busy, None

    def _taken(self) -> list[_Job]:
        """What waits, of a batch's number at most; nothing once the worker is closed and nothing waits."""
        with self._change:
            self._change.wait_for(lambda: self._jobs or self._closing)
            return [self._jobs.popleft() for _ in range(min(len(self._jobs), self._limits.batch))]

    def _answer_all(self, jobs: Sequence[_Job]) -> None:
        read = [(job, sounded) for job in jobs if (sounded := self._read(job)) is not None]
        for group in groups_of([sounded for _, sounded in read], self._limits.batch):
            self._locate([read[number] for number in group])

    def _read(self, job: _Job) -> Sounded | None:
        """The scenes of a request; None where it was given up, or is answered by an error."""
        if not job.answer.set_running_or_notify_cancel():
            return None
        try:
            return self._locator.read(job.asked, self._limits)
        except Exception as error:  # whatever is wrong with a request is that request's answer
            self._fail(job, error)
        return None

    def _locate(self, group: Sequence[tuple[_Job, Sounded]]) -> None:
        """Answer requests together; where one of them spoils the batch, one by one."""
        begin = time.monotonic()
        try:
            answers = self._locator.answers([sounded for _, sounded in group])
        except Exception as error:  # as above
            if len(group) == 1:
                self._fail(group[0][0], error)
                return
            for one in group:
                self._locate([one])
            return
        ended = tuple(status for answer in answers for status in answer.status)
        self._meters.batch(len(ended), time.monotonic() - begin, ended)
        for (job, _), answer in zip(group, answers, strict=True):
            job.answer.set_result(answer)

    def _fail(self, job: _Job, error: Exception) -> None:
        told = explained(error)
        if told is not error:
            LOG.error("a request failed", exc_info=error)
        job.answer.set_exception(told)
