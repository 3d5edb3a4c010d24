"""Which estimators compete, by name: a table of factories, and the genie that starts at the truth."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, Protocol, runtime_checkable

from ..errors import ConfigurationError
from ..estimate import (
    BackProjected,
    Bartlett,
    Estimate,
    Estimator,
    ModifiedMusic,
    Music,
    Mvdr,
    Omp,
    PilotMl,
    SearchRegion,
    Sml,
    SparseBayesian,
)
from ..physics import Observation, Scenario, Truth, ends
from ..shapes import Positions

Need = Literal["pilot symbols", "a lattice", "one wavelength"]
"""What an estimator asks of the measurements."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An estimator that works on measurements alone.

    Args:
        name: by which commands call it.
        build: the field of view -> the estimator.
        needs: what it asks of the measurements.
    """

    name: str
    build: Callable[[SearchRegion], Estimator]
    needs: tuple[Need, ...] = ()


CONTENDERS: dict[str, Contender] = {
    entry.name: entry
    for entry in (
        Contender(name="sml", build=lambda region: Sml(region=region)),
        Contender(name="pilot", build=lambda region: PilotMl(region=region), needs=("pilot symbols",)),
        Contender(
            name="bp-music",
            build=lambda region: BackProjected(spectral=Music(region=region)),
            needs=("one wavelength",),
        ),
        Contender(
            name="bp-mvdr",
            build=lambda region: BackProjected(spectral=Mvdr(region=region, loading=1.0)),
            needs=("one wavelength",),
        ),
        Contender(
            name="bp-bartlett",
            build=lambda region: BackProjected(spectral=Bartlett(region=region)),
            needs=("one wavelength",),
        ),
        Contender(
            name="modified-music",
            build=lambda region: ModifiedMusic(region=region),
            needs=("a lattice", "one wavelength"),
        ),
        Contender(name="omp", build=lambda region: Omp(region=region), needs=("one wavelength",)),
        Contender(name="sbl", build=lambda region: SparseBayesian(region=region), needs=("one wavelength",)),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new estimator needs."""

GENIE = "genie"
"""Name of the reference that is told the truth; no contender, and no use outside a benchmark."""


@runtime_checkable
class Refiner(Protocol):
    """Anything that improves given positions by a likelihood, without a search."""

    def refine(self, observation: Observation, positions: Positions) -> Estimate:
        """The optimum that the given positions lead to."""
        ...


@dataclass(frozen=True, kw_only=True)
class GenieStart:
    """Maximum likelihood started at the true positions: what a perfect search would reach.

    Not an estimator: it is told K and the positions. Below the threshold SNR it is optimistic, because the optimum
    near the truth need not be the global one.

    Args:
        refiner: the likelihood estimator that polishes the truth.
    """

    refiner: Refiner

    def __call__(self, observation: Observation, truth: Truth) -> Estimate:
        """Refine the truth of the same scenes."""
        return self.refiner.refine(observation, truth.positions)


def genie_for(scenario: Scenario, region: SearchRegion) -> GenieStart:
    """The genie of the scenario's symbols: `Sml` for random ones, `PilotMl` for constant ones."""
    return GenieStart(refiner=Sml(region=region) if scenario.symbol_model == "random" else PilotMl(region=region))


def contender(name: str, region: SearchRegion, further: Sequence[str] = ()) -> Estimator:
    """The named estimator.

    Args:
        name: out of `CONTENDERS`.
        region: where it searches.
        further: names that the caller knows besides, for the error.

    Raises:
        ConfigurationError: no estimator has this name.
    """
    if name not in CONTENDERS:
        close = get_close_matches(name, [*further, *CONTENDERS, GENIE], n=1)
        raise ConfigurationError(
            f"an estimator out of {', '.join([*further, *CONTENDERS])}",
            repr(name),
            "the genie is told the truth and only runs in a benchmark" if name == GENIE else "a misspelt name",
            f"did you mean {close[0]!r}?" if close and close[0] != name else "pick one of the known names",
        )
    return CONTENDERS[name].build(region)


def region_of(scenario: Scenario) -> SearchRegion:
    """The field of view in which a scenario's sources lie, without its hidden knowledge.

    A coordinate that the scenario fixes is searched over the default field of view, widened to hold it: the bound
    counts every coordinate as unknown, so an estimator that were told one would beat it.
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
