"""How a fast polish is done and stated: single precision where the noise allows it, positions and deviations."""

import torch

from ..bounds import estimated_deviations
from ..estimate import Estimate, SearchRegion
from ..estimate.fit.certainty.freedom import widening
from ..estimate.ml.hypothesis import Hypothesis, joined
from ..estimate.ml.levenberg import Local
from ..estimate.ml.polish import Compact, Known, Polished, compact
from ..estimate.ml.stochastic import SINGLE
from ..estimate.normalise import Scaled
from ..estimate.outcome import ending_of
from ..physics import chart_of


def polished(
    scenes: Compact, scaled: Scaled, start: Hypothesis | Known, updates: int, region: SearchRegion
) -> Polished:
    """At most so many joint updates, in double precision where there is too little noise for single.

    Args:
        scenes: in single precision.
        scaled: the same scenes.
        start: sources with powers and noise; of what is known about them, what was found in single precision counts.
        updates: 0 only states the information at the start.
        region: the field of view.
    """
    known = start if isinstance(start, Known) else Known(start)
    given = known.hypothesis
    quiet = given.log_noise.exp() < SINGLE
    if not bool(quiet.any()):
        return scenes.polish(known, updates)
    rows = torch.nonzero(quiet).squeeze(-1)
    exact = compact(scaled[rows].observation.to(dtype=torch.complex128), region).polish(given[rows], updates)
    if len(rows) == len(quiet):
        return exact
    others = torch.nonzero(~quiet).squeeze(-1)
    rough = scenes.of(others).polish(known[others], updates)
    back = torch.cat([rows, others]).argsort()
    information = torch.cat([exact.information, rough.information])[back]
    local = Local(
        **{name: torch.cat([value, vars(rough.local)[name]])[back] for name, value in vars(exact.local).items()}
    )
    return Polished(joined([exact.hypothesis, rough.hypothesis])[back], information, local)


def stated(end: Polished, scaled: Scaled, region: SearchRegion) -> Estimate:
    """Positions, powers and deviations in the units of the observation, strongest source first.

    Args:
        end: of a polish.
        scaled: the scenes.
        region: the field of view.
    """
    found, array = end.hypothesis, scaled.observation.array
    positions = region.reported(found.cosines, array)
    chart, coordinates = chart_of(positions, array)
    bound = estimated_deviations(coordinates, end.information, chart, region.fixed)
    deviations = bound.deviations * widening(scaled.observation, positions.shape[1], region.fixed)
    strongest = found.log_powers.argsort(dim=1, descending=True)
    places = strongest[..., None].expand(-1, -1, 3)
    positions, deviations = positions.gather(1, places), deviations.gather(1, places)
    measured, channel = scaled.measured.double(), scaled.channel.double()
    return Estimate(
        positions=positions,
        order=torch.full_like(strongest[:, 0], strongest.shape[1]),
        powers=found.log_powers.exp().gather(1, strongest) * (measured / channel)[:, None],
        deviations=deviations,
        noise_variance=found.log_noise.exp() * measured,
        status=ending_of(found.converged, deviations, array),
    )
