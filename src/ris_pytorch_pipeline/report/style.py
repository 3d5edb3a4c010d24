"""How figures look: colours that survive colour blindness and print, and one marker per line."""

from dataclasses import dataclass

from matplotlib.figure import Figure

TRUE, FOUND = "#000000", "#D55E00"
"""True positions are black rings, found ones vermilion crosses, in every figure."""
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito (2008), without its yellow, which vanishes on white paper."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
QUIET = "0.55"
"""Grey of the panel, of reference lines and of what is not the message."""


@dataclass(frozen=True)
class Style:
    """Colour and marker of one line."""

    colour: str
    marker: str


def style(index: int) -> Style:
    """The style of the n-th line; colour and marker repeat together after seven."""
    return Style(PALETTE[index % len(PALETTE)], MARKERS[index % len(MARKERS)])


def blank(width: float, height: float) -> Figure:
    """An empty figure in inches that lays itself out and belongs to no window."""
    return Figure(figsize=(width, height), layout="constrained")
