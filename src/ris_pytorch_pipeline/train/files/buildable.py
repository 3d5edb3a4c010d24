"""Can the network of a stored configuration be that of the tensors beside it? Asked before any memory is taken."""

from collections.abc import Mapping

from torch import Tensor, nn

from ...errors import InputError
from ...nets import NetConfig, built_network

MOST = {"passes": 64, "planes": 256, "rank": 2**12, "most_sources": 2**10, "oversampling": 16.0}
"""Largest values of a stored configuration; an array has at most `MOST_ELEMENTS`."""
MOST_ELEMENTS = 2**16


def built(kind: str, config: NetConfig, tensors: Mapping[str, Tensor], source: str) -> nn.Module:
    """The network of a stored configuration, which is not believed beyond the weights that lie beside it.

    Args:
        kind: of the network.
        config: of the type that its kind names.
        tensors: of the same file, by name.
        source: name of the file, for the message.

    Returns:
        The network, with initial weights.

    Raises:
        InputError: a network that cannot be, or is far larger than these weights.
        ConfigurationError: no such kind.
    """
    widest = max((max(tensor.shape, default=0) for tensor in tensors.values()), default=0)
    limits = MOST | {"width": widest, "blocks": len(tensors)}
    beyond = [f"{name} = {vars(config)[name]}" for name, most in limits.items() if vars(config)[name] > most]
    panel, elements = config.panel, len(config.numbers.elements)
    if (elements or panel.horizontal * panel.vertical) > MOST_ELEMENTS:
        beyond.append(f"{elements} elements" if elements else f"{panel.horizontal} x {panel.vertical} elements")
    if beyond:
        raise InputError(
            "the configuration of the weights beside it", f"{source}: another architecture, {', '.join(beyond)}",
            "a checkpoint that was edited", "use a file that a Trainer wrote",
        )  # fmt: skip
    try:
        return built_network(kind, config)
    except (RuntimeError, MemoryError, OverflowError) as error:
        told = (str(error).splitlines() or ["no memory"])[0][:200]
        raise InputError(
            "a network that can be", f"{source}: {told}", "a checkpoint that was edited, or too little memory",
            "use a file that a Trainer wrote",
        ) from error  # fmt: skip
