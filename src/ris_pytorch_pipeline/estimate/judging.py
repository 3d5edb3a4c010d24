"""Does the model explain what an estimator of any kind found? Its positions lead to an optimum, which is judged."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool
from torch import Tensor

from ..matching import gather_found, match, occupied
from ..physics import Array, Observation, to_cosines, to_positions
from ..shapes import Counts, Mask, Positions
from .estimate import Estimate, Mode, Status
from .fit.verdict import judge
from .grid import search_grid
from .joining import joined_estimates
from .ml.maximum_likelihood import MaximumLikelihood
from .ml.pilots.pilot_ml import PilotMl
from .ml.search import needed_by
from .ml.sml import Sml
from .normalise import scale
from .outcome import nothing_aside
from .region import SearchRegion
from .told import UsesSequences

_ENDFIRE = 1 - 1e-9
"""Largest direction cosine from which a likelihood starts: at 1 an azimuth is π/2, which is in front no more."""
_ANYWHERE = 1e9
"""Grid steps beyond which two places are not compared."""
_ASIDE, _ALONG = 0.75, 1.0
"""Steps of the search grid, in direction and in inverse distance, that an honest coarse position is from its optimum.
The nearest grid point is half a step away, and half as much again where two are as good. Along a direction a beam tells
less, and other sources shift its peaks more. `benchmarks/judged_estimators.py` counts right positions beyond."""


@runtime_checkable
class StatesFit(Protocol):
    """An estimator that states its own fit, or is told not to; one of one's own says so by this attribute.

    >>> isinstance(Sml(), StatesFit), Sml(fit=False).fit
    (True, False)

    Args:
        fit: whether it does.
    """

    fit: bool


@dataclass(frozen=True, kw_only=True)
class Judging:
    """An estimator whose estimates are judged; those that come with a fit stay as they are.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate import Omp
    >>> scenes = ris.simulate(ris.preset("random", sources=1, snr_db=20.0), scenes=1, seed=0)
    >>> mine = Judging(name="mine", estimator=Omp(fit=False), region=ris.SearchRegion())
    >>> mine(scenes.observation, 1).fit.p_value > 0.005
    tensor([True])

    Args:
        name: short, for tables.
        estimator: an observation, and how many sources -> what was found.
        region: the field that it searches.
    """

    name: str
    estimator: Callable[..., Estimate]
    region: SearchRegion

    @property
    def uses_sequences(self) -> bool:
        """Whether the estimator is told known symbols, see `UsesSequences`."""
        return isinstance(self.estimator, UsesSequences) and self.estimator.uses_sequences

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene, and judge.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to estimate it.
        """
        return judged(self.estimator(observation, sources), observation, self.region)


def states_fit(estimator: object) -> bool:
    """Whether an estimator decides itself about its fit, by an attribute `fit`."""
    return isinstance(estimator, StatesFit) and isinstance(estimator.fit, bool)


def judged(estimate: Estimate, observation: Observation, region: SearchRegion) -> Estimate:
    """The estimate with its fit and with statuses from it; positions, powers and ± stay as they are.

    A residual test at the positions would refuse honest coarse ones: a grid is off by half a step, and at 20 dB what
    that leaves over is no white noise. So the likelihood of the symbols is followed from the positions to its optimum,
    without a search, and the fit is that of the optimum, by the tests and levels of `Sml` and `PilotMl`: it judges the
    model. The estimator is judged by the way there: a source whose optimum is further away than the search grid is fine
    (0.75 steps of half a beamwidth, or one of half a depth of focus) is `Status.OFF`. Symbols that are called random
    and do not change are a misfit. Known symbols are taken for random ones.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate import Omp
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1, snr_db=20.0), scenes=1, seed=0)
    >>> found = judged(Omp(fit=False)(scenes.observation, sources=1), scenes.observation, ris.SearchRegion())
    >>> found.status[0].value, bool((found.fit.explained - found.fit.expected).abs() < 0.05)
    ('converged', True)

    Args:
        estimate: of any estimator; one with a fit stays as it is.
        observation: the scenes.
        region: the field that was searched.
    """
    if estimate.fit is not None or len(estimate) == 0:
        return estimate
    seen = observation.untold()
    known = (estimate.order > 0) & (estimate.order <= seen.most_sources)
    parts, rows = [], []
    for case, chosen in ((_followed, known), (_in_place, ~known)):
        index = torch.nonzero(chosen).squeeze(-1)
        if index.numel():
            parts.append(case(estimate[index], seen[index], region))
            rows.append(index)
    return joined_estimates(parts)[torch.cat(rows).argsort()]


