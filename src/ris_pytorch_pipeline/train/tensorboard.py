"""How does a run look in TensorBoard? Its numbers as scalars, written from the events that the ledger records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError


class TensorBoard:
    """A listener of a Trainer that writes scalars: of every update over attempts, of every epoch over applied updates.

    Tags are `loss/…` (total and weighted terms), `gradient/…` (norms before clipping, total and by group), `rate/…`,
    `motion/…` (measured Δparam), `run/not_applied` (attempts so far that were not applied), `train/loss` and
    `validation/…`.

    Args:
        directory: of the event files; nothing is written before the run starts.

    Raises:
        ConfigurationError: the package tensorboard is not installed.
    """

    def __init__(self, directory: Path | str) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigurationError(
                "the package tensorboard", str(error), "an install without the extra",
                "pip install 'ris-pytorch-pipeline[tensorboard]'",
            ) from error  # fmt: skip
        self._directory, self._open = directory, SummaryWriter
        self._writer: SummaryWriter | None = None

    def __call__(self, event: str, values: Mapping[str, Any]) -> None:
        """Write what an event says in numbers.

        Args:
            event: as in the ledger.
            values: of its record.
        """
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
