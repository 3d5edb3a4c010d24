"""Which kinds of network there are, by name, and what the rest of the code asks of one. Builds none by itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from torch import nn

from ..errors import ConfigurationError
from ..physics.registry import late, registered
from .beamspace import Beamspace
from .config import NetConfig
from .prediction import Prediction
from .statistics import Statistics


@runtime_checkable
class Network(Protocol):
    """What training, loading, locating and evaluating ask of a network; it is an `nn.Module` besides.

    >>> from ris_pytorch_pipeline.nets import HybridNet
    >>> net = HybridNet(NetConfig(width=8, blocks=1))
    >>> list(net.groups())
    ['backbone', 'head']
    >>> sum(weights.numel() for weights in net.parameters()) == sum(x.numel() for x in net.state_dict().values())
    True
    >>> net.to("cpu").eval().training, net.train().training
    (False, True)

    Args:
        config: what it was built from.
        beams: of the panel images, on whose grid its answer lies.
        training: whether it is in training mode, as every module says.
    """

    config: NetConfig
    beams: Beamspace
    training: bool

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Every parameter, once, by the name of its group."""
        ...

    def __call__(self, inputs: Statistics) -> Prediction:
        """Propose sources."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """Every parameter, as every module has them."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Weights and buffers by name, as every module has them."""
        ...

    def to(self, device: Any) -> Any:  # noqa: ANN401
        """Move to a device, as every module does."""
        ...

    def eval(self) -> Any:  # noqa: ANN401
        """Go to evaluation mode, as every module does."""
        ...

    def train(self, mode: bool = True) -> Any:  # noqa: ANN401
        """Go to training mode, as every module does."""
        ...


_OWN = ("config", "beams", "groups")
"""What a `Network` has beside what every module has."""


def _itself(config: NetConfig) -> NetConfig:
    return config


@dataclass(frozen=True, kw_only=True)
class NetworkKind:
    """A kind of network: how it is configured and built.

    >>> network_kind("hybrid").config is NetConfig
    True
    >>> network_kind("hybrid").plainest(NetConfig(planes=30)).planes  # the grid has no more
    10

    Args:
        name: by which experiments and checkpoints call it.
        build: from a configuration to a module that is a `Network`, with its initial weights.
        config: type of the configuration: `NetConfig`, or a frozen dataclass that adds fields with defaults to it.
        plainest: from a configuration to the one that stands for all that build the same network, so that a search
            trains it once; by default each stands for itself.
    """

    name: str
    build: Callable[[Any], nn.Module]
    config: type[NetConfig] = NetConfig
    plainest: Callable[[Any], NetConfig] = _itself


NETWORKS: dict[str, NetworkKind] = {
    "hybrid": NetworkKind(
        name="hybrid",
        build=late(f"{__package__}.hybrid", "HybridNet"),
        plainest=late(f"{__package__}.alike", "plainest"),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new kind of network needs."""


def network_kind(name: str) -> NetworkKind:
    """The kind of this name.

    >>> network_kind("hybrid").name
    'hybrid'

    Raises:
        ConfigurationError: no kind has this name.
    """
    found = registered(NETWORKS, name, "networks")
    if found is None:
        raise ConfigurationError(
            f"a network out of {', '.join(NETWORKS)}", repr(name),
            "a misspelt name, or a kind whose file was not run",
            f"name the file that adds NETWORKS[{name!r}] with --extend FILE.py, or import it first",
        )  # fmt: skip
    return found


def built_network(name: str, config: NetConfig) -> nn.Module:
    """The network of a kind, with its initial weights.

    >>> net = built_network("hybrid", NetConfig(width=8, blocks=1))
    >>> sum(weights.numel() for weights in net.parameters())
    2976

    Args:
        name: of the kind.
        config: of the type that the kind names.

    Raises:
        ConfigurationError: no kind has this name, or what it builds is no `Network`.
    """
    net = network_kind(name).build(config)
    lacks = [part for part in _OWN if not hasattr(net, part)]  # isinstance sees no submodule from Python 3.12 on
    if lacks or not isinstance(net, nn.Module):
        raise ConfigurationError(
            f"a Network of the kind {name!r}", f"{type(net).__name__} without {', '.join(lacks) or 'nn.Module'}",
            "a module that offers less than ris_pytorch_pipeline.nets.Network", "add what it lacks",
        )  # fmt: skip
    return net
