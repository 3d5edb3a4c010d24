"""What one cell of a benchmark reports: a method at one number of sources and one SNR."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..physics.scenes.scenario import CountSpan, Span
from .interval import Measure


@dataclass(frozen=True, kw_only=True)
class RangeBin:
    """Distance errors of the judged sources between two distances; NaN where the bin is empty.

    >>> bin = RangeBin(near=1.0, far=2.0, n=40, rmse=0.12, bound=0.1)
    >>> round(bin.rmse / bin.bound, 2)
    1.2

    Args:
        near: lower end, metres.
        far: upper end, metres.
        n: sources judged.
        rmse: metres.
        bound: root mean square of the same sources' bounds, metres.
    """

    near: float
    far: float
    n: int
    rmse: float
    bound: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One method at one (K, SNR) or over spans of them, every figure with a 95 % interval over scenes.

    The interval of a share is Wilson's, that of any other figure a BCa bootstrap.

    "Judged" sources are those of successful scenes; for distance, only those whose bound is below 1 m.

    >>> from ris_pytorch_pipeline.bench import Run, genie_for, region_of, trial_of
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> run = Run("genie", genie_for(scenario, region_of(scenario)))
    >>> run.add(trial)
    >>> cell = run.cell(trial.bound, scenario, seed=0, known_order=True)
    >>> cell.method, cell.n, cell.success.value, cell.alarm
    ('genie', 1, 1.0, None)
    >>> cell.to_json()["snr_db"]
    30.0

    Args:
        method: name of the estimator.
        sources: K, or (least, most).
        snr_db: total SNR in dB, or (lowest, highest).
        n: scenes.
        known_order: whether the estimator was told K.
        success: share of scenes with every source within 3° and K̂ = K.
        rmse_over_crb: sqrt(mean((error / bound)²)) of judged sources, by `azimuth`, `elevation`, `distance`.
        inverse_distance_over_crb: the same for 1/distance, with the bound σ_r/r². Its errors are nearly Gaussian; those
            of the distance itself have a long upper tail where σ_r is not small against r.
        rmse: of judged sources, by `azimuth_deg`, `elevation_deg`, `distance_m`.
        rms_bound: root mean square bound of the same judged sources, by the keys of `rmse`.
        rms_bound_all: the same of all sources of all scenes, whatever the method found.
        judged: sources behind the errors, by `azimuth`, `elevation`, `distance`.
        bound: `median` and `p90` of the bound over all sources of all scenes, by the keys of `rmse`.
        order_accuracy: share of scenes with K̂ = K.
        order_counts: scenes with K̂ = 0, 1, 2, ...: a row of the confusion matrix.
        gospa_whitened: mean over scenes, in standard deviations of the bound, cut-off 5.
        gospa_direction_deg: mean over scenes, degrees, cut-off 5°.
        gospa_cartesian_m: mean over scenes, metres, cut-off 2 m.
        missed: true sources per scene with no estimate within 3°.
        false: estimates per scene with no true source within 3°.
        distance_by_range: distance errors by true distance.
        scenes_per_s: scenes over the seconds spent inside the estimator.
        statuses: scenes by how the estimator said it ended.
        alarm: why these figures cannot be right, or None.
    """

    method: str
    sources: CountSpan
    snr_db: Span
    n: int
    known_order: bool
    success: Measure
    rmse_over_crb: Mapping[str, Measure]
    inverse_distance_over_crb: Measure
    rmse: Mapping[str, Measure]
    rms_bound: Mapping[str, float]
    rms_bound_all: Mapping[str, float]
    judged: Mapping[str, int]
    bound: Mapping[str, Mapping[str, float]]
    order_accuracy: Measure
    order_counts: tuple[int, ...]
    gospa_whitened: Measure
    gospa_direction_deg: Measure
    gospa_cartesian_m: Measure
    missed: Measure
    false: Measure
    distance_by_range: tuple[RangeBin, ...]
    scenes_per_s: float
    statuses: Mapping[str, int]
    alarm: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON: each figure under its name, its interval under `<name>_interval` as [low, high].

        A number that does not exist (no scene succeeded, no source in a bin) or is infinite is None.
        """
        row: dict[str, Any] = {}
        for name in (field.name for field in fields(self)):
            value = vars(self)[name]
            row[name] = _plain(value)
            if _is_measured(value):
                row[f"{name}_interval"] = _interval(value)
        return row


def _is_measured(value: object) -> bool:
    """Whether a value is a figure with an interval, or a table of such figures."""
    inner = next(iter(value.values()), None) if isinstance(value, Mapping) else value
    return isinstance(inner, Measure)


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Measure):
        return _number(value.value)
    if isinstance(value, RangeBin):
        return {name: _plain(number) for name, number in vars(value).items()}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return _number(value) if isinstance(value, float) else value


def _interval(value: Measure | Mapping[str, Measure]) -> Any:  # noqa: ANN401
    if isinstance(value, Measure):
        return [_number(value.low), _number(value.high)]
    return {name: _interval(inner) for name, inner in value.items()}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
