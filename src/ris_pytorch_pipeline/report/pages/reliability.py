"""Does a stated ± hold what it says? The share of errors within it, beside the share that it promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .charts.chart import GREY, SYMBOLS, Chart, axis, colour, spread


@dataclass(frozen=True, kw_only=True)
class Held:
    """How many errors of a coordinate lie within the ± that promises to hold a share of them.

    >>> from ris_pytorch_pipeline.report.pages.reliability import reliability_chart
    >>> held = Held(promised=0.9, share=0.7, low=0.6, high=0.8, n=100)  # a ± that is too small
    >>> reliability_chart({"azimuth": [held]}).title
    'Does the stated ± hold?'

    Args:
        promised: the share.
        share: that lie within.
        low: lower end of its 95 % interval.
        high: upper end.
        n: sources.
    """

    promised: float
    share: float
    low: float
    high: float
    n: int


def reliability_chart(held: Mapping[str, Sequence[Held]]) -> Chart | None:
    """The curve of each coordinate; None where no ± was stated.

    Args:
        held: by coordinate, in order of what is promised.
    """
    curves = {name: points for name, points in held.items() if points and points[0].n}
    if not curves:
        return None
    data = [{"type": "scatter", "mode": "lines", "name": "as promised", "x": [0, 1], "y": [0, 1],
             "line": {"dash": "dot", "color": GREY}}]  # fmt: skip
    for number, (name, points) in enumerate(curves.items()):
        data.append({
            "type": "scatter", "mode": "lines+markers", "name": f"{name}, n = {points[0].n}",
            "x": [p.promised for p in points], "y": [p.share for p in points],
            "error_y": spread([p.high - p.share for p in points], [p.share - p.low for p in points]),
            "line": {"color": colour(number)}, "marker": {"symbol": SYMBOLS[number], "size": 7},
        })  # fmt: skip
    layout = {"xaxis": axis("share that ± promises", range=[0, 1.02]), "yaxis": axis("share within ±", range=[0, 1.02])}
    told = "Curves of the share of errors within the stated ± over the share promised: below the diagonal ± is small."
    return Chart(title="Does the stated ± hold?", told=told, data=data, layout=layout)
