"""Which channels there are between array and antennas, by name. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from ..errors import ConfigurationError
from .registry import registered


@dataclass(frozen=True, kw_only=True)
class ChannelModel:
    """A way to draw the channel.

    Args:
        name: by which scenarios call it.
        draw: (factors, antennas, array, generator) -> (scene, [frequency,] antenna, element) in complex128; one Rician
            factor per scene, which a model may leave unused.
        square: whether there are as many antennas as elements, as without a RIS.
    """

    name: str
    draw: Callable[..., Any]
    square: bool = False


def _late(function: str) -> Callable[..., Any]:
    """A function of `channel`, imported when it is first called: a command line is parsed without torch."""

    def draw(*arguments: Any) -> Any:  # noqa: ANN401
        return vars(import_module(f"{__package__}.channel"))[function](*arguments)

    return draw


CHANNELS: dict[str, ChannelModel] = {
    model.name: model
    for model in (
        ChannelModel(name="rician", draw=_late("rician_channel")),
        ChannelModel(name="direct", draw=_late("direct_channel"), square=True),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new channel needs."""


def channel_named(name: str) -> ChannelModel:
    """The channel of this name.

    Raises:
        ConfigurationError: no channel has this name; the nearest one is suggested.
    """
    found = registered(CHANNELS, name, "channels")
    if found is None:
        close = get_close_matches(name, list(CHANNELS), n=1)
        raise ConfigurationError(
            f"a channel out of {', '.join(CHANNELS)}", repr(name), "a misspelt name, or a channel that was not added",
            f"did you mean {close[0]!r}?" if close else "add it to CHANNELS in a file that --extend names",
        )  # fmt: skip
    return found
