"""Which channels there are between array and antennas, by name. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .registry import late, numbers_named


@dataclass(frozen=True, kw_only=True)
class ChannelModel:
    """A way to draw the channel.

    >>> def alike(factors, antennas, array, generator):
    ...     return torch.ones(len(factors), antennas, len(array), dtype=torch.complex128)
    >>> CHANNELS["alike"] = ChannelModel(name="alike", draw=alike, fixed=True)
    >>> scenes = draw(preset("random", channel="alike"), 2, torch.Generator().manual_seed(0))
    >>> scenes.observation.channel.shape, bool((scenes.observation.channel == 1).all())
    (torch.Size([2, 16, 144]), True)
    >>> del CHANNELS["alike"]

    Args:
        name: by which scenarios call it.
        draw: (factors, antennas, array, generator) -> (scene, [frequency,] antenna, element) in complex128; one Rician
            factor per scene, which a model may leave unused.
        square: whether there are as many antennas as elements, as without a RIS.
        fixed: whether every scene gets the same channel.
        digest: of a channel that is numbers of a file, by which scenarios tell it from others of that name.
    """

    name: str
    draw: Callable[..., Any]
    square: bool = False
    fixed: bool = False
    digest: str = ""


_MODULE = f"{__package__}.channel"
CHANNELS: dict[str, ChannelModel] = {
    model.name: model
    for model in (
        ChannelModel(name="rician", draw=late(_MODULE, "rician_channel")),
        ChannelModel(name="direct", draw=late(_MODULE, "direct_channel"), square=True, fixed=True),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new channel needs."""


def channel_named(name: str) -> ChannelModel:
    """The channel of this name.

    >>> channel_named("direct").square
    True

    Raises:
        ConfigurationError: no channel has this name, or `NAME@DIGEST` and its numbers are others.
    """
    return numbers_named(CHANNELS, name, "channels", "a channel")
