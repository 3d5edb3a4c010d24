"""Where the network is that comes with the package, and what it is called."""

from pathlib import Path

from ..train import Trained, load_network

REFERENCE = "reference"
"""What a command line calls it."""
REFERENCE_FILE = Path(__file__).with_name("reference.safetensors")
"""Its weights; the model card lies beside it."""


def reference_network() -> Trained:
    """The network that comes with the package, with the experiment that trained it.

    >>> reference_network().net.config.most_sources
    5

    Raises:
        InputError: a package without it, or with another file in its place.
    """
    return load_network(REFERENCE_FILE)
