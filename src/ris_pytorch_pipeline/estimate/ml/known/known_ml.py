"""How sources are located whose symbols are known up to one complex factor each."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ....errors import InputError
from ....physics import Observation
from ....physics.sequences import sent_by
from ....shapes import Counts, Positions
from ...estimate import Estimate, asked_sources
from ...fit.groups import groups_of
from ...fit.meaning.preflight import check_units
from ...floor import FLOOR, floored
from ...given import given_positions
from ...joining import joined_estimates
from ...normalise import Scaled, scale
from ...region import SearchRegion
from ..pilots.pilot_ml import PilotMl
from ..sml import Sml
from .sequenced import alone, by_source, energy_of, named, responses_of, value_of
from .stated import stated
from .together import together

_Settle = Callable[[Scaled, Tensor], Positions]
"""From scaled scenes, which are these rows of all, to where their sources are."""
_PASSES = 2
"""Passes over the sources that search the whole field."""


@dataclass(frozen=True, kw_only=True)
class KnownMl:
    """Maximum likelihood for known symbols: f = ‖P⊥(B) y‖², b_k = [s_kl G_l a(p_k)]_l, one free factor a source.

    At several wavelengths the factor is free at each.

    Source k of the estimate belongs to sequence k. The sources are searched in turns, each as a pilot through the codes
    s_kl c_l in what the others leave over; what each turn minimises is f itself. Then all of them move at once. They
    start from the field, and again from where `Sml` finds sources of any symbols; the better end counts.

    >>> import torch
    >>> from dataclasses import replace
    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> scenes = draw(preset("random", sources=2, snr_db=20.0), 1, torch.Generator().manual_seed(0))
    >>> seen = replace(scenes.observation, symbols="known", sequences=scenes.truth.symbols)
    >>> found = KnownMl()(seen)
    >>> bool(((found.positions - scenes.truth.positions).abs() < 5 * found.deviations).all())
    True

    Args:
        region: the field of view.
        threshold: gain 2 ΔNLL below which a source hardly stands out.
        iterations: most of them, of all sources together.
        tolerance: nats that an iteration promises, below which there is none.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    threshold: float = 28.0
    iterations: int = 100
    tolerance: float = 1e-6
    uses_sequences: ClassVar[bool] = True
    fit: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "known"

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the source of every sequence.

        Args:
            observation: the scenes, with `symbols="known"` and their sequences.
            sources: K; there are as many as sequences.

        Returns:
            The estimate in the order of the sequences.

        Raises:
            InputError: symbols that are not known, another K than sequences, or no more measurements than unknowns.
        """
        counts = sent_by(named(observation))
        _check_asked(observation, counts, sources)
        return self._each(observation, counts, self._found)

    def refine(self, observation: Observation, positions: Any) -> Estimate:  # noqa: ANN401
        """The optimum that given positions lead to, without a search.

        >>> import ris_pytorch_pipeline as ris
        >>> scenario = ris.preset("random", horizontal=6, vertical=6, symbols="known", sources=2, snr_db=20.0)
        >>> scenes = ris.simulate(scenario, scenes=1, seed=0)
        >>> found = ris.KnownMl().refine(scenes.observation, scenes.truth.positions)
        >>> bool(((found.positions - scenes.truth.positions).abs() < 5 * found.deviations).all())
        True

        Args:
            observation: the scenes.
            positions: (scene, source, 3), radians, radians, metres, in the order of the sequences.

        Returns:
            The estimate, as of a call.

        Raises:
            InputError: symbols that are not known, or a sequence without a position.
        """
        counts = sent_by(named(observation))
        positions, given = given_positions(observation, positions)
        _check_asked(observation, counts, given)

        def from_there(scaled: Scaled, rows: Tensor) -> Positions:
            start = positions[rows, : named(scaled.observation).shape[-1]].double()
            return self._settled(scaled.observation, start, searched=0)

        return self._each(observation, counts, from_there)

    def _each(self, observation: Observation, counts: Counts, settle: _Settle) -> Estimate:
        """Scenes with as many sources together, put back in their order."""
        check_units(observation, self.region)
        parts, rows = [], []
        for count in counts.unique().tolist():
            index = torch.nonzero(counts == count).squeeze(-1)
            some = observation[index]
            some = replace(some, sequences=named(some)[..., :count])
            _check_enough(some, count)
            parts.append(stated(*_heard(scale(some), index, settle), self.region, self.threshold))
            rows.append(index)
        return joined_estimates(parts)[torch.cat(rows).argsort()]

    def _found(self, scaled: Scaled, rows: Tensor) -> Positions:
        """Where the sources are, from the field and from where `Sml` finds sources of any symbols."""
        seen, count = scaled.observation, named(scaled.observation).shape[-1]
        nowhere = torch.full((len(rows), count, 3), torch.nan, dtype=torch.float64, device=rows.device)
        positions = self._settled(seen, nowhere, searched=_PASSES)
        if not 1 < count < seen.measurements.shape[-1]:
            return positions
        other = self._settled(seen, self._unnamed(seen, count), searched=0)
        values = [value_of(responses_of(seen, p)) for p in (positions, other)]
        return torch.where((values[1] < values[0])[:, None, None], other, positions)

    def _settled(self, seen: Observation, start: Positions, *, searched: int) -> Positions:
        """The sources in turns over the whole field, some passes long, and then together to the optimum."""
        positions = start.clone()
        for _ in range(searched):
            for source in range(positions.shape[1]):
                positions[:, source] = self._turn(seen, positions, source)
        return together(seen, positions, self.region, iterations=self.iterations, tolerance=self.tolerance)

    def _unnamed(self, seen: Observation, count: int) -> Positions:
        """Where sources of any symbols are, in the order of the sequences that their symbols are most like."""
        blind = seen.untold()
        found = Sml(region=self.region, fit=False)(blind, count)
        heard = by_source(groups_of(blind, found.positions).amplitudes).unflatten(1, (seen.array.frequencies, -1))
        sent = by_source(named(seen)).unflatten(1, (seen.array.frequencies, -1))  # (scene, frequency, snapshot, source)
        like = torch.einsum("pflk,pflj->pfkj", sent.conj(), heard).abs().sum(1)
        order = [linear_sum_assignment(-each.cpu().numpy())[1].tolist() for each in like]
        index = torch.tensor(order, device=like.device)
        return found.positions.gather(1, index[..., None].expand(-1, -1, 3))

    def _turn(self, seen: Observation, positions: Positions, source: int) -> Tensor:
        """Where one source is in what the others that have a place leave over."""
        left = alone(seen, responses_of(seen, positions), source)
        return PilotMl(region=self.region, fit=False)(left, 1).positions[:, 0]


def _heard(scaled: Scaled, rows: Tensor, settle: _Settle) -> tuple[Scaled, Positions]:
    """Scenes and where their sources are; those without noise get a little of it, as `above_floor` gives them."""
    positions = settle(scaled, rows)
    groups = responses_of(scaled.observation, positions)
    silent = energy_of(groups.residual(groups.measurements)) < FLOOR * groups.equations
    if not bool(silent.any()):
        return scaled, positions
    scaled = floored(scaled, torch.nonzero(silent).squeeze(-1))
    return scaled, settle(scaled, rows)


def _check_enough(observation: Observation, count: int) -> None:
    """Refuse scenes whose measurements as many factors explain without a rest: σ² would be 0/0.

    Raises:
        InputError: no more equations than sources, in all snapshots of a frequency.
    """
    equations = observation.measurements[0].numel() // observation.array.frequencies
    if equations <= count:
        raise InputError(
            f"more than {count} measurements a scene for {count} sources", str(equations),
            "one antenna and few snapshots",
            "record more snapshots, or pass fewer",
        )  # fmt: skip


def _check_asked(observation: Observation, counts: Counts, sources: int | Counts | None) -> None:
    """Refuse another K than there are sequences.

    Raises:
        InputError: naming both.
    """
    if sources is None:
        return
    asked = asked_sources(observation, sources, max(observation.most_sources, int(counts.max())))
    if not bool((asked.to(counts.device) == counts).all()):
        wrong = int((asked.to(counts.device) != counts).nonzero()[0])
        raise InputError(
            f"{int(counts[wrong])} sources, one a sequence", str(int(asked[wrong])), "another K",
            "leave `sources` out",
        )  # fmt: skip
