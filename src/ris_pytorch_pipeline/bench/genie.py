"""What is compared besides the estimators: the genie that starts at the truth; and where all of them look."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..estimate import Estimate, KnownMl, MixedMl, PilotMl, SearchRegion, Sml, likelihood_for
from ..physics import Observation, Scenario, Truth, ends
from ..shapes import Positions


@runtime_checkable
class Refiner(Protocol):
    """Anything that improves given positions by a likelihood, without a search.

    >>> from ris_pytorch_pipeline.estimate import PilotMl, Sml
    >>> isinstance(Sml(), Refiner), isinstance(PilotMl(), Refiner)
    (True, True)
    """

    def refine(self, observation: Observation, positions: Positions) -> Estimate:
        """The optimum that the given positions lead to."""
        ...


@dataclass(frozen=True, kw_only=True)
class GenieStart:
    """Maximum likelihood started at the true positions: what a perfect search would reach.

    Not an estimator: it is told K and the positions. Below the threshold SNR it is optimistic, because the optimum
    near the truth need not be the global one.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import Sml
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> genie = GenieStart(refiner=Sml())
    >>> found = genie(trial.scenes.observation, trial.scenes.truth)
    >>> bool(((found.positions - trial.scenes.truth.positions) / trial.bound.deviations).abs().max() < 5)
    True

    Args:
        refiner: the likelihood estimator that polishes the truth.
    """

    refiner: Refiner

    def __call__(self, observation: Observation, truth: Truth) -> Estimate:
        """Refine the truth of the same scenes."""
        return self.refiner.refine(observation, truth.positions)


def genie_for(scenario: Scenario, region: SearchRegion) -> GenieStart:
    """The genie of the scenario's symbols: the likelihood that `likelihood_for` names.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("pilot")
    >>> type(genie_for(scenario, region_of(scenario)).refiner).__name__
    'PilotMl'
    """
    refiners: dict[str, Refiner] = {
        "sml": Sml(region=region), "pilot": PilotMl(region=region), "known": KnownMl(region=region),
        "mixed": MixedMl(region=region),
    }  # fmt: skip
    return GenieStart(refiner=refiners[likelihood_for(scenario.symbol_model)])


def region_of(scenario: Scenario) -> SearchRegion:
    """The field of view in which a scenario's sources lie, without its hidden knowledge.

    A coordinate that the scenario fixes is searched over the default field of view, widened to hold it: the bound
    counts every coordinate as unknown, so an estimator that were told one would beat it.

    >>> import math
    >>> from ris_pytorch_pipeline.physics import preset
    >>> region = region_of(preset("random", azimuth_deg=(-30.0, 30.0), distance=2.0))
    >>> round(math.degrees(region.azimuth[1])), region.distance  # degrees; metres, of which no estimator is told
    (30, (0.5, 10.0))
    """
    usual = SearchRegion()
    return SearchRegion(
        azimuth=_searched(scenario.azimuth_deg, math.pi / 180, usual.azimuth),
        elevation=_searched(scenario.elevation_deg, math.pi / 180, usual.elevation),
        distance=_searched(scenario.distance, 1.0, usual.distance),
    )


def _searched(span: float | tuple[float, float], unit: float, usual: tuple[float, float]) -> tuple[float, float]:
    """The span in SI units, or the usual span widened to hold it when it is a single value."""
    low, high = (end * unit for end in ends(span))
    return (low, high) if low < high else (min(low, usual[0]), max(high, usual[1]))
