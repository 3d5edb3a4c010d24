"""Who works on a trial, and is it alive? Each running trial carries a lease that its worker renews."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from ...files.holding import try_hold
from ...files.regular import descriptor_of
from ..extra import optuna

LEASE = "lease"
"""Attribute of a trial: machine, worker, and a beat that counts up."""
RENEWAL, GRACE = 20.0, 90.0
"""Seconds between two beats, and without one after which a worker counts as dead: four beats may be late."""
_FOLDER = "workers"


class Worker:
    """This worker: a file that the kernel holds for it, and the leases of its trials.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder, Worker(Path(folder)) as worker:
    ...     Watchman(Path(folder)).is_dead(0, worker.stamp())
    False
    >>> import optuna
    >>> trial = optuna.create_study().ask()
    >>> with tempfile.TemporaryDirectory() as folder, Worker(Path(folder)) as worker, worker.working_on(trial):
    ...     trial.user_attrs["lease"]["worker"] == worker.name  # other workers see whose trial it is
    True

    Args:
        folder: of the search.
        renewal: seconds between two beats.
    """

    def __init__(self, folder: Path, renewal: float = RENEWAL) -> None:
        self.name, self.machine = secrets.token_hex(8), socket.gethostname()
        self._path, self._renewal = folder / _FOLDER / self.name, renewal
        self._descriptor: int | None = None
        self._beat = 0

    def __enter__(self) -> "Worker":
        """Show that this worker is alive."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = descriptor_of(self._path, os.O_RDWR | os.O_CREAT)
        with suppress(OSError):  # a file system without locks: the beats alone tell
            try_hold(self._descriptor)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave nothing behind."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def stamp(self) -> dict[str, Any]:
        """What a lease of this worker says, with the next beat."""
        self._beat += 1
        return {"machine": self.machine, "worker": self.name, "beat": self._beat}

    @contextmanager
    def working_on(self, trial: "optuna.Trial") -> Iterator[None]:
        """Hold the lease of a trial until the block ends.

        Yields:
            Nothing.
        """
        trial.set_user_attr(LEASE, self.stamp())
        over = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(trial, over), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            over.set()
            renewing.join()

    def _renew(self, trial: "optuna.Trial", over: threading.Event) -> None:
        while not over.wait(self._renewal):
            try:
                trial.set_user_attr(LEASE, self.stamp())
            except (optuna.exceptions.UpdateFinishedTrialError, RuntimeError):
                return  # the trial was taken from this worker, which learns it at its next report
            except optuna.exceptions.OptunaError:
                continue  # the storage does not answer now; the next beat may pass


class Watchman:
    """Tells which running trials have lost their worker.

    A worker of this machine holds a file in the folder, so that its death is known at once. Any other worker is dead
    once its beat has not changed for a while, by this process's own clock: clocks of two machines are never compared.

    >>> from pathlib import Path
    >>> now = [0.0]
    >>> watchman = Watchman(Path("search"), grace=60.0, clock=lambda: now[0])
    >>> lease = {"machine": "node7", "worker": "1", "beat": 12}
    >>> watchman.is_dead(3, lease)
    False
    >>> now[0] = 61.0  # seconds later, and the beat is the same
    >>> watchman.is_dead(3, lease)
    True

    Args:
        folder: of the search.
        grace: seconds without a beat.
        clock: that runs forwards.
    """

    def __init__(self, folder: Path, grace: float = GRACE, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._grace, self._clock = folder / _FOLDER, grace, clock
        self._machine = socket.gethostname()
        self._seen: dict[int, tuple[object, float]] = {}

    def is_dead(self, number: int, lease: Mapping[str, Any] | None) -> bool:
        """Whether nobody works on a running trial any more.

        Args:
            number: of the trial.
            lease: that it carries; None where its worker was killed before it could sign.
        """
        told = {} if lease is None else dict(lease)
        if told.get("machine") == self._machine:
            held = self._is_held(str(told.get("worker")))
            if held is not None:
                return not held
        mark = (told.get("worker"), told.get("beat"))
        if number not in self._seen or self._seen[number][0] != mark:
            self._seen[number] = (mark, self._clock())
        return self._clock() - self._seen[number][1] > self._grace

    def _is_held(self, worker: str) -> bool | None:
        """Whether a worker of this machine holds its file; None where that cannot be told."""
        try:
            descriptor = descriptor_of(self._folder / Path(worker).name, os.O_RDWR)
        except OSError:
            return None
        try:
            try_hold(descriptor)
        except BlockingIOError:
            return True
        except OSError:
            return None
        else:
            return False
        finally:
            os.close(descriptor)
