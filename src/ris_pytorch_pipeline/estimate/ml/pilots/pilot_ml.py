"""How sources of constant symbols are located by coded maximum likelihood."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ....errors import InputError
from ....physics import Observation
from ...fit.counting.rare_gain import POSITION, gain_as_rare
from ...grid import search_grid
from ..hypothesis import Hypothesis, Rows
from ..large.outline import outline_bytes, outlined
from ..maximum_likelihood import MaximumLikelihood
from ..scanning.gridscan import scan_bytes
from ..search import add_source, better_of, cycle, escape, search_known
from ..stochastic import StochasticLikelihood
from .likelihood import PilotLikelihood, pilot_grid
from .pairs import MOST_POINTS, merged_pairs, redetect_pairs

_NEARLY = 0.75
"""Part of the detection threshold from which on what is left over says that something was missed: at the right optimum
of eleven line scenes it was 0.1 to 0.7, at wrong ones 0.4 to 6."""

_WARY = 25.0
"""Times `margin` that is asked on small grids, where pilots interfere and pairs are cheap: of line scenes with three
pilots 3 of 40 were missed where ten times the gain was asked for, and none of 60 with a hundred times."""


@dataclass(frozen=True, kw_only=True)
class PilotMl(MaximumLikelihood[PilotLikelihood]):
    """Maximum likelihood for symbols that are constant over the block: variable projection, f = Σ ‖P⊥(B) y‖².

    The coherent likelihood is sharp and has many local optima. A scene is in doubt if its weakest source does not stand
    `margin` times their number above what a further source would gain, if that would nearly be detected, or if two
    sources have merged. It is searched again from a noncoherent start; if it is still in doubt, with two sources at a
    time re-detected together, and by adding sources and dropping as many. The best likelihood is kept.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", sources=2, snr_db=20.0), scenes=1, seed=0)
    >>> found = ris.matched(ris.PilotMl()(scenes.observation, sources=2), scenes.truth)
    >>> bool((found.error.abs() < 5 * found.deviations).all())
    True
    >>> pilot, seen = ris.PilotMl(), scenes.observation
    >>> round(pilot.needed(seen, 0), 2), round(pilot.needed(seen, 5), 2)  # gain of a first source, and of a sixth
    (28.19, 29.65)
    >>> pilot.likelihood(seen).grid.size, pilot.scene_bytes(seen) // 2**20  # points, MiB
    (2740, 5)

    Args:
        threshold: τ of many measurements at one wavelength; fewer, and more wavelengths, ask for more, see `needed`.
        margin: least ratio of the weakest source's gain to the largest gain of a further one for a scene to be trusted,
            per source; 25 times that on grids of at most 1000 points. With 10 for any number the same scenes of 3072
            were found right (K = 2 and 3, 1 to 16 antennas, 0 to 10 dB, `benchmarks/pilot_margin.py`).
        escapes: numbers of sources to add and drop, in turn, while a scene is in doubt.
    """

    threshold: float = 28.0
    margin: float = 2.0
    escapes: tuple[int, ...] = (2,)
    hope: ClassVar[float] = 1.5
    """Of 1500 scenes with five pilots at 5 dB 1196 are found right, as with 2; with 1 it is 1189, in 5 % less time."""

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "pilot"

    def likelihood(self, scaled: Observation) -> PilotLikelihood:
        """The pilot likelihood of scaled scenes.

        Raises:
            InputError: the observation says that symbols are random.
        """
        if scaled.symbols != "pilot":
            raise InputError(
                "symbols that are constant over the block ('pilot')",
                f"symbols {scaled.symbols!r}",
                "the estimator for pilots called on random symbols",
                "use Sml, or pass symbols='pilot' if they really are constant",
            )
        return PilotLikelihood(scaled, self.region)

    def scene_bytes(self, observation: Observation) -> int:
        """The Gram matrix and the energies, and the scan of a scene that is searched noncoherently."""
        _, blocks, antennas = observation.blocks.shape
        grid, array = pilot_grid(self.region, observation.array), observation.array
        elements, frequencies = len(array), array.frequencies
        if outlined(array):
            return 24 * min(blocks * antennas, elements) * elements + outline_bytes(observation, grid)
        return 16 * frequencies * elements**2 + 4 * frequencies * grid.size + scan_bytes(blocks, grid)

    def needed(self, observation: Observation, given: int) -> float:
        """τ of many measurements at one wavelength; of fewer, or of F wavelengths, the gain of a chance as rare.

        One more source adds F complex symbols and a position. Of noise it takes a share s ~ Beta(F + 3/2, n - (k + 1)
        (F + 3/2)) of the residual of n equations beside k sources, and gains -2 n log(1 - s). P(gain > τ_F) =
        P(χ²_5 > τ). It is infinite where one more source has as many unknowns as there are equations.
        """
        _, blocks, antennas = observation.blocks.shape
        added = observation.array.frequencies + POSITION
        return gain_as_rare(self.threshold, 1 + POSITION, added, blocks * antennas, (given + 1) * added)

    def _find(self, likelihood: PilotLikelihood, rows: Rows, sources: int) -> Hypothesis:
        """Search coherently; search doubtful scenes again from a noncoherent start, from pairs, then by escapes.

        A single source hides behind no other: the grid shows its likelihood itself, and of 330 second searches of
        scenes with 1 to 4 antennas one found a better optimum.
        """
        best = search_known(likelihood, rows, sources, self.searching)
        others = (self._noncoherent, self._paired, *(self._escaped(extra) for extra in self.escapes))
        for other_start in others if sources > 1 else ():
            weak = torch.nonzero(self._doubtful(likelihood, rows, best)).squeeze(-1)
            if weak.numel() == 0:
                return best
            start = other_start(likelihood, rows[weak], best[weak])
            best = best.replaced(weak, better_of(best[weak], cycle(likelihood, rows[weak], start, self.searching)))
        return best

    def _doubtful(self, likelihood: PilotLikelihood, rows: Rows, given: Hypothesis) -> Tensor:
        """True where the weakest source does not stand out, one more would nearly be detected, or two have merged."""
        left = likelihood.scan(rows, given)[0].amax(1)
        few = search_grid(self.region, likelihood.observation.array).size <= MOST_POINTS
        margin = self.margin * given.cosines.shape[1] * (_WARY if few else 1.0)
        faint = likelihood.source_gains(rows, given).amin(1) < margin * left
        needed = self.needed_on(likelihood.observation, likelihood.grid)(given.cosines.shape[1])
        return faint | (left > _NEARLY * needed) | merged_pairs(likelihood, given)

    def _paired(self, likelihood: PilotLikelihood, rows: Rows, given: Hypothesis) -> Hypothesis:
        """The same with two sources at a time put where both together explain most, on small grids."""
        grid = search_grid(self.region, likelihood.observation.array)
        if given.cosines.shape[1] < 2 or grid.size > MOST_POINTS:
            return given
        return redetect_pairs(likelihood, rows, given, grid, self.searching)

    def _escaped(self, extra: int) -> Callable[[PilotLikelihood, Rows, Hypothesis], Hypothesis]:
        """Escapes by a number of sources that are added and dropped."""
        return lambda likelihood, rows, given: escape(likelihood, rows, given, extra, self.searching)

    def _noncoherent(self, likelihood: PilotLikelihood, rows: Rows, given: Hypothesis) -> Hypothesis:
        """Sources added greedily by the stochastic likelihood, which is smoother."""
        other = StochasticLikelihood(likelihood.observation[rows], self.region)
        local = torch.arange(rows.numel(), device=rows.device)
        found = other.nothing(local)
        for _ in range(given.cosines.shape[1]):
            found = add_source(other, local, found, self.effort)
        return likelihood.start_at(rows, found.cosines)
