"""How did the objective of a search fall? Each trial in order by how it ended, and the best so far, as a figure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..errors import InputError
from .pages.charts.search_charts import KINDS, best_so_far, kind_of, value_of
from .style import QUIET, blank, style

Trials = Sequence[Mapping[str, Any]]
_STAGES = ("short", "long")


def search_history(trials: Trials) -> Figure:
    """The objective over the trials of each stage; a pruned trial stands at its best report, others at their value.

    >>> outcome = {"kind": "done", "value": 2.4}
    >>> trial = {"stage": "short", "trial": 0, "values": {"net.width": 16}, "outcome": outcome, "reports": {"1": 2.4}}
    >>> axes = search_history([trial]).axes[0]
    >>> axes.get_title(), axes.get_xlabel()
    ('short trials, n = 1', 'trial')

    Args:
        trials: of both stages, as `search.json` has them.

    Returns:
        The figure, a panel a stage, with n trials of each kind and of those without a value.

    Raises:
        InputError: no trial has a value.
    """
    stages = [stage for stage in _STAGES if any(_valued(_of(trials, stage)))]
    if not stages:
        raise InputError(
            "a search with a trial that has a value", f"{len(trials)} trials without one",
            "a search that has hardly begun, or whose trainings all fail", "go on with `ris search DIR --resume`",
        )  # fmt: skip
    figure = blank(1.5 + 4.5 * len(stages), 3.8)
    panels = figure.subplots(1, len(stages), squeeze=False)[0]
    for axes, stage in zip(panels, stages, strict=True):
        _draw(axes, _of(trials, stage), stage)
    return figure


def _of(trials: Trials, stage: str) -> Trials:
    return [trial for trial in trials if trial["stage"] == stage]


def _valued(trials: Trials) -> Trials:
    return [trial for trial in trials if value_of(trial) is not None]


def _number(trial: Mapping[str, Any]) -> float:
    value = value_of(trial)
    return math.nan if value is None else value


def _draw(axes: Axes, trials: Trials, stage: str) -> None:
    """One stage: a marker a kind, and the line of the best trial that was done."""
    valued = _valued(trials)
    for kind in dict.fromkeys(map(kind_of, valued)):
        own, look = [trial for trial in valued if kind_of(trial) == kind], style((*KINDS, kind).index(kind))
        numbers, values = [trial["trial"] for trial in own], [_number(trial) for trial in own]
        filled = "full" if kind == "done" else "none"
        axes.plot(numbers, values, look.marker, color=look.colour, fillstyle=filled, label=f"{kind}, n = {len(own)}")
    if stage == "short":
        places, lowest = best_so_far(valued)
        axes.plot(
            places,
            [math.nan if x is None else x for x in lowest],
            drawstyle="steps-post",
            color=QUIET,
            linestyle=":",
            label="best so far",
        )
    without = len(trials) - len(valued)
    told = f", {without} without a value" if without else ""
    axes.set_title(f"{stage} trials, n = {len(trials)}{told}", fontsize="medium")
    axes.set(xlabel="trial", ylabel="GOSPA (standard deviations of the bound)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="0.9")
    axes.legend(fontsize="small", frameon=False)
