"""What are the numbers of a chart? A short table of them, thinned where there are many, for those who do not see it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Trace = Mapping[str, Any]
MOST_LINES = 30
_BESIDE = 3
"""Lines of a chart up to which each has a column."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A table of the numbers of a chart.

    Args:
        head: headings.
        lines: cells, as texts.
        note: what is left out; empty where nothing is.
    """

    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    note: str = ""

    @property
    def size(self) -> int:
        """About how many letters of a page it takes."""
        return sum(len(cell) + 10 for line in [self.head, *self.lines] for cell in line) + 10 * len(self.lines)


def numbers_of(data: Sequence[Trace], layout: Mapping[str, Any]) -> Numbers:
    """The numbers of a chart: of a map a line for each of its lines; else one for each place, or each point.

    >>> line = {"type": "scatter", "name": "loss", "x": [1, 2], "y": [0.5, None]}
    >>> numbers_of([line], {"xaxis": {"title": {"text": "epoch"}}}).lines
    [['1', '0.5'], ['2', '-']]

    Args:
        data: traces, as Plotly has them.
        layout: likewise.
    """
    names = [_title(layout, key) for key in ("xaxis", "yaxis")]
    if data and data[0]["type"] == "heatmap":
        lines = [[str(y), *map(str, own)] for y, own in zip(data[0]["y"], data[0]["text"], strict=True)]
        return _thinned([f"{names[1]} \\ {names[0]}", *map(str, data[0]["x"])], lines)
    if any(trace.get("orientation") == "h" for trace in data):
        data, names = [{**trace, "x": trace["y"], "y": trace["x"]} for trace in data], names[::-1]
    single = all(len(set(trace["x"])) == len(trace["x"]) for trace in data)
    plain = not any("error_y" in trace for trace in data)
    return _by_place(data, names[0]) if single and plain and len(data) <= _BESIDE else _by_point(data, names)


def _by_place(data: Sequence[Trace], place: str) -> Numbers:
    """A line for each place, a column for each line of the chart."""
    found = [dict(zip(trace["x"], trace["y"], strict=True)) for trace in data]
    places = list(dict.fromkeys(x for each in found for x in each))
    if all(isinstance(x, int | float) for x in places):
        places.sort()
    head = [place, *(str(trace["name"]) or "value" for trace in data)]
    return _thinned(head, [[_text(x), *(_text(each.get(x)) for each in found)] for x in places])


def _by_point(data: Sequence[Trace], names: Sequence[str]) -> Numbers:
    """A line for each point; where there are too many, each line of the chart keeps its share."""
    groups = [[[str(trace["name"]), _text(x), y] for x, y in zip(trace["x"], _measured(trace), strict=True)]
              for trace in data]  # fmt: skip
    head, total = ["line", *(name or "value" for name in names)], sum(map(len, groups))
    if total <= MOST_LINES:
        return Numbers(head=head, lines=[line for group in groups for line in group])
    share = max(1, MOST_LINES // max(1, len(groups)))
    kept = [line for group in groups for line in _spaced(group, share)]
    return Numbers(head=head, lines=_spaced(kept, MOST_LINES), note=_note(min(len(kept), MOST_LINES), total))


def _measured(trace: Trace) -> list[str]:
    """The numbers of a trace, with the ends of their intervals."""
    error = trace.get("error_y")
    if error is None:
        return [_text(y) for y in trace["y"]]
    ends = zip(trace["y"], error["arrayminus"], error["array"], strict=True)
    return [_text(y) if y is None else f"{_text(y)} [{_text(y - down)}, {_text(y + up)}]" for y, down, up in ends]


def _thinned(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Numbers:
    kept = _spaced(lines, MOST_LINES)
    return Numbers(head=head, lines=kept, note=_note(len(kept), len(lines)) if len(kept) < len(lines) else "")


def _spaced(lines: Sequence[Any], most: int) -> list[Any]:
    """At most so many of some lines, evenly spaced, the first and the last among them."""
    if len(lines) <= most:
        return list(lines)
    if most == 1:
        return [lines[-1]]
    return [lines[round(number * (len(lines) - 1) / (most - 1))] for number in range(most)]


def _note(kept: int, total: int) -> str:
    return f"{kept} of {total} lines, evenly spaced."


def _title(layout: Mapping[str, Any], key: str) -> str:
    return str(layout.get(key, {}).get("title", {}).get("text", ""))


def _text(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else str(value)
    return f"{value:.4g}" if math.isfinite(value) and abs(value) < 1e4 else f"{value:.6g}"
