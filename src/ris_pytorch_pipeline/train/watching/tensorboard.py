"""How does a run look in TensorBoard? Its numbers as scalars, written from the events that the ledger records."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ...files import cause, check_can_write, move, reason
from .event_file import EventFile, check_installed


class TensorBoard:
    """A listener of a Trainer that writes scalars: of every update over attempts, of every epoch over applied updates.

    Tags are `loss/…` (total and weighted terms), `gradient/…` (norms before clipping, total and by group), `rate/…`,
    `motion/…` (measured Δparam), `run/not_applied` (attempts so far that were not applied), `train/loss` and
    `validation/…`.

    >>> from pathlib import Path
    >>> board = TensorBoard("board")  # listens: Trainer(listeners=[board])
    >>> board("epoch", {"updates": 64, "train": 0.5, "validation": {"total": 0.6}})
    >>> board("end", {})
    >>> [path.name.split(".")[2] for path in Path("board").iterdir()]
    ['tfevents']

    Args:
        directory: of the event files; nothing is written before the run starts.

    Raises:
        ConfigurationError: the package tensorboard is not installed, or no folder can be made there.
    """

    def __init__(self, directory: Path | str) -> None:
        check_installed()
        _check_folder(Path(directory))
        self._directory = Path(directory)
        self._file: EventFile | None = None

    def __call__(self, event: str, values: Mapping[str, Any]) -> None:
        """Write what an event says in numbers.

        Args:
            event: as in the ledger.
            values: of its record.

        Raises:
            InputError: folder or file cannot be made or written, naming the cause.
        """
        if self._file is None and event == "failure":  # of this file, for one: it is not tried again
            return
        if self._file is None:
            undone = values["attempts"] + 1 if event == "resume" else None  # is done again, and shown once
            self._file = EventFile(self._directory, undone)
        if event == "update":
            self._file.scalars(update_scalars(values), values["attempt"])
        elif event == "epoch":
            self._file.scalars(epoch_scalars(values), values["updates"])
        elif event in {"end", "failure"}:
            self._file.close()


def _check_folder(directory: Path) -> None:
    """Refuse a place where no folder can be, before a run has begun.

    Raises:
        ConfigurationError: a file is in its way, or nobody may write there.
    """
    nearest = next(path for path in (directory.absolute(), *directory.absolute().parents) if os.path.lexists(path))
    try:
        check_can_write(nearest / "events")
    except OSError as error:
        raise ConfigurationError(
            "a folder for TensorBoard", f"{nearest}: {reason(error)}", cause(error, "a file of that name"),
            move(error, "name another folder"),
        ) from error  # fmt: skip


def update_scalars(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an attempt to update the weights, by tag."""
    motion = {} if values["motion"] is None else {"total": values["motion"]["total"], **values["motion"]["groups"]}
    named = {
        "loss": {"total": values["loss"], **values["terms"]},
        "gradient": {"total": values["norm"], **values["norms"]},
        "rate": values["rates"],
        "motion": motion,
        "run": {"not_applied": values["attempt"] - values["applied"]},
    }
    return {f"{group}/{name}": value for group, found in named.items() for name, value in found.items()}


def epoch_scalars(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an epoch, by tag."""
    return {"train/loss": values["train"]} | {f"validation/{name}": x for name, x in values["validation"].items()}
