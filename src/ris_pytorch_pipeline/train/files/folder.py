"""Where are the files of a run, may they be written, and where does a run go on? In a folder that one process holds."""

import os
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from ...errors import ConfigurationError, InputError
from ...files import (
    Lock,
    cause,
    check_can_make,
    is_missing,
    is_there,
    open_regular,
    reason,
    remove_old_leftovers,
)
from .ledger import read_ledger

LEDGER, LAST, BEST = "ledger.jsonl", "last.safetensors", "best.safetensors"
"""Every event; the newest checkpoint; the checkpoint of the best epoch."""


class RunFiles:
    """The files of a run in one directory, or none at all; as a context, it lets the directory go at its end.

    Args:
        directory: made if it does not exist; None keeps nothing.
        writes: whether this process writes; one that does not still reads the directory.
    """

    def __init__(self, directory: Path | str | None, *, writes: bool = True) -> None:
        self.directory = None if directory is None else Path(directory)
        self.writes = writes
        self.note = ""
        self._lock: Lock | None = None

    def __enter__(self) -> "RunFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.__exit__(kind, error, trace)
            self._lock = None

    def path(self, name: str) -> Path | None:
        """The file of that name to write to; None where nothing is written."""
        return self.directory / name if self.directory is not None and self.writes else None

    def open_new(self) -> None:
        """Make the directory for a new run, and hold it.

        A start that ended before its first checkpoint has left nothing to go on from: its ledger is kept and written
        on, and `note` says so.

        Raises:
            ConfigurationError: it holds a run already, another process writes in it, or it cannot be made.
        """
        if self.directory is None:
            return
        self._refuse_a_run(self.directory)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                "a directory that can be made", f"{self.directory}: {reason(error)}",
                cause(error, "a disk that was away"), "pick another directory",
            ) from error  # fmt: skip
        self._hold(self.directory)
        self._refuse_a_run(self.directory)  # another process may have had it in between

    def check_new(self) -> None:
        """Refuse, before any work, a directory in which no new run can begin; nothing is made.

        Raises:
            ConfigurationError: it holds a run, or it cannot be made or written to.
        """
        if self.directory is None:
            return
        self._refuse_a_run(self.directory)
        check_can_make(self.directory)

    def newest(self) -> Path | None:
        """The checkpoint to resume from, in a directory that is held from now on.

        Returns:
            None where an earlier start ended before its first checkpoint: the run begins at its beginning.

        Raises:
            ConfigurationError: there is none, or another process writes in the directory.
        """
        folder = self.directory
        if folder is None or not holds_run(folder):
            _nothing_to_resume(folder)
        self._hold(folder)
        if is_there(folder / LAST):
            check_ledger(folder / LEDGER)
            return folder / LAST
        if not self._only_begun(folder):
            _nothing_to_resume(folder)
        return None

    def _hold(self, folder: Path) -> None:
        """Lock the directory, and remove what a killed run left half-written."""
        if self.writes:
            lock = Lock(folder)
            lock.__enter__()
            self._lock = lock
            remove_old_leftovers(folder)

    def _refuse_a_run(self, folder: Path) -> None:
        """Refuse a directory with a run in it.

        Raises:
            ConfigurationError: it holds one.
        """
        held = [name for name in (LEDGER, LAST, BEST) if is_there(folder / name)]
        if held and not (held == [LEDGER] and self._only_begun(folder)):
            raise ConfigurationError(
                "a directory without a run", f"{folder} with {', '.join(held)}", "an earlier run",
                "pick another directory, or pass resume=True (--resume) to go on",
            )  # fmt: skip

    def _only_begun(self, folder: Path) -> bool:
        """Whether a run was started here and ended before its first checkpoint, so that no update is lost."""
        if is_there(folder / BEST):
            return False
        check_ledger(folder / LEDGER)
        began = not any(event.get("event") == "update" for event in read_ledger(folder / LEDGER))
        if began:
            self.note = "an earlier start here ended before its first checkpoint; its ledger is kept and written on"
        return began


def holds_run(folder: Path) -> bool:
    """Whether a run was started in a directory.

    Args:
        folder: any, there or not.
    """
    return not (is_missing(folder / LAST) and is_missing(folder / LEDGER))


def is_of_launch(folder: Path, launch: str) -> bool:
    """Whether the run in a directory was last started by this very launch, which then goes on with it.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.train import Ledger, launch_of
    >>> from ris_pytorch_pipeline.train.files.folder import LEDGER
    >>> from ris_pytorch_pipeline.train.files.identity import new_identity
    >>> launch = launch_of({"RANK": "0", "TORCHELASTIC_RUN_ID": "night-7"})
    >>> with Ledger(Path(LEDGER), new_identity("0" * 64)) as ledger:
    ...     ledger.begin(resumed=False, launch=launch)
    >>> is_of_launch(Path(), "night-7"), is_of_launch(Path(), "night-8")
    (True, False)

    Args:
        folder: any, there or not.
        launch: name of the launch, see `launch_of`; no run is of an empty one.

    Raises:
        InputError: a ledger that cannot be read.
    """
    ledger = folder / LEDGER
    if not launch or not is_there(ledger):
        return False
    starts = [event for event in read_ledger(ledger) if event["event"] in {"start", "resume"}]
    return bool(starts) and starts[-1].get("launch") == launch


def check_ledger(path: Path) -> None:
    """Refuse to write on what is no ledger, before anything is written; none at all is no fault.

    Args:
        path: of the ledger.

    Raises:
        InputError: a link, a device, or a line that is no record.
    """
    if not is_there(path):
        return
    try:
        open_regular(path).close()
    except OSError as error:
        raise InputError(
            f"the ledger of the run, {path}", reason(error), cause(error, "a file of somebody else in its place"),
            "put the ledger itself there, or move the file away",
        ) from error  # fmt: skip
    read_ledger(path)


def _nothing_to_resume(folder: Path | None) -> NoReturn:
    odd = folder is not None and not is_missing(folder) and not os.path.isdir(folder)  # noqa: PTH112  (which never raises)
    raise ConfigurationError(
        f"a directory with {LAST} to resume from", f"{folder}, which is {'no directory' if odd else 'without'}",
        "a mistyped path" if odd else "a run that never saved", "start it without resume",
    )  # fmt: skip
