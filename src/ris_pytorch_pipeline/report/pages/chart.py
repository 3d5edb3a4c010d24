"""What is a chart? A plain specification for Plotly, with a title, and words for those who do not see it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..style import PALETTE

GREY = "#808080"
DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot")
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart.

    Args:
        title: above it.
        told: what it shows, for those who do not see it.
        data: traces, as Plotly has them.
        layout: axes, likewise.
        kind: what it is chosen by, such as a coordinate; empty where it is always shown.
    """

    title: str
    told: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    kind: str = ""

    @property
    def spec(self) -> dict[str, Any]:
        """What the page hands to Plotly."""
        return {"data": list(self.data), "layout": dict(self.layout)}


def colour(number: int) -> str:
    """The colour of the n-th line; without black, which a dark page swallows."""
    return PALETTE[number % (len(PALETTE) - 1)]


def finite(value: float) -> float | None:
    """A number as JSON has it; None where it does not exist."""
    return value if math.isfinite(value) else None


def axis(title: str, *, log: bool = False, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An axis of a layout.

    Args:
        title: with the unit.
        log: whether it is logarithmic.
        **more: as Plotly has it.
    """
    return {"title": {"text": title}, **({"type": "log"} if log else {}), **more}


def spread(high: Sequence[float], low: Sequence[float]) -> dict[str, Any]:
    """Intervals of figures, as lengths up and down.

    Args:
        high: lengths up; what is not finite is none.
        low: lengths down.
    """
    up, down = ([abs(x) if math.isfinite(x) else 0.0 for x in side] for side in (high, low))
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.2, "width": 3,
            "color": GREY}  # fmt: skip
