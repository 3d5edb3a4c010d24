"""How did a search go? The value of each trial beside the best so far, its epochs, its knobs, and what mattered."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .chart import GREY, SYMBOLS, Chart, axis, colour, log_axis, whole_axis

Trials = Sequence[Mapping[str, Any]]
_VALUE = "GOSPA"
KINDS = ("done", "pruned", "unhealthy", "failed")
"""How a trial that counts ends; each has a colour and a symbol of its own."""


def value_of(trial: Mapping[str, Any]) -> float | None:
    """What a trial came to: the value of its outcome, or its best report where it has none, as of a pruned one."""
    outcome = trial["outcome"]
    value = None if outcome is None else outcome["value"]
    if value is None:
        value = min(trial["reports"].values(), default=None)
    return value if value is not None and math.isfinite(value) else None


def kind_of(trial: Mapping[str, Any]) -> str:
    """How a trial ended."""
    return "running" if trial["outcome"] is None else trial["outcome"]["kind"]


def history(trials: Trials) -> Chart | None:
    """The value of each trial in order, by how it ended, beside the best short one so far.

    Args:
        trials: of both stages.
    """
    data = []
    for stage in ("short", "long"):
        own = [trial for trial in trials if trial["stage"] == stage and value_of(trial) is not None]
        for kind in dict.fromkeys(kind_of(trial) for trial in own):
            data.append(_marks(f"{stage}, {kind}", [trial for trial in own if kind_of(trial) == kind], kind, stage))
    if not data:
        return None
    xs, ys = best_so_far(trials)
    best = {"type": "scatter", "mode": "lines", "name": "best so far", "x": xs, "y": ys,
            "line": {"shape": "hv", "color": GREY, "dash": "dot"}}  # fmt: skip
    layout = {"xaxis": axis("trial"), "yaxis": axis(_VALUE)}
    told = "Value of each trial in order, by stage and outcome; its numbers are folded below it."
    return Chart(title="Value by trial", told=told, data=[best, *data], layout=layout)


def best_so_far(trials: Trials) -> tuple[list[int], list[float | None]]:
    """Numbers of the short trials that are done, in order, and the lowest value up to each of them.

    Args:
        trials: of both stages, or of the short one.
    """
    done = [trial for trial in trials if trial["stage"] == "short" and kind_of(trial) == "done"]
    return [trial["trial"] for trial in done], list(_so_far([value_of(trial) for trial in done]))


def reports(trials: Trials) -> Chart | None:
    """The objective of each trial by epoch, those that were pruned broken off.

    Args:
        trials: of both stages.
    """
    data = []
    for trial in trials:
        told = sorted((int(epoch), value) for epoch, value in trial["reports"].items() if math.isfinite(value))
        if not told:
            continue
        xs, ys = zip(*told, strict=True)
        kind, long = kind_of(trial), trial["stage"] == "long"
        dash, mode = "solid" if kind == "done" else "dash", "lines" if len(xs) > 1 else "markers"  # a point is no line
        data.append({
            "type": "scatter", "mode": mode, "name": f"{trial['stage']} {trial['trial']}, {kind}", "x": xs, "y": ys,
            "marker": {"color": _colour(kind)},
            "line": {"color": _colour(kind), "width": 2.5 if long else 1.2, "dash": dash},
            "showlegend": False,
        })  # fmt: skip
    if not data:
        return None
    layout = {"xaxis": whole_axis("epoch", [x for trace in data for x in trace["x"]]), "yaxis": axis(_VALUE)}
    told = "Value of each trial after each epoch; long trials are thick, those that did not end well dashed."
    return Chart(title="Value by epoch: long trials thick, broken off dashed", told=told, data=data, layout=layout)


def importance_bars(importances: Mapping[str, float]) -> Chart:
    """How much each knob matters.

    Args:
        importances: by knob, the largest first.
    """
    names = list(importances)[::-1]
    data = [{"type": "bar", "orientation": "h", "x": [importances[name] for name in names], "y": names, "name": "",
             "text": [f"{importances[name]:.2f}" for name in names], "textposition": "auto",
             "marker": {"color": colour(0)}}]  # fmt: skip
    layout = {"xaxis": axis("importance", range=[0, 1]), "yaxis": {"type": "category"}, "showlegend": False}
    told = "Bars of importance: " + ", ".join(f"{name} {value:.2f}" for name, value in importances.items()) + "."
    return Chart(title="Importance of knobs", told=told, data=data, layout=layout)


def knob_charts(trials: Trials, space: Mapping[str, Any]) -> list[Chart]:
    """The value of short trials over each knob, one chart a knob.

    Args:
        trials: of both stages.
        space: as a space file has it.
    """
    held = [trial for trial in trials if trial["values"] and value_of(trial) is not None]
    names = list(dict.fromkeys(name for trial in held for name in trial["values"]))
    return [_over_knob(held, name, _knob_of(space, name)) for name in names]


def _over_knob(trials: Trials, name: str, knob: Mapping[str, Any]) -> Chart:
    kinds = dict.fromkeys(kind_of(trial) for trial in trials)
    data = []
    for kind in kinds:
        own = [trial for trial in trials if kind_of(trial) == kind and name in trial["values"]]
        data.append(_marks(kind, own, kind, "short") | {"x": [_shown(trial["values"][name]) for trial in own]})
    values = [trial["values"][name] for trial in trials if name in trial["values"]]
    across = axis(name) if "low" in knob else axis(name, type="category", categoryarray=_in_order(values))
    layout = {"xaxis": log_axis(name, values) if knob.get("log") else across, "yaxis": axis(_VALUE)}
    told = f"Value of short trials over {name}; its numbers are folded below it."
    return Chart(title=name, told=told, data=data, layout=layout, chosen={"Value by": name})


def _in_order(values: Sequence[Any]) -> list[Any]:
    """The choices that were tried: numbers by their size, others as they came."""
    order = {value: (0, value) if type(value) in (int, float) else (1, 0) for value in map(_shown, values)}
    return sorted(order, key=lambda value: order[value])


def _knob_of(space: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The table of a knob by its dotted name; empty where the space does not have it."""
    value: Any = space
    for part in name.split("."):
        value = value.get(part, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, Mapping) else {}


def _marks(name: str, trials: Trials, kind: str, stage: str) -> dict[str, Any]:
    symbol = SYMBOLS[KINDS.index(kind) if kind in KINDS else -1]
    return {
        "type": "scatter", "mode": "markers", "name": name, "x": [trial["trial"] for trial in trials],
        "y": [value_of(trial) for trial in trials],
        "marker": {"symbol": symbol if stage == "long" else f"{symbol}-open", "size": 10, "color": _colour(kind)},
        "text": [f"{trial['stage']} {trial['trial']}" for trial in trials],
        "hovertemplate": "%{text}: %{y:.3f}<extra></extra>",
    }  # fmt: skip


def _so_far(values: Sequence[float | None]) -> Iterator[float | None]:
    least: float | None = None
    for value in values:
        least = value if least is None or (value is not None and value < least) else least
        yield least


def _colour(kind: str) -> str:
    return colour(KINDS.index(kind)) if kind in KINDS else GREY


def _shown(value: Any) -> Any:  # noqa: ANN401
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else str(value)
