"""How is a trained network taken from disk? From its own configuration, with the evaluated weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...data import config_digest
from ...errors import InputError
from ...experiment.training import TrainingExperiment, differences, training_from_plain
from ...nets import Network
from .buildable import built
from .checkpoint import Header, read_checkpoint


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained network and where it comes from.

    >>> from ris_pytorch_pipeline.localise import REFERENCE_FILE  # the network that comes with the package
    >>> trained = load_network(REFERENCE_FILE)
    >>> trained.net.training, trained.experiment.net.width, trained.header.weights
    (False, 48, 'ema')

    Args:
        net: in evaluation mode, on the CPU, with the weights that the validation saw.
        experiment: that trained it.
        header: of the checkpoint: identity, progress, and which average the weights are.
    """

    net: Network
    experiment: TrainingExperiment
    header: Header


def load_network(path: Path | str) -> Trained:
    """Read the network of a checkpoint, of the kind that it names.

    A field that a later version of this package added has its default, which is what the run was made with.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.train import Reporter
    >>> trainer = ris.Trainer(directory="short", reporter=Reporter(quiet=True))
    >>> progress = trainer.fit(epochs=1, n_train=32, n_val=32)
    >>> ris.load_network("short/last.safetensors").experiment.scenario.sources
    (1, 3)

    Args:
        path: of a file that a `Trainer` wrote.

    Returns:
        The network and its experiment.

    Raises:
        InputError: missing, truncated or foreign file, part of a configuration, or weights of another architecture.
        ConfigurationError: a configuration that this version does not know, or a kind of network that nobody added.
    """
    checkpoint = read_checkpoint(path)
    experiment = training_from_plain(checkpoint.header.configuration)
    lost = list(differences(checkpoint.header.configuration, experiment.to_plain()))
    if lost and config_digest(checkpoint.header.configuration) != checkpoint.header.identity.get("configuration"):
        raise InputError(
            "the whole configuration of a run", f"{path}: {'; '.join(lost[:3])}", "a file that was edited",
            "pass a file that a Trainer wrote",
        )  # fmt: skip
    net = built(experiment.network, experiment.net, checkpoint.tensors, str(path))
    checkpoint.restore(net, "evaluated")
    answers = cast("Network", net.eval())  # which building it has checked
    return Trained(net=answers, experiment=experiment, header=checkpoint.header)
