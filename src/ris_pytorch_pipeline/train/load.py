"""How is a trained network taken from disk? From its own configuration, with the evaluated weights."""

from dataclasses import dataclass
from pathlib import Path

from ..experiment.training import TrainingExperiment, training_from_plain
from ..nets import HybridNet
from .checkpoint import Header, read_checkpoint


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained network and where it comes from.

    Args:
        net: in evaluation mode, on the CPU, with the weights that the validation saw.
        experiment: that trained it.
        header: of the checkpoint: identity, progress, and which average the weights are.
    """

    net: HybridNet
    experiment: TrainingExperiment
    header: Header


def load_network(path: Path | str) -> Trained:
    """Read the hybrid network of a checkpoint.

    Args:
        path: of a file that a `Trainer` wrote.

    Returns:
        The network and its experiment.

    Raises:
        InputError: missing, truncated or foreign file, or weights of another architecture.
        ConfigurationError: a configuration that this version does not know.
    """
    checkpoint = read_checkpoint(path)
    experiment = training_from_plain(checkpoint.header.configuration)
    net = HybridNet(experiment.net)
    checkpoint.restore(net, "evaluated")
    return Trained(net=net.eval(), experiment=experiment, header=checkpoint.header)
