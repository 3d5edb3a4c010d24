"""How do many processes, here or on other machines, do tasks? Through a Dask scheduler, a bounded number at a time."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import ConfigurationError, InfeasibleError
from .carrying import Done, Task, Value, attempted, failed
from .presence import BEAT, Presence
from .queued import Queue, asked, dask_jobqueue, queue_of

try:
    import dask.config
    import distributed

    from .overdue import Overdue
except ImportError as missing:
    raise ConfigurationError(
        "the package distributed, which --cluster needs", str(missing), "an install without the extra",
        "pip install 'ris-pytorch-pipeline[scale]'",
    ) from missing  # fmt: skip

AHEAD = 2
"""Tasks per thread of the workers that are handed out at a time: one at work, one waiting."""
_PATIENCE = 60.0
"""Seconds in which a first worker must be there, and in which one that died must be back."""
_KEPT = {"distributed.deploy.lost-worker-timeout": "1 day"}
"""Dask ends a worker for good that is not back 15 s after it died, however slowly it starts; here its nanny decides."""
MOST_WORKERS = 1024


@dataclass(frozen=True)
class Cluster:
    """Does tasks on the workers of a Dask cluster.

    At most two tasks a thread are handed out at a time, so that neither the tasks nor their values pile up. A task
    whose worker dies is done by another one. One at which four workers have died is done once more at the end, with
    nothing beside it: its neighbour may have killed them. If workers still die, it fails alone.

    Args:
        client: connected to a scheduler.
        patience: seconds without any worker after which there is nobody left to wait for.
        limit: seconds that a task may take; None is no limit, but one that hangs fails alone all the same.
        say: takes each line for the user.
    """

    client: "distributed.Client"
    patience: float = _PATIENCE
    limit: float | None = None
    say: Callable[[str], object] = lambda line: None

    def carry_out(self, work: Callable[[Task], Value], tasks: Iterable[Task]) -> Iterator[Done[Value]]:
        """Do every task, and say of each what came of it as soon as it is known.

        Args:
            work: a function of a module that the workers can import.
            tasks: what to do; they are sent to the workers.

        Yields:
            One for each task, in the order in which they end.
        """
        left, given, suspects = enumerate(tasks), dict[Any, tuple[int, Task]](), list[tuple[int, Task]]()
        running, overdue = distributed.as_completed(raise_errors=False), self._overdue()

        def top_up() -> None:
            for number, task in islice(left, max(1, AHEAD * self.threads - len(given))):
                future = self.client.submit(attempted, work, number, task, pure=False)
                given[future.key] = number, task
                running.add(future)

        top_up()
        try:
            for future in self._ended(running, lambda: overdue.check({key: n for key, (n, _) in given.items()})):
                number, task = given.pop(future.key)
                if future.key in overdue.ended:
                    yield Done(number=number, error=overdue.ended[future.key])
                elif _killed(future):
                    suspects.append((number, task))
                else:
                    yield _done(future, number)
                future.release()
                top_up()
            for number, task in suspects:
                yield self._alone(work, number, task)
        finally:
            running.clear()

    def _alone(self, work: Callable[[Task], Value], number: int, task: Task) -> Done[Value]:
        future, overdue = self.client.submit(attempted, work, number, task, pure=False), self._overdue()
        running = distributed.as_completed([future], raise_errors=False)
        try:
            done = _done(next(self._ended(running, lambda: overdue.check({future.key: number}))), number)
            return Done(number=number, error=overdue.ended[future.key]) if future.key in overdue.ended else done
        finally:
            future.release()

    def _overdue(self) -> Overdue:
        return Overdue(client=self.client, limit=self.limit, say=self.say)

    def _ended(
        self, running: "distributed.as_completed", check: Callable[[], None]
    ) -> Iterator["distributed.Future"]:  # fmt: skip
        """Futures as they end; one whose worker died with the value is waited for until another has computed it again.

        Raises:
            InfeasibleError: no worker has been there for as long as the cluster has patience.
        """
        presence = Presence(threads=lambda: self.threads, patience=self.patience)
        while not running.is_empty():
            with running.thread_condition:
                running.thread_condition.wait_for(running.has_ready, timeout=BEAT)
            presence.check()
            check()
            if running.has_ready():
                future = next(running)
                if future.status == "lost":
                    running.add(future)
                else:
                    yield future

    @property
    def threads(self) -> int:
        """Of all workers that are there now; 0 where no scheduler answers."""
        try:
            counts: Any = self.client.nthreads()  # a coroutine only where the client is asynchronous
        except (OSError, TimeoutError):
            return 0
        return sum(counts.values())


def _killed(future: Any) -> bool:  # noqa: ANN401
    return future.status == "error" and isinstance(future.exception(), distributed.KilledWorker)


def _done(future: Any, number: int) -> Done[Any]:  # noqa: ANN401
    """What came of a task; its own errors are values, so that an error here is one of the cluster."""
    if future.status == "finished":
        return future.result()
    error = future.exception() if future.status == "error" else None
    return Done(number=number, error=failed(f"{type(error).__name__}: {str(error)[:300]}" if error else future.status))


class Setup(distributed.WorkerPlugin):
    """Makes a worker ready before its first task, also one that comes later.

    Args:
        prepare: a function of a module, with its arguments.
        version: of this package.
    """

    name = "ris-setup"

    def __init__(self, prepare: Callable[[], None], version: str) -> None:
        self.prepare, self.version = prepare, version

    def setup(self, worker: Any) -> None:  # noqa: ANN401
        """Refuse another version, whose numbers may differ, and prepare.

        Raises:
            ConfigurationError: another version.
        """
        if self.version != __version__:
            raise ConfigurationError(
                f"workers with version {self.version} of this package", __version__, "another environment on a worker",
                "install the same version everywhere",
            )  # fmt: skip
        self.prepare()


def check_where(where: str) -> None:
    """Refuse before any work what is neither a number, an address nor a file, and a queue that nothing here can ask.

    Args:
        where: as `connected` takes it.

    Raises:
        ConfigurationError: none of these, or dask-jobqueue is not installed.
    """
    if where.endswith(".toml"):
        queue_of(Path(where))
        dask_jobqueue()
    elif "://" not in where:
        _count(where)


@contextmanager
def connected(
    where: str, prepare: Callable[[], None], limit: float | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> Iterator[Cluster]:  # fmt: skip
    """A cluster, until the block ends.

    Args:
        where: a number of worker processes to start on this machine, or the address of a scheduler such as
            `tcp://host:8786`, or a TOML file that says which queue is asked for workers, see `queue_of`. Whoever can
            reach a scheduler can run code on its workers.
        prepare: called once in each worker.
        limit: see `Cluster`.
        say: see `Cluster`.

    Yields:
        Somebody who does tasks.

    Raises:
        ConfigurationError: neither a number nor an address nor such a file, or workers of another version.
        InfeasibleError: no scheduler or no worker answers.
    """
    with ExitStack() as stack:
        cluster = replace(_cluster(stack, where), limit=limit, say=say)
        _make_ready(cluster, Setup(prepare, __version__))
        yield cluster


def _make_ready(cluster: Cluster, setup: Setup) -> None:
    """Every worker, and one at least; where one dies meanwhile, all that are there then, once more.

    Raises:
        InfeasibleError: for as long as the cluster has patience there is no worker, or one dies each time.
    """
    begin = time.monotonic()
    while True:
        try:
            cluster.client.register_plugin(setup)
            cluster.client.wait_for_workers(1, timeout=cluster.patience)
        except TimeoutError as error:
            raise InfeasibleError(
                f"a worker within {cluster.patience:.0f} s", "none", "workers that wait in a queue or were not started",
                "start workers of that scheduler first",
            ) from error  # fmt: skip
        except OSError as error:  # a connection that broke
            if time.monotonic() - begin > cluster.patience:
                raise InfeasibleError(
                    f"workers that are ready within {cluster.patience:.0f} s", f"connections that break ({error})",
                    "workers that die at once, for want of memory or of a package, or a network that drops connections",
                    "read the workers' own logs",
                ) from error  # fmt: skip
        else:
            return


def _cluster(stack: ExitStack, where: str) -> Cluster:
    """Connected to a queue's workers, to a scheduler or to workers here."""
    if where.endswith(".toml"):
        queue = queue_of(Path(where))
        return Cluster(_queued(stack, queue), patience=queue.patience_s)
    return Cluster(_remote(stack, where)) if "://" in where else _local(stack, where)


