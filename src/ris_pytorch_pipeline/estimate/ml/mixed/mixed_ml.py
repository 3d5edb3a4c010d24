"""How sources are located of which some send random symbols, some pilots and some known ones."""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from ....errors import InputError
from ....physics import Observation, SourceKind, chart_of, check_visible, is_mixed
from ....shapes import Counts, Positions
from ...estimate import Estimate, asked_sources
from ...fit.meaning.preflight import check_units
from ...floor import FLOOR, floored
from ...given import given_positions
from ...joining import joined_estimates
from ...normalise import Scaled, scale
from ...region import SearchRegion
from ..hypothesis import Hypothesis, Rows
from ..large.outline import LARGE, outlined
from ..search import SearchEffort
from .finding import found
from .likelihood import MixedLikelihood
from .stated import stated


@dataclass(frozen=True, kw_only=True)
class MixedMl:
    """Joint maximum likelihood of sources of several kinds: NLL = Σ_l log|Γ_l| + (y_l - μ_l)^H Γ_l⁻¹ (y_l - μ_l).

    The random sources give the covariance Γ_l = Σ_k p_k b_k b_k^H + σ² I, pilots and known ones the mean
    μ_l = Σ_k x_k s_kl b_k with a free factor x_k (at each wavelength). Source k of the estimate is of the k-th kind;
    of several pilots, or several random sources, the stronger comes first.

    Known sources are found by their sequences, then pilots, then random sources in what is left over, all in noise of
    covariance Γ_l, and searched on source by source; so are the places where `Sml` finds sources of any symbols. The
    likelier end is refined jointly.

    >>> import ris_pytorch_pipeline as ris
    >>> kinds = ("random", "pilot", "known")
    >>> scenes = ris.simulate(ris.preset("random", symbols=kinds, sources=3, snr_db=20.0), scenes=1, seed=0)
    >>> found = ris.MixedMl()(scenes.observation)
    >>> bool(((found.positions - scenes.truth.positions).abs() < 5 * found.deviations).all())
    True

    Args:
        region: the field of view.
        effort: how hard to search.
        threshold: gain 2 ΔNLL below which a source hardly stands out.
        polish_iterations: most iterations of the final joint refinement.
        batch: most scenes searched at a time.
        memory: bytes that the scenes searched at a time may need; fewer are taken at a time where they need more.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    effort: SearchEffort = field(default_factory=SearchEffort)
    threshold: float = 28.0
    polish_iterations: int = 30
    batch: int = 16
    memory: int = 1 << 28
    uses_sequences: ClassVar[bool] = True
    fit: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "mixed"

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the source of every kind.

        Args:
            observation: the scenes, with `symbols` a tuple of one kind a source.
            sources: K; there are as many as kinds.

        Returns:
            The estimate in the order of the kinds.

        Raises:
            InputError: symbols of one kind, another K than kinds, or a panel too large for the search.
        """
        kinds = _kinds_of(observation)
        _check_asked(observation, len(kinds), sources)
        return self._each(observation, kinds, None)

    def refine(self, observation: Observation, positions: Any) -> Estimate:  # noqa: ANN401
        """The optimum that given positions lead to, without a search.

        >>> import ris_pytorch_pipeline as ris
        >>> kinds = ("pilot", "known")
        >>> small = ris.preset("random", horizontal=6, vertical=6, snapshots=8, symbols=kinds, sources=2, snr_db=20.0)
        >>> scenes = ris.simulate(small, scenes=1, seed=0)
        >>> found = ris.MixedMl().refine(scenes.observation, scenes.truth.positions)
        >>> bool(((found.positions - scenes.truth.positions).abs() < 5 * found.deviations).all())
        True

        Args:
            observation: the scenes.
            positions: (scene, source, 3), radians, radians, metres, in the order of the kinds.

        Returns:
            The estimate, as of a call.

        Raises:
            InputError: symbols of one kind, or a kind without a position.
        """
        kinds = _kinds_of(observation)
        positions, given = given_positions(observation, positions)
        _check_asked(observation, len(kinds), given)
        return self._each(observation, kinds, positions[:, : len(kinds)].double())

    def _each(
        self, observation: Observation, kinds: tuple[SourceKind, ...], start: Positions | None
    ) -> Estimate:  # fmt: skip
        """Some scenes at a time; those that turn out to have no noise again, with a little of it."""
        check_units(observation, self.region)
        parts = []
        for index in torch.arange(len(observation), device=observation.measurements.device).split(
            self._at_a_time(observation, kinds)
        ):
            scaled, places = scale(observation[index]), None if start is None else start[index]
            likelihood, end = self._located(scaled, kinds, places)
            silent = torch.nonzero(end.log_noise < math.log(FLOOR)).squeeze(-1)
            if silent.numel():
                scaled = floored(scaled, silent)
                likelihood, end = self._located(scaled, kinds, places)
            parts.append(stated(scaled, likelihood, end, self.threshold))
        return joined_estimates(parts)

    def _at_a_time(self, observation: Observation, kinds: tuple[SourceKind, ...]) -> int:
        """Scenes searched together: each needs whitened operators, and responses of random sources for the fit."""
        _, blocks, antennas = observation.blocks.shape
        columns = 4 * len(observation.array) + 4 * kinds.count("random") * observation.measurements.shape[-2]
        return max(1, min(self.batch, self.memory // (16 * blocks * antennas * columns)))

    def _located(
        self, scaled: Scaled, kinds: tuple[SourceKind, ...], start: Positions | None
    ) -> tuple[MixedLikelihood, Hypothesis]:  # fmt: skip
        """The optimum of some scenes."""
        seen, rows = scaled.observation, torch.arange(len(scaled.measured), device=scaled.measured.device)
        likelihood = MixedLikelihood(seen, self.region, kinds, sent_of(seen, kinds))
        best = found(likelihood, rows, self.effort) if start is None else self._start(likelihood, start)
        end = likelihood.refine(rows, best, iterations=self.polish_iterations, tolerance=1e-6)
        return likelihood, _strongest_first(end, kinds) if start is None else end

    def _start(self, likelihood: MixedLikelihood, positions: Positions) -> Hypothesis:
        """Given places, with powers and noise fitted."""
        array = likelihood.observation.array
        check_visible(positions, array)
        chart, coordinates = chart_of(positions, array, on_plane="elevation" not in self.region.fixed)
        rows: Rows = torch.arange(len(positions), device=positions.device)
        return likelihood.start_at(rows, chart.cosines(coordinates))


def sent_of(observation: Observation, kinds: tuple[SourceKind, ...]) -> Tensor:
    """(scene, block, source): the symbols that are known, at unit mean power; 1 of other sources."""
    sent = observation.codes.new_ones((*observation.blocks.shape[:2], len(kinds)))
    if observation.sequences is not None:
        sequences = observation.sequences.flatten(1, -2)
        power = torch.view_as_real(sequences).square().sum(-1).mean(1, keepdim=True)
        for source, kind in enumerate(kinds):
            if kind == "known":
                sent[..., source] = (sequences / power.sqrt())[..., source]
    return sent


def _kinds_of(observation: Observation) -> tuple[SourceKind, ...]:
    """The kinds of the sources, once it is known that a search can be made.

    Raises:
        InputError: one kind for all, more sources than the measurements identify, or a large regular panel.
    """
    if not is_mixed(observation.symbols):
        raise InputError(
            "an observation with a kind for each source, as symbols=('random', 'pilot')",
            f"symbols {observation.symbols!r}", "the estimator for several kinds called on one",
            "use Sml, PilotMl or KnownMl",
        )  # fmt: skip
    if outlined(observation.array):
        raise InputError(
            f"a panel of fewer than {LARGE} elements for symbols of several kinds", str(len(observation.array)),
            "a large panel, on which only symbols of one kind are searched", "say symbols='random' for all sources",
        )  # fmt: skip
    return observation.symbols


def _check_asked(observation: Observation, count: int, sources: int | Counts | None) -> None:
    """Refuse another K than there are kinds, and kinds that are too many.

    Raises:
        InputError: naming both.
    """
    asked = asked_sources(observation, count if sources is None else sources, observation.most_sources)
    if not bool((asked == count).all()):
        raise InputError(
            f"{count} sources, one for each kind", str(int(asked[asked != count][0])), "another K",
            "leave `sources` out",
        )  # fmt: skip


def _strongest_first(end: Hypothesis, kinds: tuple[SourceKind, ...]) -> Hypothesis:
    """Pilots, and random sources, among themselves in the order of their powers."""
    order = torch.arange(len(kinds), device=end.value.device).repeat(len(end.value), 1)
    for kind in ("random", "pilot"):
        mine = torch.tensor([k for k, each in enumerate(kinds) if each == kind], dtype=torch.long, device=order.device)
        order[:, mine] = mine[end.log_powers[:, mine].argsort(dim=1, descending=True)]
    cosines = end.cosines.gather(1, order[..., None].expand_as(end.cosines))
    return Hypothesis(cosines, end.log_powers.gather(1, order), end.log_noise, end.value, end.converged)
