"""How figures look: colours that survive colour blindness and print, and one marker per line."""

from dataclasses import dataclass

from matplotlib.figure import Figure

TRUE, FOUND = "#000000", "#D55E00"
"""True positions are black rings, found ones vermilion crosses, in every figure."""
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito (2008), without its yellow, which vanishes on white paper."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_FURTHER = 3
"""Markers that a colour is moved on by each time it comes again."""
DASHES = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))
"""Of the lines; dots are kept for the bound."""
EMBEDDED = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path"}
"""TrueType in PDF, which journals ask for: the default, Type 3, cannot be searched or edited."""
QUIET = "0.55"
"""Grey of the panel, of reference lines and of what is not the message."""


@dataclass(frozen=True)
class Style:
    """Colour and marker of one line."""

    colour: str
    marker: str
    dashes: str | tuple[int, tuple[int, ...]]
    size: float


def style(index: int) -> Style:
    """The style of the n-th line: a colour that comes again, after seven, has another marker.

    Later lines have smaller markers: where two lie on each other, both are seen.
    """
    again, number = divmod(index, len(PALETTE))
    marker = MARKERS[(number + _FURTHER * again) % len(MARKERS)]
    return Style(PALETTE[number], marker, DASHES[index % len(DASHES)], max(4.0, 9.0 - 1.5 * index))


def blank(width: float, height: float) -> Figure:
    """An empty figure in inches that lays itself out and belongs to no window."""
    return Figure(figsize=(width, height), layout="constrained")
