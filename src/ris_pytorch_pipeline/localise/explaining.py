"""How a prediction becomes an estimate without a search: candidates that explain the measurements, and a polish."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..bounds import deviations_from_information
from ..data import Inputs
from ..errors import ConfigurationError
from ..estimate import Estimate, SearchRegion, joined_estimates
from ..estimate.ml.hypothesis import Hypothesis, joined
from ..estimate.ml.polish import SINGLE, Compact, Polished, compact
from ..estimate.normalise import Scaled, scale
from ..estimate.outcome import ending_of
from ..nets import Prediction
from ..physics import chart_of
from ..shapes import Cosines, Counts
from .choice import Choice, Chooser, chosen


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for an estimate, per scene.

    Args:
        weakest: 2 ΔNLL of the source that is missed least.
        spare: 2 ΔNLL of the best candidate that was left out.
        doubtful: least of the log odds of the candidates in use.
        rise: log of the noise variance that is left over the one that the colours of the channel show.
    """

    weakest: Float[Tensor, "scene"]  # noqa: F821
    spare: Float[Tensor, "scene"]  # noqa: F821
    doubtful: Float[Tensor, "scene"]  # noqa: F821
    rise: Float[Tensor, "scene"]  # noqa: F821


_ODDS = 8.0
"""Log odds of a candidate count up to here: no network is surer than that."""


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """The candidates that together explain the measurements best, chosen by the likelihood.

    Candidates are those of the heat-map, and the places that the beams took for sources. One after the other is taken
    that raises the log-likelihood and its own log odds most; then each is taken out in turn and the best is put in its
    place. Powers and σ² come with them, so that a polish starts at once.

    Args:
        sweeps: rounds of replacement.
        odds: weight of a candidate's log odds against nats of the likelihood; 0 leaves the choice to the likelihood.

    Raises:
        ConfigurationError: a negative number.
    """

    sweeps: int = 1
    odds: float = 1.0

    def __post_init__(self) -> None:
        if self.sweeps < 0 or not self.odds >= 0:
            raise ConfigurationError("sweeps >= 0 and odds >= 0", f"{self.sweeps}, {self.odds}", "a sign", "pass 0")

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "candidates that explain"

    def located(
        self, prediction: Prediction, inputs: Inputs, region: SearchRegion, counts: Counts, polish: int
    ) -> tuple[Estimate, Evidence]:
        """The estimate after `polish` joint updates, and what speaks for it.

        Args:
            prediction: of the network.
            inputs: what it was given.
            region: the field of view.
            counts: (scene,), at least 1.
            polish: most updates.
        """
        scaled, log_noise = scale(inputs.observation, torch.complex64), inputs.log_noise
        every = compact(scaled.observation, region)
        pool, favour = self._pool(prediction)
        parts, evidence, order = [], [], []
        for count in counts.unique().tolist():
            rows = torch.nonzero(counts == count).squeeze(-1)
            mine = every if len(rows) == len(counts) else every.of(rows)
            choice = self._chosen(mine, pool[rows], favour[rows], log_noise[rows], count)
            end = _polished(mine, scaled[rows], _start(pool[rows], choice), polish, region)
            parts.append(_stated(end, scaled[rows], region))
            evidence.append(_evidence(choice, favour[rows], end, log_noise[rows]))
            order.append(rows)
        back = torch.cat(order).argsort()
        whole = Evidence(**{n: torch.cat([vars(e)[n] for e in evidence])[back] for n in vars(evidence[0])})
        return joined_estimates(parts)[back], whole

    def _pool(self, prediction: Prediction) -> tuple[Cosines, Tensor]:
        """All candidates and what speaks for each beforehand; empty ones are left out of every choice."""
        candidates = prediction.candidates.detach()
        favour = self.odds * prediction.scores.detach().clamp(-_ODDS, _ODDS)
        favour = favour.masked_fill(prediction.scores.isneginf(), -torch.inf)
        if prediction.places is not None:
            places = prediction.places
            candidates = torch.cat([candidates, places], dim=1)
            favour = torch.cat([favour, torch.zeros_like(places[..., 0])], dim=1)
        direction, q = candidates[..., :2], candidates[..., 2:]
        direction = direction / (direction.norm(dim=-1, keepdim=True) / 0.99).clamp_min(1)
        return torch.cat([direction, q.clamp_min(0.5 * float(prediction.grid.q.min()))], dim=-1), favour

    def _chosen(self, scenes: Compact, pool: Cosines, favour: Tensor, log_noise: Tensor, count: int) -> Choice:
        chooser = Chooser(*scenes.candidates(pool), log_noise.exp(), favour)
        return chosen(chooser, count, self.sweeps, scenes.equations)


def _start(pool: Cosines, choice: Choice) -> Hypothesis:
    """The chosen candidates as a hypothesis in double precision."""
    cosines = pool.gather(1, choice.index[..., None].expand(-1, -1, 3)).double()
    log_noise = choice.noise.double().clamp_min(1e-10).log()
    log_powers = choice.powers.double().clamp_min(1e-10).log()
    return Hypothesis(cosines, log_powers, log_noise, torch.zeros_like(log_noise), torch.zeros_like(log_noise).bool())


def _polished(scenes: Compact, scaled: Scaled, start: Hypothesis, polish: int, region: SearchRegion) -> Polished:
    """At most so many updates, in double precision where there is too little noise for single."""
    quiet = start.log_noise.exp() < SINGLE
    if not bool(quiet.any()):
        return scenes.polish(start, polish)
    rows = torch.nonzero(quiet).squeeze(-1)
    exact = compact(scaled[rows].observation.to(dtype=torch.complex128), region).polish(start[rows], polish)
    if len(rows) == len(quiet):
        return exact
    others = torch.nonzero(~quiet).squeeze(-1)
    rough = scenes.of(others).polish(start[others], polish)
    back = torch.cat([rows, others]).argsort()
    information = torch.cat([exact.information, rough.information])[back]
    return Polished(joined([exact.hypothesis, rough.hypothesis])[back], information)


def _stated(end: Polished, scaled: Scaled, region: SearchRegion) -> Estimate:
    """Positions, powers and deviations in the units of the observation, strongest source first."""
    found, array = end.hypothesis, scaled.observation.array
    positions = region.reported(found.cosines, array)
    chart, coordinates = chart_of(positions, array)
    deviations = deviations_from_information(coordinates, end.information, chart, region.fixed).deviations
    strongest = found.log_powers.argsort(dim=1, descending=True)
    positions, deviations = (
        x.gather(1, strongest[..., None].expand(-1, -1, 3)) for x in (positions, deviations)
    )  # fmt: skip
    powers = found.log_powers.exp().gather(1, strongest)
    measured, channel = scaled.measured.double(), scaled.channel.double()
    return Estimate(
        positions=positions,
        order=torch.full_like(strongest[:, 0], strongest.shape[1]),
        powers=powers * (measured / channel)[:, None],
        deviations=deviations,
        noise_variance=found.log_noise.exp() * measured,
        status=ending_of(found.converged, deviations, array),
    )


def _evidence(choice: Choice, favour: Tensor, end: Polished, log_noise: Tensor) -> Evidence:
    return Evidence(
        weakest=choice.gains.amin(1).double(),
        spare=choice.spare.double(),
        doubtful=favour.gather(1, choice.index).amin(1).double(),
        rise=end.hypothesis.log_noise - log_noise.double(),
    )
