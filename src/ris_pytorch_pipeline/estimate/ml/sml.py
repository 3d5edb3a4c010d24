"""How sources of random symbols are located by coded maximum likelihood."""

from dataclasses import dataclass

from ...physics import Observation
from ..amplitudes import not_known
from ..fit.counting.rare_gain import POSITION, gain_as_rare
from ..grid import search_grid
from .large.outline import outline_bytes, outlined
from .maximum_likelihood import MaximumLikelihood
from .scanning.gridscan import scan_bytes
from .stochastic import StochasticLikelihood

_POWER = 0.5
"""The power of a source, as a number of complex unknowns."""


@dataclass(frozen=True, kw_only=True)
class Sml(MaximumLikelihood[StochasticLikelihood]):
    """Stochastic maximum likelihood for random symbols: NLL = Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l.

    Greedy addition on the grid by the exact one-source gain, cyclic re-detection with several candidates, joint Fisher
    scoring over (u, w, q, log p, log σ²). It reaches the stochastic Cramér-Rao bound at 5 dB and above. On constant
    symbols it is the noncoherent estimator: valid, and worse than `PilotMl`.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=1, seed=0)
    >>> found = ris.Sml()(scenes.observation)  # sources=2 tells it their number
    >>> found.order.tolist(), found.status[0].value
    ([2], 'converged')

    What a search asks of one more source, on its grid and on a finer one:

    >>> sml, seen = ris.Sml(), scenes.observation
    >>> likelihood, fine = sml.likelihood(seen), search_grid(sml.region, seen.array, oversampling=2.0)
    >>> likelihood.grid.size, fine.size
    (2740, 19513)
    >>> sml.threshold_on(likelihood.grid), round(sml.threshold_on(fine), 2)  # τ + 2 log(n / 2740)
    (21.0, 24.93)
    >>> round(sml.needed(seen, 0), 2), round(sml.needed_on(seen, fine)(0), 2)  # more than τ: 16 snapshots are few
    (21.13, 25.06)
    >>> sml.start(likelihood, scenes.truth.positions).hypothesis.cosines.shape  # (u, w, q) of two sources
    torch.Size([1, 2, 3])
    >>> sml.at_a_time(seen), sml.scene_bytes(seen) == 4 * 33 * 16 * 2740  # scenes; bytes of 16 snapshots and the grid
    (32, True)
    """

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "sml"

    def needed(self, observation: Observation, given: int) -> float:
        """The gain 2 ΔNLL that one more source beside k given ones needs: τ, and more of few measurements.

        A loud source of random symbols gains -2 n log(1 - s): n = L (M - 1) numbers are beside its symbols, and s is
        the share of them that a position and a power take. Of noise s ~ Beta(2, n - 2 (k + 1)), and P(gain > τ_n) =
        P(χ²_4 > τ). One antenna hears no such source, see `Status.UNTESTED`.
        """
        _, blocks, antennas = observation.blocks.shape
        if antennas == 1:
            return self.threshold
        added = POSITION + _POWER
        return gain_as_rare(self.threshold, added, added, blocks * (antennas - 1), (given + 1) * added)

    def likelihood(self, scaled: Observation) -> StochasticLikelihood:
        """The stochastic likelihood of scaled scenes.

        Raises:
            InputError: the observation says that symbols are known.
        """
        not_known(scaled)
        return StochasticLikelihood(scaled, self.region)

    def scene_bytes(self, observation: Observation) -> int:
        """What a scan sees and makes of it; of a large panel its outline."""
        grid, blocks = search_grid(self.region, observation.array), observation.blocks.shape[1]
        return outline_bytes(observation, grid) if outlined(observation.array) else scan_bytes(blocks, grid)