def _likelihood(observation: Observation, region: SearchRegion) -> MaximumLikelihood:
    return PilotMl(region=region) if observation.symbols == "pilot" else Sml(region=region)


def _followed(estimate: Estimate, observation: Observation, region: SearchRegion) -> Estimate:
    """Scenes judged at the optimum that their positions lead to."""
    array = observation.array
    given, there = _cosines(estimate.positions, array)
    end = _likelihood(observation, region).refine(observation, _in_front(given, there, estimate.positions, array))
    optima, kept = _cosines(end.positions, array)
    *across, along = search_grid(region, array).steps
    limits = given.new_tensor([*(_ASIDE * step for step in across), _ALONG * along])
    apart = ((given[:, :, None] - optima[:, None]) / limits).abs().amax(-1)
    partner = match(apart, there, kept, _ANYWHERE)
    off = ((given - gather_found(optima, partner)) / limits).abs().amax(-1) > 1  # False of NaN: empty slots
    return _stated(estimate, end, partner, off.any(-1))


def _in_place(estimate: Estimate, observation: Observation, region: SearchRegion) -> Estimate:
    """Scenes without a source, or with more than the measurements identify, judged as they are."""
    scaled, likelihood = scale(observation), _likelihood(observation, region)
    needed = likelihood.needed_on(scaled.observation, search_grid(region, observation.array))
    each = needed_by(estimate.order, needed).to(scaled.measured)
    exact = replace(estimate, positions=estimate.positions.double(), powers=estimate.powers.double())
    found = judge(scaled, exact, nothing_aside(estimate.order), region, needed(0), each, counting=False).estimate
    return replace(estimate, fit=found.fit, status=found.status)


def _cosines(positions: Positions, array: Array) -> tuple[Tensor, Mask]:
    """Cosines, anything in empty slots, and which slots hold a source."""
    there = occupied(positions)
    safe = torch.where(there[..., None], positions, torch.ones_like(positions)).double()
    return to_cosines(safe, array.to(dtype=torch.float64)), there


def _in_front(cosines: Tensor, there: Mask, positions: Positions, array: Array) -> Positions:
    """Positions that a likelihood starts from: of a flat array those in front, which it does not tell from behind."""
    if array.dimension != 2:
        return positions.double()
    across = cosines[..., :2].norm(dim=-1, keepdim=True)
    inside = torch.cat([cosines[..., :2] * (_ENDFIRE / across.clamp_min(_ENDFIRE)), cosines[..., 2:]], dim=-1)
    return to_positions(inside, array.to(dtype=torch.float64)).masked_fill(~there[..., None], torch.nan)


def _stated(
    estimate: Estimate,
    end: Estimate,
    partner: Tensor,
    off: Bool[Tensor, "scene"],  # noqa: F821
) -> Estimate:
    """The fit of the optimum, source by source as in the estimate, and what is to be said of both."""
    if end.fit is None:
        return estimate
    fit, findings, modes = end.fit, [], []
    for row, said in enumerate(fit.findings):
        own = (*([Status.OFF] if bool(off[row]) else []), estimate.status[row])
        findings.append(_together(said, own))
        modes.append(_renumbered(fit.modes[row], partner[row].tolist()))
    evidence = gather_found(fit.evidence[..., None], partner)[..., 0]
    fit = replace(fit, evidence=evidence, findings=tuple(findings), modes=tuple(modes))
    return replace(estimate, fit=fit, status=tuple((*said, Status.CONVERGED)[0] for said in findings))


def _together(model: tuple[Status, ...], own: tuple[Status, ...]) -> tuple[Status, ...]:
    """What is said of the model, then of the estimate; that a source is weak comes last.

    How many iterations the judge took is nothing that the estimate is answerable for.
    """
    said = {*model, *own} - {Status.CONVERGED}
    if Status.ITERATION_LIMIT not in own:
        said -= {Status.ITERATION_LIMIT}
    order = (*(s for s in model if s is not Status.WEAK), *own, *model)
    return tuple(status for status in dict.fromkeys(order) if status in said)


def _renumbered(modes: tuple[Mode, ...], partner: list[int]) -> tuple[Mode, ...]:
    """Other answers with the numbers that the sources have in the estimate."""
    return tuple(replace(mode, source=partner.index(mode.source)) for mode in modes if mode.source in partner)
