"""What of a trainer goes into a checkpoint, and back out of it?"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .checkpoint import Header, read_checkpoint, save_checkpoint, with_state
from .folder import LAST
from .identity import Identity, new_identity

if TYPE_CHECKING:
    from ..loop.trainer import Trainer


def keep(trainer: "Trainer", name: str) -> None:
    """Write a checkpoint, if files are kept at all and the processes agree; the ledger must still be in its place.

    Args:
        trainer: between two updates.
        name: of the file.
    """
    trainer.processes.check_weights(trainer.groups)
    path = trainer.files.path(name)
    if path is None:
        return
    header = Header(
        identity=asdict(trainer.identity), configuration=trainer.experiment.to_plain(), weights=trainer.weights,
        progress=trainer.progress.to_plain(), scaler=trainer.scaler.state_dict(),
        optimizer=with_state(trainer.optimizer, trainer.groups),
    )  # fmt: skip
    save_checkpoint(path, header, trainer.average.net, trainer.net, trainer.optimizer, trainer.groups)
    trainer.ledger.write("checkpoint", file=name, updates=trainer.progress.updates)
    if name == LAST:  # after which nothing is lost
        trainer.ledger.check_place()


def go_back(trainer: "Trainer", path: Path) -> Identity:
    """Take everything back from a checkpoint of the same experiment.

    Args:
        trainer: that has not trained.
        path: of the checkpoint.

    Returns:
        The identity of the run that goes on.
    """
    checkpoint = read_checkpoint(path)
    checkpoint.check_experiment(trainer.experiment.to_plain())
    checkpoint.restore(trainer.net, "live")
    checkpoint.restore(trainer.average.net, "evaluated")
    checkpoint.restore_optimizer(trainer.optimizer, trainer.groups)
    checkpoint.restore_scaler(trainer.scaler)
    trainer.progress = checkpoint.progress
    return replace(new_identity(trainer.experiment.digest), run=checkpoint.header.identity["run"])