def _local(stack: ExitStack, workers: str) -> Cluster:
    """Worker processes on this machine, which end with the stack, or with this process however that ends."""
    stack.enter_context(dask.config.set(_KEPT))
    local = distributed.LocalCluster(
        n_workers=_count(workers), threads_per_worker=1, processes=True, silence_logs=logging.CRITICAL,
        dashboard_address="127.0.0.1:0",  # any free port: two commands at a time are none of each other's business
    )  # fmt: skip
    stack.enter_context(local)
    return Cluster(stack.enter_context(distributed.Client(local)))


def _count(workers: str) -> int:
    """How many workers a text asks for.

    Raises:
        ConfigurationError: no number of workers.
    """
    if not workers.isdecimal() or not 1 <= int(workers) <= MOST_WORKERS:
        raise ConfigurationError(
            f"--cluster N with 1 to {MOST_WORKERS} workers here, tcp://HOST:PORT or FILE.toml", workers, "a slip",
            "pass as many as there are cores",
        )  # fmt: skip
    return int(workers)


def _queued(stack: ExitStack, queue: Queue) -> "distributed.Client":
    """Workers that a queue starts, which are given back at the end."""
    return stack.enter_context(distributed.Client(stack.enter_context(asked(queue))))


def _remote(stack: ExitStack, address: str) -> "distributed.Client":
    """A scheduler that somebody else started.

    Raises:
        InfeasibleError: it does not answer.
    """
    try:
        return stack.enter_context(distributed.Client(address, timeout=_PATIENCE / 2))
    except (OSError, TimeoutError, ValueError) as error:
        raise InfeasibleError(
            f"a Dask scheduler at {address}", str(error).splitlines()[0] if str(error) else "no answer",
            "a mistyped address, or a scheduler that is not running", "start one with `dask scheduler`",
        ) from error  # fmt: skip
