"""What the scores of many scenes come to: rates, and errors over the bound."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Generator, Tensor

from ..bounds import Bound
from ..estimate import Status
from ..physics.scenes.scenario import CountSpan, Span
from .below_bound import ALONE, Family, alarm
from .cell import Cell, RangeBin
from .interval import Measure, bootstrap, bootstrap_mean, share
from .score import COORDINATES, Score, judged, knowable

UNITS = {"azimuth_deg": 180 / math.pi, "elevation_deg": 180 / math.pi, "distance_m": 1.0}
"""Key of each coordinate in a report, and the factor from SI units."""
RANGE_EDGES = (0.0, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, math.inf)
"""Metres."""


def summarise(
    scores: Score,
    bound: Bound,
    generator: Generator,
    *,
    method: str,
    sources: CountSpan,
    snr_db: Span,
    known_order: bool,
    seconds: float,
    statuses: Sequence[Status],
    family: Family = ALONE,
) -> Cell:
    """The cell of scenes.

    >>> import torch
    >>> from ris_pytorch_pipeline.bench import score, trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> cell = summarise(
    ...     scores, trial.bound, torch.Generator().manual_seed(0), method="mine", sources=1, snr_db=30.0,
    ...     known_order=True, seconds=0.1, statuses=found.status,
    ... )
    >>> cell.success.value, cell.scenes_per_s
    (1.0, 40.0)

    Args:
        scores: one per scene, at least one.
        bound: their bound.
        generator: source of randomness for the intervals, on the CPU.
        method: name of the estimator.
        sources: of the scenes, or between which ends.
        snr_db: likewise.
        known_order: whether the estimator was told K.
        seconds: spent inside the estimator.
        statuses: how the estimator said each scene ended.
        family: the comparisons that this cell is one of, and the field of view, for the alarm.

    Returns:
        Every figure with its interval.
    """
    scenes = scores.success.numel()
    counts = judged(scores)
    rmse = _errors(scores.error, counts, generator)
    found = Counter(scores.order.tolist())
    return Cell(
        method=method,
        sources=sources,
        snr_db=snr_db,
        n=scenes,
        known_order=known_order,
        success=share(scores.success),
        rmse_over_crb=_errors(scores.error / scores.deviation, counts, generator),
        inverse_distance_over_crb=_inverse_distance(scores, counts[..., 2], generator),
        rmse={key: rmse[name].times(UNITS[key]) for key, name in zip(UNITS, COORDINATES, strict=True)},
        rms_bound=_root_mean_bound(scores.deviation, counts),
        rms_bound_all=_root_mean_bound(scores.deviation, knowable(scores)),
        judged=dict(zip(COORDINATES, counts.sum(dim=(0, 1)).tolist(), strict=True)),
        bound=bound_quantiles(bound),
        order_accuracy=share(scores.order == scores.sources),
        order_counts=tuple(found[k] for k in range(1 + max(found))),
        gospa_whitened=bootstrap_mean(scores.whitened.value, generator),
        gospa_direction_deg=bootstrap_mean(scores.direction.value.rad2deg(), generator),
        gospa_cartesian_m=bootstrap_mean(scores.cartesian.value, generator),
        missed=bootstrap_mean(scores.missed.double(), generator),
        false=bootstrap_mean(scores.false.double(), generator),
        distance_by_range=distance_by_range(scores),
        scenes_per_s=scenes / seconds if seconds > 0 else torch.nan,
        statuses={status.value: count for status, count in Counter(statuses).items()},
        alarm=alarm(scores, family),
    )


def _errors(error: Tensor, counts: Tensor, generator: Generator) -> dict[str, Measure]:
    """sqrt(mean(error²)) of each coordinate over the sources that count; arguments are (scene, source, 3)."""
    per_scene = error.square().masked_fill(~counts, 0).sum(1)
    weight = counts.sum(1).double()
    return {name: bootstrap(per_scene[:, c], weight[:, c], generator).sqrt() for c, name in enumerate(COORDINATES)}


def _inverse_distance(scores: Score, counts: Tensor, generator: Generator) -> Measure:
    """sqrt(mean(((1/r̂ - 1/r) r²/σ_r)²)) over the sources that count, (scene, source)."""
    true = scores.true[..., 2]
    ratio = (1 / (true + scores.error[..., 2]) - 1 / true) * true.square() / scores.deviation[..., 2]
    squared = ratio.square().masked_fill(~counts, 0).sum(1)
    return bootstrap(squared, counts.sum(1).double(), generator).sqrt()


def _root_mean_bound(deviation: Tensor, counts: Tensor) -> dict[str, float]:
    """Root mean square bound of the sources that count, in the units of a report; NaN where none does."""
    total = deviation.square().masked_fill(~counts, 0).sum(dim=(0, 1))
    values = (total / counts.sum(dim=(0, 1))).sqrt().tolist()
    return {key: value * factor for (key, factor), value in zip(UNITS.items(), values, strict=True)}


def bound_quantiles(bound: Bound) -> dict[str, Mapping[str, float]]:
    """Median and 90th percentile of the bound over all sources of all scenes, in degrees and metres.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 4, seed=0)
    >>> found = bound_quantiles(trial.bound)
    >>> list(found), found["azimuth_deg"]["median"] < found["azimuth_deg"]["p90"]
    (['azimuth_deg', 'elevation_deg', 'distance_m'], True)
    """
    values = bound.deviations.flatten(0, -2)
    values = values[~values.isnan().all(-1)].double()  # NaN throughout is an empty slot
    middle, high = values.nanquantile(0.5, dim=0).tolist(), values.nanquantile(0.9, dim=0).tolist()
    return {
        key: {"median": middle[c] * factor, "p90": high[c] * factor} for c, (key, factor) in enumerate(UNITS.items())
    }


def distance_by_range(scores: Score) -> tuple[RangeBin, ...]:
    """RMSE of the distance of judged sources, whatever their bound, by their true distance.

    >>> from ris_pytorch_pipeline.bench import score, trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> scores = score(trial.scenes.truth, trial.bound, found)
    >>> sum(each.n for each in distance_by_range(scores)), distance_by_range(scores)[0].far  # sources, metres
    (4, 1.0)
    """
    error, deviation, true = scores.error[..., 2], scores.deviation[..., 2], scores.true[..., 2]
    bins = []
    for near, far in pairwise(RANGE_EDGES):
        inside = scores.judged & (true >= near) & (true < far)
        n = int(inside.sum())
        rmse, bound = (float(x[inside].square().mean().sqrt()) if n else torch.nan for x in (error, deviation))
        bins.append(RangeBin(near=near, far=far, n=n, rmse=rmse, bound=bound))
    return tuple(bins)


def to_json(cells: Sequence[Cell]) -> dict[str, Any]:
    """The document that `ris bench --json` prints: {"cells": [...]}.

    >>> to_json([])  # of no cell; of others each one's `to_json`
    {'cells': []}
    """
    return {"cells": [cell.to_json() for cell in cells]}
