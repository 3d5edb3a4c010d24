"""What is a chart? A plain specification for Plotly, with a title, and words for those who do not see it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...style import PALETTE
from .numbers import Numbers, numbers_of

GREY = "#808080"
DASHES = ("solid", "dash", "dashdot", "longdash", "longdashdot")
_FEW_LABELS = 12
"""Up to which every whole number has one."""
_FEW_DECADES = 2.5
"""Up to which 2 and 5 have labels beside 1."""
_HATCHES = ("/", "x", ".")
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart.

    Args:
        title: above it.
        told: what it shows, for those who do not see it.
        data: traces, as Plotly has them.
        layout: axes, likewise.
        chosen: what it is chosen by, such as a coordinate, by the name of the choice; empty where it is always shown.
        note: below it, such as what is left out and why; plain text.
    """

    title: str
    told: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    chosen: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def height(self) -> str:
        """Of the chart, as CSS has it: a legend of many lines takes no room from the lines themselves."""
        return f"{19 + 0.6 * max(0, len(self._named) - 4):g}rem"

    @property
    def numbers(self) -> Numbers:
        """Its numbers as a short table."""
        return numbers_of(self.data, self.layout)

    @property
    def _named(self) -> list[Mapping[str, Any]]:
        """Traces that the legend names."""
        return [trace for trace in self.data if trace.get("showlegend", True)]

    @property
    def spec(self) -> dict[str, Any]:
        """What the page hands to Plotly."""
        return {"data": list(self.data), "layout": dict(self.layout)}


def whole_axis(title: str, values: Iterable[float | None]) -> dict[str, Any]:
    """An axis of whole numbers, without labels in between.

    Args:
        title: of what is counted.
        values: that it shows.
    """
    told = [value for value in values if value is not None]
    few = bool(told) and max(told) - min(told) <= _FEW_LABELS
    return axis(title, dtick=1) if few else axis(title)


def colour(number: int) -> str:
    """The colour of the n-th line; without black, which a dark page swallows."""
    return PALETTE[number % (len(PALETTE) - 1)]


def filling(number: int) -> dict[str, Any]:
    """How the n-th bar is filled: hatched once the colours begin again."""
    again = number // (len(PALETTE) - 1)
    if not again:
        return {"color": colour(number)}
    shape = _HATCHES[(again - 1) % len(_HATCHES)]
    return {"color": colour(number), "pattern": {"shape": shape, "fgcolor": "#ffffff", "bgcolor": colour(number)}}


def finite(value: float) -> float | None:
    """A number as JSON has it; None where it does not exist."""
    return value if math.isfinite(value) else None


def axis(title: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An axis of a layout.

    Args:
        title: with the unit.
        **more: as Plotly has it.
    """
    return {"title": {"text": title}, **more}


def log_axis(title: str, values: Iterable[float | None]) -> dict[str, Any]:
    """A logarithmic axis whose labels are written out (0.005, not a lone 5) and do not lie on each other.

    Values within a factor of two look the same on a linear axis, which has labels between them.

    Args:
        title: with the unit.
        values: that it shows, all of them above 0.
    """
    told = [value for value in values if value is not None and value > 0]
    decades = math.log10(max(told) / min(told)) if told else math.inf
    if decades < math.log10(2):
        return axis(title)
    if decades > _FEW_DECADES:
        return axis(title, type="log", dtick=1)
    low, high = math.floor(math.log10(min(told))) - 1, math.ceil(math.log10(max(told))) + 1
    digits = (1, 2, 3, 5, 7) if decades < 1 else (1, 2, 5)
    ticks = [float(f"{digit}e{power}") for power in range(low, high + 1) for digit in digits]
    return axis(title, type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])


def spread(high: Sequence[float], low: Sequence[float]) -> dict[str, Any]:
    """Intervals of figures, as lengths up and down.

    Args:
        high: lengths up; what is not finite is none.
        low: lengths down.
    """
    up, down = ([abs(x) if math.isfinite(x) else 0.0 for x in side] for side in (high, low))
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.2, "width": 3,
            "color": GREY}  # fmt: skip
