"""How a prediction becomes an estimate without a search: candidates that explain the measurements, and a polish."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..data import Inputs
from ..errors import ConfigurationError
from ..estimate import Estimate, SearchRegion, joined_estimates
from ..estimate.ml.hypothesis import Hypothesis
from ..estimate.ml.polish import Compact, Known, Polished, compact
from ..estimate.normalise import Scaled, scale
from ..nets import Beamspace, Prediction
from ..shapes import Cosines, Counts
from .choice import Choice, Chooser, chosen, missed
from .effort import Evidence
from .polishing import polished, stated

_ODDS = 8.0
"""Log odds of a candidate count up to here: no network is surer than that."""
_FIRST = 2
"""Updates before the beams look again at what the sources leave."""
_PROMISING = 0.25
"""Part of what the weakest source is worth that one more must gain to be tried in its place."""


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """The candidates that together explain the measurements best, chosen and polished by the likelihood.

    Candidates are those of the heat-map, and the places that the beams took for sources. One after the other is taken
    that raises the log-likelihood and its own log odds most; then the exchange of one that gains most is made, until
    none gains. Powers and σ² come with them, so that a polish starts at once. After two updates the beams look once
    more at what the sources leave: where one more source would gain a quarter of what the weakest is worth, it is put
    in, all are updated, and the one that is missed least is left out.

    >>> from ris_pytorch_pipeline.localise import Localiser
    >>> by_likelihood = Localiser.reference(estimator=Explaining(odds=0.0))  # what the network believes has no say
    >>> by_likelihood.estimator.name, by_likelihood.estimator.odds
    ('candidates that explain', 0.0)

    Args:
        sweeps: most exchanges among the candidates, in multiples of K.
        odds: weight of a candidate's log odds against nats of the likelihood; 0 leaves the choice to the likelihood.
        looks: how often the beams look again.

    Raises:
        ConfigurationError: a negative number.
    """

    sweeps: int = 1
    odds: float = 1.0
    looks: int = 1

    def __post_init__(self) -> None:
        if self.sweeps < 0 or self.looks < 0 or not self.odds >= 0:
            got = f"{self.sweeps}, {self.odds} and {self.looks}"
            raise ConfigurationError("sweeps, odds and looks >= 0", got, "a sign", "pass 0")

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "candidates that explain"

    def located(
        self,
        beams: Beamspace,
        prediction: Prediction,
        inputs: Inputs,
        region: SearchRegion,
        counts: Counts,
        polish: int,
    ) -> tuple[Estimate, Evidence]:
        """The estimates after `polish` joint updates, and what speaks for them.

        >>> import ris_pytorch_pipeline as ris
        >>> from ris_pytorch_pipeline.data import inputs_from
        >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=2, seed=0)
        >>> localiser = ris.Localiser.reference()
        >>> inputs = inputs_from(scenes.observation, localiser.net.config.array)
        >>> asked = localiser.net.beams, localiser.predict(scenes.observation), inputs, localiser.region
        >>> found, evidence = Explaining().located(*asked, scenes.truth.sources, polish=10)
        >>> bool(ris.matched(found, scenes.truth).found.all()), evidence.spare < 30  # one more would gain little
        (True, tensor([True, True]))

        Args:
            beams: of the network.
            prediction: of the network.
            inputs: what it was given.
            region: the field of view.
            counts: (scene,), K, or 0 for scenes to leave out.
            polish: most updates.
        """
        scaled, (pool, favour) = scale(inputs.observation, torch.complex64), self._pool(prediction)
        every = compact(scaled.observation, region)
        parts, evidence, order = [], [], []
        for count in counts[counts > 0].unique().tolist():
            rows = torch.nonzero(counts == count).squeeze(-1)
            whole = len(rows) == len(counts)
            mine = Group(
                beams,
                inputs if whole else inputs[rows],
                scaled if whole else scaled[rows],
                region,
                every if whole else every.of(rows),
            )
            choice = self._chosen(mine, pool[rows], favour[rows], count)
            end, seen = self._polished(mine, _start(pool[rows], choice), polish)
            parts.append(stated(end, mine.scaled, region))
            evidence.append(_evidence(choice, favour[rows], end, mine.inputs.log_noise, seen))
            order.append(rows)
        back = torch.cat(order).argsort()
        said = Evidence(**{n: torch.cat([vars(e)[n] for e in evidence])[back] for n in vars(evidence[0])})
        return joined_estimates(parts)[back], said

    def _pool(self, prediction: Prediction) -> tuple[Cosines, Tensor]:
        """All candidates and what speaks for each beforehand; empty ones are left out of every choice."""
        candidates = prediction.candidates.detach()
        favour = self.odds * prediction.scores.detach().clamp(-_ODDS, _ODDS)
        favour = favour.masked_fill(prediction.scores.isneginf(), -torch.inf)
        if prediction.places is not None:
            places = prediction.places
            candidates = torch.cat([candidates, places], dim=1)
            favour = torch.cat([favour, torch.zeros_like(places[..., 0])], dim=1)
        direction, q = candidates[..., :-1], candidates[..., -1:]
        if not prediction.grid.angles:
            direction = direction / (direction.norm(dim=-1, keepdim=True) / 0.99).clamp_min(1)
        return torch.cat([direction, q.clamp_min(0.5 * float(prediction.grid.q.min()))], dim=-1), favour

    def _chosen(self, scenes: "Group", pool: Cosines, favour: Tensor, count: int) -> Choice:
        chooser = Chooser(*scenes.compact.candidates(pool), scenes.inputs.log_noise.exp(), favour)
        return chosen(chooser, count, self.sweeps, scenes.compact.equations)

    def _polished(
        self, scenes: "Group", start: Hypothesis, polish: int
    ) -> tuple[Polished, tuple[Tensor, Tensor] | None]:
        """The polish with its looks; and what the last look saw: the weakest source's worth and one more's."""
        seen, known = None, Known(start)
        for _ in range(self.looks if polish else 0):
            first = polished(scenes.compact, scenes.scaled, known, min(polish, _FIRST), scenes.region)
            start, changed, seen = scenes.looked_again(first.hypothesis)
            local = first.local if start.cosines.shape[-1] == 3 else None  # a deep array has other coordinates by now
            known = Known(start, local, changed)
        left = polish - _FIRST if seen is not None else polish
        return polished(scenes.compact, scenes.scaled, known, max(left, 0), scenes.region), seen


@dataclass(frozen=True, eq=False)
class Group:
    """Scenes with the same number of sources, in the forms that their parts are needed in."""

    beams: Beamspace
    inputs: Inputs
    scaled: Scaled
    region: SearchRegion
    compact: Compact

    def looked_again(self, given: Hypothesis) -> tuple[Hypothesis, Tensor, tuple[Tensor, Tensor]]:
        """With another source in place of the weakest where that may pay; in which scenes; what both are worth."""
        powers = given.log_powers.exp()
        worth = missed(self.compact.candidates(given.cosines), powers, given.log_noise.exp())
        weakest = worth.amin(1)
        place, gain = self.beams.look_again(self.inputs, given.cosines, powers, given.log_noise)
        rows = torch.nonzero(gain > _PROMISING * weakest).squeeze(-1)
        if rows.numel() == 0:
            return given, rows, (weakest, gain)
        tried = given[rows].plus(place[rows].to(given.cosines), given.log_powers[rows].amin(1) + _FAINT)
        scenes = self.compact.of(rows)
        more = polished(scenes, self.scaled[rows], tried, _TRIES, self.region).hypothesis
        return given.replaced(rows, without_weakest(scenes, more)), rows, (weakest, gain)


_TRIES = 2
"""Updates of a trial."""
_FAINT = -0.7
"""Log power of a source that is tried, over that of the weakest one."""


def without_weakest(scenes: Compact, given: Hypothesis) -> Hypothesis:
    """The sources but the one of each scene that is missed least."""
    worth = missed(scenes.candidates(given.cosines), given.log_powers.exp(), given.log_noise.exp())
    keep = torch.ones_like(worth, dtype=torch.bool).scatter_(1, worth.argmin(1, keepdim=True), 0)
    sizes = (len(worth), worth.shape[1] - 1)
    return Hypothesis(
        given.cosines[keep].unflatten(0, sizes), given.log_powers[keep].view(sizes), given.log_noise, given.value,
        given.converged,
    )  # fmt: skip


def _start(pool: Cosines, choice: Choice) -> Hypothesis:
    """The chosen candidates as a hypothesis in double precision."""
    cosines = pool.gather(1, choice.index[..., None].expand(-1, -1, pool.shape[-1])).double()
    log_noise = choice.noise.double().clamp_min(1e-10).log()
    log_powers = choice.powers.double().clamp_min(1e-10).log()
    return Hypothesis(cosines, log_powers, log_noise, torch.zeros_like(log_noise), torch.zeros_like(log_noise).bool())


def _evidence(
    choice: Choice, favour: Tensor, end: Polished, log_noise: Tensor, seen: tuple[Tensor, Tensor] | None
) -> Evidence:
    weakest, spare = (choice.gains.amin(1), choice.spare) if seen is None else seen
    return Evidence(
        weakest=weakest.double(),
        spare=spare.double(),
        doubtful=favour.gather(1, choice.index).amin(1).double(),
        rise=end.hypothesis.log_noise - log_noise.double(),
        value=end.hypothesis.value,
    )
