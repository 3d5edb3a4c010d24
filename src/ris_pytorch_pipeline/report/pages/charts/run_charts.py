"""Did it learn? Loss, errors on validation scenes, rates, gradients and motion, of one training or of several."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..records import Curves, Record, keys_at, line_of, number_at
from .chart import DASHES, GREY, Chart, axis, colour, log_axis, whole_axis

Runs = Mapping[str, Curves]
"""Trainings by name."""
WORDS = {"total": "loss", "nmse": "NMSE of R_pred", "missed": "scenes with a source missed",
         "order_wrong": "scenes miscounted"}  # fmt: skip
"""What the names of a validation mean, where that is not plain."""
_SHARES = ("nmse", "missed", "order_wrong")


def learning_charts(curves: Curves) -> list[Chart]:
    """The charts of one training.

    Args:
        curves: of it.
    """
    runs = {"": curves}
    terms = [key for key in keys_at(curves.epochs, "validation") if key not in ("total", *_SHARES)]
    shares = [key for key in _SHARES if key in keys_at(curves.epochs, "validation")]
    made = [
        losses(runs),
        _of_validation(curves, shares, "Errors on validation scenes"),
        _of_validation(curves, terms, "Terms of the loss on validation scenes"),
        _by_update("Loss of each batch", "loss", curves.updates, "loss"),
        rates(runs),
        gradients(runs),
        _by_update("Motion of the weights", "‖Δparam‖₂", _moved(curves), "motion", "total"),
    ]
    return [chart for chart in made if chart is not None]


def comparing_charts(runs: Runs) -> list[Chart]:
    """The charts of several trainings, a colour each.

    Args:
        runs: by name.
    """
    keys = list(dict.fromkeys(key for curves in runs.values() for key in keys_at(curves.epochs, "validation")))
    chosen = [key for key in keys if key != "total"]
    made = [losses(runs), rates(runs), gradients(runs), *(_compared(runs, key) for key in chosen)]
    return [chart for chart in made if chart is not None]


def losses(runs: Runs) -> Chart | None:
    """Train and validation loss by epoch.

    Args:
        runs: by name; one without a name is alone.
    """
    data = []
    for number, (name, curves) in enumerate(runs.items()):
        for second, (words, path) in enumerate({"train": ("train",), "validation": ("validation", "total")}.items()):
            look = colour(number if len(runs) > 1 else second)
            data.append(_line(_called(name, words), line_of(curves.epochs, "epoch", *path), look, 1 - second))
    return _chart("Loss by epoch", "epoch", "loss", data)


def rates(runs: Runs) -> Chart | None:
    """The learning rate of each group by update.

    Args:
        runs: by name.
    """
    data = []
    for number, (name, curves) in enumerate(runs.items()):
        for second, group in enumerate(keys_at(curves.updates, "rates")):
            look = colour(number if len(runs) > 1 else second)
            line = line_of(curves.updates, "attempt", "rates", group)
            data.append(_line(_called(name, group), line, look, second, markers=False))
    return _chart("Learning rates", "update", "learning rate", data)


def gradients(runs: Runs) -> Chart | None:
    """The norm of the gradient by update, where it is clipped, and what was not applied.

    Args:
        runs: by name.
    """
    data: list[dict[str, Any]] = []
    for number, (name, curves) in enumerate(runs.items()):
        line = line_of(curves.updates, "attempt", "norm")
        data.append(_line(_called(name, "gradient"), line, colour(number), 0, markers=False))
        data += _not_applied(name, curves)
    alone = next(iter(runs.values()))
    clip = number_at(alone.start, "experiment", "optimisation", "clip")
    if len(runs) == 1 and clip is not None and alone.updates:
        ends = [number_at(alone.updates[i], "attempt") for i in (0, -1)]
        data.append(_line("clipped at", (ends, [clip, clip]), GREY, 1, markers=False))
    return _chart("Gradient", "update", "‖g‖₂", data)


def skipped(curves: Curves) -> list[Record]:
    """Attempted updates that were not applied."""
    return [record for record in curves.updates if record.get("outcome") != "applied"]


def _not_applied(name: str, curves: Curves) -> list[dict[str, Any]]:
    """A mark for each attempt that was not applied, at its gradient, or at 1 where that is no number."""
    missing = skipped(curves)[:200]
    if not missing:
        return []
    norms = [number_at(record, "norm") for record in missing]
    return [{
        "type": "scatter", "mode": "markers", "name": _called(name, f"not applied, {len(skipped(curves))}"),
        "x": [number_at(record, "attempt") for record in missing], "y": [1.0 if x is None else x for x in norms],
        "text": [str(record.get("outcome")) for record in missing], "hovertemplate": "%{x}: %{text}<extra></extra>",
        "marker": {"symbol": "x", "size": 9, "color": "#CC79A7"},
    }]  # fmt: skip


def _moved(curves: Curves) -> list[Record]:
    return [record for record in curves.updates if number_at(record, "motion", "total") is not None]


def _of_validation(curves: Curves, keys: Sequence[str], title: str) -> Chart | None:
    lines = [
        _line(WORDS.get(key, key), line_of(curves.epochs, "epoch", "validation", key), colour(i), i)
        for i, key in enumerate(keys)
    ]
    return _chart(title, "epoch", "lower is better", lines, log=False)


def _compared(runs: Runs, key: str) -> Chart | None:
    lines = [
        _line(name, line_of(curves.epochs, "epoch", "validation", key), colour(i), i)
        for i, (name, curves) in enumerate(runs.items())
    ]
    words = WORDS.get(key, key)
    return _chart(f"Validation: {words}", "epoch", words, lines, log=False, chosen={"Validation": words})


def _by_update(title: str, unit: str, records: Sequence[Record], *path: str) -> Chart | None:
    line = _line(f"{unit}, n = {len(records)}", line_of(records, "attempt", *path), colour(0), 0, markers=False)
    return _chart(title, "update", unit, [line])


def _line(
    name: str, points: tuple[Sequence[float | None], Sequence[float | None]], look: str, dash: int, *,
    markers: bool = True,
) -> dict[str, Any]:  # fmt: skip
    xs, ys = points
    mode = "lines+markers" if markers and len(xs) < 60 else "lines"
    return {
        "type": "scatter", "mode": mode, "name": name, "x": list(xs), "y": list(ys), "marker": {"size": 5},
        "line": {"color": look, "dash": DASHES[dash % len(DASHES)], "width": 1.6},
    }  # fmt: skip


def _called(run: str, words: str) -> str:
    return f"{run}: {words}" if run else words


def _chart(
    title: str, x: str, y: str, data: Sequence[Mapping[str, Any]], *, log: bool = True,
    chosen: Mapping[str, str] | None = None,
) -> Chart | None:  # fmt: skip
    """A chart, logarithmic where that shows every number; None where there is none."""
    numbers = [value for trace in data for value in trace["y"] if value is not None]
    if not numbers:
        return None
    across = log_axis(y, numbers) if log and min(numbers) > 0 else axis(y)
    places = (value for trace in data for value in trace["x"])
    layout = {"xaxis": whole_axis(x, places), "yaxis": across, "showlegend": True}
    told = f"{title}: {', '.join(trace['name'] for trace in data)}, over the {x}."
    return Chart(title=title, told=told, data=data, layout=layout, chosen=chosen or {})
