"""How does a run look in TensorBoard? Its numbers as scalars, written from the events that the ledger records."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError, InputError


class TensorBoard:
    """A listener of a Trainer that writes scalars: of every update over attempts, of every epoch over applied updates.

    Tags are `loss/…` (total and weighted terms), `gradient/…` (norms before clipping, total and by group), `rate/…`,
    `motion/…` (measured Δparam), `run/not_applied` (attempts so far that were not applied), `train/loss` and
    `validation/…`.

    Args:
        directory: of the event files; nothing is written before the run starts.

    Raises:
        ConfigurationError: the package tensorboard is not installed, or no folder can be made there.
    """

    def __init__(self, directory: Path | str) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigurationError(
                "the package tensorboard", str(error), "an install without the extra",
                "pip install 'ris-pytorch-pipeline[tensorboard]'",
            ) from error  # fmt: skip
        _check_folder(Path(directory))
        self._directory, self._open = directory, SummaryWriter
        self._writer: SummaryWriter | None = None

    def __call__(self, event: str, values: Mapping[str, Any]) -> None:
        """Write what an event says in numbers.

        Args:
            event: as in the ledger.
            values: of its record.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            self._record(event, values)
        except OSError as error:
            raise InputError(
                f"a folder that can be written, {self._directory}", str(error), "a full disk, or no permission",
                "free some space and go on with --resume",
            ) from error  # fmt: skip

    def _record(self, event: str, values: Mapping[str, Any]) -> None:
        if self._writer is None:
            undone = values["attempts"] + 1 if event == "resume" else None  # is done again, and shown once
            self._writer = self._open(str(self._directory), purge_step=undone)
        if event == "update":
            self._write(update_scalars(values), values["attempt"])
        elif event == "epoch":
            self._write(epoch_scalars(values), values["updates"])
        elif event in {"end", "failure"}:
            self._writer.close()

    def _write(self, scalars: Mapping[str, float], at: int) -> None:
        if self._writer is not None:
            for tag, value in scalars.items():
                self._writer.add_scalar(tag, value, at)


def _check_folder(directory: Path) -> None:
    """Refuse a place where no folder can be, before a run has begun.

    Raises:
        ConfigurationError: a file is in its way, or nobody may write there.
    """
    nearest = next(path for path in (directory.absolute(), *directory.absolute().parents) if os.path.lexists(path))
    if not os.path.isdir(nearest) or not os.access(nearest, os.W_OK | os.X_OK):  # noqa: PTH112
        raise ConfigurationError(
            "a folder for TensorBoard", f"{nearest}, which is none that can be written", "a file of that name",
            "name another folder",
        )  # fmt: skip


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
