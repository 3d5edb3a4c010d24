"""What was found in each scene of a file, beside the truth and the bound where they are known, as plain values."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..bounds import scene_bound
from ..data import SceneFile
from ..estimate import Estimate, SearchRegion
from ..localise import Existence
from ..localise.existence import fits
from ..matching import UNMATCHED
from ..physics import Scenes, as_told, is_mixed
from ..units import decibels
from .gospa import position_error
from .pairing import alike
from .score import match_directions

_UNITS = {"azimuth_deg": 180 / math.pi, "elevation_deg": 180 / math.pi, "distance_m": 1.0}
"""Key of each coordinate, and the factor from SI units."""
WITHIN = 0.9
"""Probability that a coordinate lies within the interval that is stated."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One scene: every number is plain, None where it does not exist.

    >>> finding = Finding(
    ...     scene=0, status="converged", noise_variance=0.1, advice=[], fit=None, judged=True, missed=[],
    ...     sources=[{"position": {"azimuth_deg": 12.0}, "truth": {"azimuth_deg": 12.1}}],
    ... )
    >>> finding.success, finding.to_json()["order"]
    (True, 1)

    Args:
        scene: its number in the file.
        status: how the estimate ended, a sentence.
        noise_variance: σ² per antenna.
        advice: `status`, `cause` and `next` of everything that is to be said, worst first.
        fit: `explained` and `expected` share of the energy, `p_value`, what is `striking`, and other answers, `modes`;
            None where the estimator does not say.
        sources: each with `position`, `std` (Fisher information, if the model holds) and `std_sandwich` (whether it
            holds or not) by `azimuth_deg`, `elevation_deg`, `distance_m`, `interval_90` from `low` to `high` likewise,
            `existence`, the probability that it is there, `power_db`, `evidence` and `symbols`, their kind where the
            estimator tells several kinds apart; where the truth is known also with `truth`, `error` and `bound`, None
            for a source that is none.
        missed: `position`, `bound` and `symbols` of true sources with no estimate within 3°.
        judged: whether the truth is known.
        order_probability: that there are so many sources; None where the number was given or nothing states it.
    """

    scene: int
    status: str
    noise_variance: float | None
    advice: list[dict[str, str]]
    fit: dict[str, Any] | None
    sources: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    judged: bool
    order_probability: float | None = None

    @property
    def success(self) -> bool | None:
        """Whether every source was found and none beside; None where the truth is not known."""
        if not self.judged:
            return None
        return not self.missed and all(source["truth"] is not None for source in self.sources)

    def to_json(self) -> dict[str, Any]:
        """The finding as `ris locate --json` prints it."""
        document: dict[str, Any] = {
            "scene": self.scene,
            "status": self.status,
            "order": len(self.sources),
            "order_probability": self.order_probability,
            "noise_variance": self.noise_variance,
            "findings": self.advice,
            "fit": self.fit,
            "sources": [_flat(source) for source in self.sources],
        }
        if self.judged:
            document |= {"missed": [_flat(source) for source in self.missed], "success": self.success}
        return document


def findings_of(file: SceneFile, estimate: Estimate, numbers: list[int]) -> list[Finding]:
    """One finding per scene.

    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> scenes = ris.simulate(scenario, scenes=2, seed=0)
    >>> _ = ris.save_scenes("a.safetensors", scenes.observation, scenes.truth)
    >>> file = ris.load_scenes("a.safetensors")
    >>> findings = findings_of(file, ris.PilotMl()(file.observation, 1), [0, 1])
    >>> findings[0].success, abs(findings[0].sources[0]["error"]["azimuth_deg"]) < 0.2
    (True, True)

    Args:
        file: the scenes that were located.
        estimate: what the estimator said.
        numbers: of these scenes in the file they come from.

    Returns:
        The findings, sources in the estimator's order.
    """
    judge = None if file.scenes is None else _Judge(file.scenes, estimate)
    found, stated = _Found(estimate), _Stated(file, estimate)
    there, noise = (~estimate.positions.isnan().any(-1)).tolist(), estimate.noise_variance.tolist()
    findings, sure = [], estimate.order_probability
    for row, number in enumerate(numbers):
        slots = [slot for slot, is_there in enumerate(there[row]) if is_there]
        told = [found.source(row, slot) | stated.of(row, slot) for slot in slots]
        sources = [t | judge.of(row, slot) for t, slot in zip(told, slots, strict=True)] if judge else told
        findings.append(
            Finding(
                scene=number,
                status=estimate.status[row].value,
                noise_variance=_finite(noise[row]),
                advice=_advice(estimate, row),
                fit=found.fit(row),
                sources=sources,
                missed=judge.missed(row) if judge else [],
                judged=judge is not None,
                order_probability=None if sure is None else _finite(float(sure[row])),
            )
        )
    return findings


def summary_of(findings: list[Finding]) -> dict[str, Any]:
    """Scenes, how many had each number of sources found, and the share of successes (None without a truth).

    >>> same = {"status": "converged", "noise_variance": 0.1, "advice": [], "fit": None, "missed": []}
    >>> summary_of([Finding(scene=number, sources=[], judged=False, **same) for number in range(3)])
    {'scenes': 3, 'orders': {'0': 3}, 'success': None}
    """
    orders = Counter(len(finding.sources) for finding in findings)
    successes = [finding.success for finding in findings if finding.success is not None]
    return {
        "scenes": len(findings),
        "orders": {str(order): orders[order] for order in sorted(orders)},
        "success": sum(successes) / len(successes) if successes else None,
    }


class _Found:
    """What was found, as lists: a number of a tensor takes longer to read than all of its numbers at once."""

    def __init__(self, estimate: Estimate) -> None:
        self._position, self._std = estimate.positions.tolist(), estimate.deviations.tolist()
        self._power, self._kinds = estimate.powers.tolist(), estimate.kinds
        self._wide = None if estimate.sandwich is None else estimate.sandwich.tolist()
        self._fit = estimate.fit
        if self._fit is not None:
            self._evidence = self._fit.evidence.tolist()
            self._shares = {name: vars(self._fit)[name].tolist() for name in ("explained", "expected", "p_value")}

    def fit(self, row: int) -> dict[str, Any] | None:
        """How well the model explains a scene."""
        if self._fit is None:
            return None
        modes = [
            {"source": m.source, "loss": m.loss, **_named(torch.tensor(m.position).tolist())}
            for m in self._fit.modes[row]
        ]
        shares = {name: _finite(each[row]) for name, each in self._shares.items()}
        return {**shares, "striking": self._fit.striking[row], "modes": modes}

    def source(self, row: int, slot: int) -> dict[str, Any]:
        """One source."""
        power = self._power[row][slot]
        return {
            "position": _named(self._position[row][slot]),
            "std": _named(self._std[row][slot]),
            "std_sandwich": None if self._wide is None else _named(self._wide[row][slot]),
            "evidence": None if self._fit is None else _finite(self._evidence[row][slot]),
            "power_db": decibels(power) if power > 0 and math.isfinite(power) else None,
            "symbols": None if self._kinds is None else self._kinds[slot],
        }


class _Stated:
    """Intervals and probabilities of the sources."""

    def __init__(self, file: SceneFile, estimate: Estimate) -> None:
        within, seen = estimate.interval(WITHIN), file.observation
        self._ends = {"low": within.low.tolist(), "high": within.high.tolist()}
        there = Existence()(seen, estimate) if fits(seen) else torch.full_like(estimate.powers, torch.nan)
        self._there = there.tolist()

    def of(self, row: int, slot: int) -> dict[str, Any]:
        """What is stated of one found source."""
        ends = {name: _named(each[row][slot]) for name, each in self._ends.items()}
        return {"interval_90": ends, "existence": _finite(self._there[row][slot])}


class _Judge:
    """Truth and bound of the scenes, matched to the estimate."""

    def __init__(self, scenes: Scenes, estimate: Estimate) -> None:
        heard = scenes.as_told()
        self._true, told = scenes.truth.positions.double().tolist(), heard.truth.positions.double()
        found, hidden = as_told(estimate.positions.double().to(told.device), scenes.observation.array.to(told.device))
        self._bound = scene_bound(heard, partial=True).deviations.tolist()
        self._counts, symbols = scenes.truth.sources.tolist(), scenes.observation.symbols
        self._kinds = symbols if is_mixed(symbols) else [None] * told.shape[1]
        kinds = estimate.kinds or "random"
        self._partner = match_directions(told, found, alike(kinds, told.shape[1], found.shape[1])).tolist()
        error = position_error(told[:, :, None], found[:, None])
        self._error = error.masked_fill(hidden[:, None], torch.nan).tolist()

    def of(self, row: int, slot: int) -> dict[str, Any]:
        """Truth, error and bound of one found source."""
        if slot not in self._partner[row]:
            return {"truth": None, "error": None, "bound": None}
        k = self._partner[row].index(slot)
        error = self._error[row][k][slot]
        return {"truth": _named(self._true[row][k]), "error": _named(error), "bound": _named(self._bound[row][k])}

    def missed(self, row: int) -> list[dict[str, Any]]:
        """True sources without a partner."""
        slots = [k for k in range(self._counts[row]) if self._partner[row][k] == UNMATCHED]
        named = [{"position": _named(self._true[row][k]), "bound": _named(self._bound[row][k])} for k in slots]
        return [each | {"symbols": self._kinds[k]} for each, k in zip(named, slots, strict=True)]


def located(name: str, region: SearchRegion, findings: list[Finding]) -> dict[str, Any]:
    """What was found, as plain values: the same from a command and from a service.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> told = located("sml", SearchRegion(), [])
    >>> told["region"]["distance_m"], told["summary"]
    ([0.5, 10.0], {'scenes': 0, 'orders': {}, 'success': None})

    Args:
        name: of the estimator.
        region: the field of view that was searched.
        findings: one per scene.
    """
    angles = {key: [round(math.degrees(x), 9) for x in vars(region)[key]] for key in ("azimuth", "elevation")}
    return {
        "estimator": name,
        "region": {
            "azimuth_deg": angles["azimuth"],
            "elevation_deg": angles["elevation"],
            "distance_m": list(region.distance),
        },
        "scenes": [finding.to_json() for finding in findings],
        "summary": summary_of(findings),
    }


def _advice(estimate: Estimate, row: int) -> list[dict[str, str]]:
    """Everything that is to be said about a scene, with its cause and the next move."""
    said = (estimate.status[row],) if estimate.fit is None else estimate.fit.findings[row]
    return [{"status": s.value, "cause": s.cause, "next": s.move} for s in said if s.cause]


def _named(values: Sequence[float]) -> dict[str, float | None]:
    """(azimuth, elevation, distance) in degrees, degrees and metres, by name."""
    return {key: _finite(value * factor) for (key, factor), value in zip(_UNITS.items(), values, strict=True)}


def _flat(source: dict[str, Any]) -> dict[str, Any]:
    """The position's coordinates at the top, everything else below its name."""
    return source["position"] | {key: value for key, value in source.items() if key != "position"}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
