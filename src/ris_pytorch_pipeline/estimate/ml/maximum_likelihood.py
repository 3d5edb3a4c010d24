"""How sources are located by coded maximum likelihood: for random symbols, and for pilots."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

import torch
from jaxtyping import Bool
from torch import Tensor

from ...bounds import estimated_deviations
from ...physics import Observation, chart_of, check_visible
from ...shapes import Counts, Positions
from ..estimate import Estimate, asked_sources
from ..fit.certainty.freedom import widening
from ..fit.certainty.sandwich import sandwich_information
from ..fit.elsewhere.edges import pull_of
from ..fit.elsewhere.modes import contest, modes_of, won
from ..fit.meaning.preflight import check_units
from ..floor import above_floor
from ..given import given_positions
from ..grid import SearchGrid, search_grid
from ..joining import joined_estimates
from ..normalise import Scaled, scale
from ..outcome import Aside, Polished, ending_of, merged, nothing_aside, nothing_found
from ..records import without_records
from ..region import SearchRegion
from .hidden import with_hidden
from .hypothesis import Hypothesis, Rows
from .large.outline import outlined
from .partial import partial_mates
from .predicting import Predicts, least_predictive
from .readings import better_readings
from .room import OVERDRAFT, check_room, scenes_at_a_time, tried_bytes
from .scanning.steered import steering_bytes
from .search import Found, Needed, SearchEffort, cycle, search_known, search_unknown
from .weighing import Weighing, weighed

_CALIBRATED_POINTS = 2740
"""Grid points of the default panel over the default region, on which the thresholds were calibrated."""
_MOST_NEEDED = 1e3
"""Gain that no source brings which fits chance as well: what is asked where a single source explains anything."""
L = TypeVar("L", bound=Predicts)


@dataclass(frozen=True, kw_only=True)
class MaximumLikelihood(ABC, Generic[L]):
    """The common part of the coded maximum-likelihood estimators.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=1), scenes=1, seed=0)
    >>> ris.PilotMl(fit=False).refine(scenes.observation, scenes.truth.positions).status[0].value
    'converged'

    Args:
        region: the field of view.
        effort: how hard to search.
        threshold: τ, one more source is accepted when 2 (NLL_k - NLL_{k+1}) > τ; the defaults give 0.5-1.3 % false
            alarms on the default panel at 10 dB (n = 600, `benchmarks/order_threshold.py`). On larger grids τ is
            raised, see `threshold_on`; elsewhere it is not calibrated.
        most_sources: where an estimated order stops.
        polish_iterations: most iterations of the final joint refinement.
        batch: most scenes searched at a time; of large grids 32.
        memory: bytes that the scenes searched at a time may keep; fewer are taken at a time where they need more.
        fit: whether to say how well the model explains the data, and to keep no source that scatter explains as well.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    effort: SearchEffort = field(default_factory=SearchEffort)
    threshold: float = 21.0
    most_sources: int = 8
    polish_iterations: int = 30
    batch: int = 256
    memory: int = 1 << 30
    fit: bool = True
    hope: ClassVar[float] = 1.0
    """`SearchEffort.hope` without the fit. Of 1000 scenes with three random sources at 5 and 10 dB 838 are found right,
    with 2 in place of 1 839, which takes 3 to 8 % longer."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name for tables."""

    @abstractmethod
    def likelihood(self, scaled: Observation) -> L:
        """The likelihood of scaled scenes."""

    @abstractmethod
    def scene_bytes(self, observation: Observation) -> int:
        """Bytes that the likelihood keeps for one scene."""

    @abstractmethod
    def needed(self, observation: Observation, given: int) -> float:
        """The gain 2 ΔNLL that one more source beside the given number needs in these measurements: τ, or more."""

    def at_a_time(self, observation: Observation, sources: int | None = None) -> int:
        """Scenes searched together for so many sources, or for `most_sources`.

        Raises:
            InputError: a wrong unit, or one scene that needs many times the memory, or more than is free.
        """
        check_units(observation, self.region)
        each, array = self.scene_bytes(observation), observation.array
        shared = 0 if outlined(array) else steering_bytes(array, search_grid(self.region, array))
        if each + shared > self.memory:
            check_room(array, each + shared, OVERDRAFT * self.memory)
        tried = tried_bytes(observation.blocks.shape[1], self.most_sources if sources is None else sources)
        return scenes_at_a_time(each, tried, self.batch, self.memory)

    def _most(self, observation: Observation) -> int:
        """Most sources that the measurements identify, and that have a place each in the field."""
        return min(observation.most_sources, search_grid(self.region, observation.array).size)

    def threshold_on(self, grid: SearchGrid) -> float:
        """τ + 2 log(n / n_0) on n > n_0 = 2740 points: the largest gain of noise exceeds τ with a chance ~ n exp(-τ/2).

        Fewer points leave τ as it is.
        """
        return self.threshold + 2 * math.log(max(1.0, grid.size / _CALIBRATED_POINTS))

    def needed_on(self, observation: Observation, grid: SearchGrid) -> Needed:
        """What one more source needs beside so many, on a grid."""
        raised = self.threshold_on(grid) - self.threshold
        return lambda given: self.needed(observation, given) + raised

    @property
    def searching(self) -> SearchEffort:
        """The effort of a search. Rivals are for the fit; without it what will not win is given up.

        How much hope is left to them is a likelihood's own: how far its models promise less than they bring.
        """
        return self.effort if self.fit else replace(self.effort, close=-self.effort.improvement, hope=self.hope)

    def _find(self, likelihood: L, rows: Rows, sources: int) -> Hypothesis:
        """Search for a known number of sources."""
        return search_known(likelihood, rows, sources, self.searching)

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources of every scene.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to estimate it by sequential likelihood-ratio tests.

        Returns:
            The estimate, strongest source first; deviations from the Fisher information at the estimate. A scene with
            less than -70 dB of noise is located with as much added.

        Raises:
            InputError: K out of range, symbols of another kind, or a scene without energy.
        """
        scaled = scale(observation)
        self.at_a_time(scaled.observation)
        counts = None if sources is None else asked_sources(observation, sources, self._most(scaled.observation))
        at_a_time = self.at_a_time(scaled.observation, None if counts is None else int(counts.max()))
        parts: list[Estimate] = []
        with without_records(scaled.observation.array):
            for index in torch.arange(len(observation), device=observation.measurements.device).split(at_a_time):
                asked = None if counts is None else counts[index]
                part, polished = above_floor(scaled[index], partial(self._located, counts=asked))
                parts.append(self._judged(part, polished, asked))
        return joined_estimates(parts)

    def _located(self, scaled: Scaled, counts: Counts | None) -> list[Polished]:
        """Scenes searched together, polished."""
        likelihood = self.likelihood(scaled.observation)
        found = self._search(likelihood, counts)
        return [(f.rows, self._polish(likelihood, scaled[f.rows], f, torch.ones_like(f.rows).bool())) for f in found]

    def refine(
        self,
        observation: Observation,
        positions: Any,  # noqa: ANN401
        iterations: int | None = None,
        search: Bool[Tensor, "scene"] | None = None,  # noqa: F821
    ) -> Estimate:
        """Polish given positions by the same likelihood; without a search, unless asked for.

        Args:
            observation: the scenes.
            positions: (scene, source, 3), radians, radians, metres; NaN in slots without a source.
            iterations: most iterations; None is `polish_iterations`.
            search: (scene,), True where the sources are re-detected in turns before the polish. None is nowhere.

        Returns:
            The estimate at the optimum that the start leads to.

        Raises:
            InputError: an invalid position, or a scene without any.
        """
        positions, counts = given_positions(observation, positions)
        scaled = scale(observation)
        again = partial(self._refined, positions=positions, counts=counts, iterations=iterations, search=search)
        with without_records(scaled.observation.array):
            return joined_estimates([self._judged(*above_floor(scaled, again), counts)])

    def _refined(
        self, scaled: Scaled, positions: Positions, counts: Counts, iterations: int | None, search: Tensor | None
    ) -> list[Polished]:
        """Scenes with the same number of sources, polished together."""
        parts: list[Polished] = []
        for order in counts.unique().tolist():
            for index in torch.nonzero(counts == order).squeeze(-1).split(self.at_a_time(scaled.observation, order)):
                start = torch.stack([p[~p[:, 0].isnan()] for p in positions[index]]).double()
                likelihood = self.likelihood(scaled.observation[index])
                found = self.start(likelihood, start)
                free = torch.zeros_like(index).bool() if search is None else search[index]
                if order:
                    found = self._searched(likelihood.observation, found, torch.nonzero(free).squeeze(-1))
                parts.append((index, self._polish(likelihood, scaled[index], found, free, iterations)))
        return parts

    def _judged(self, scaled: Scaled, parts: list[Polished], asked: Counts | None) -> Estimate:
        """The parts in order, with their fit; where K was estimated, only sources that stand out and predict."""
        if not self.fit:
            return merged(parts, asked)[0]
        needed = self.needed_on(scaled.observation, search_grid(self.region, scaled.observation.array))
        threshold = min(needed(0), _MOST_NEEDED)
        weighing = Weighing(
            region=self.region, threshold=threshold, needed=needed, again=self._again, anew=self._located,
            misread=partial(better_readings, self, threshold=threshold), partial=partial(partial_mates, self),
            least_predictive=partial(least_predictive, self, threshold=threshold),
        )  # fmt: skip
        return with_hidden(self, scaled, weighed(scaled, parts, asked, weighing), self.region, threshold)

    def _again(self, scaled: Scaled, positions: Positions, counts: Counts) -> list[Polished]:
        """Scenes searched on from some of their sources."""
        return self._refined(scaled, positions, counts, None, torch.ones_like(counts).bool())

    def start(self, likelihood: L, positions: Positions) -> Found:
        """All scenes of a likelihood at given positions, as many in each; of a line on the reference of its cone."""
        array = likelihood.observation.array
        rows = torch.arange(len(positions), device=positions.device)
        if positions.shape[1] == 0:
            return Found(rows, likelihood.nothing(rows))
        check_visible(positions, array)
        chart, coordinates = chart_of(positions, array, on_plane="elevation" not in self.region.fixed)
        return Found(rows, likelihood.start_at(rows, chart.cosines(coordinates)))

    def _searched(self, observation: Observation, found: Found, chosen: Rows) -> Found:
        """The same with the chosen rows searched on from where they are; only they are scanned."""
        if chosen.numel() == 0:
            return found
        rows = torch.arange(chosen.numel(), device=chosen.device)
        better = cycle(self.likelihood(observation[chosen]), rows, found.hypothesis[chosen], self.searching)
        return Found(found.rows, found.hypothesis.replaced(chosen, better))

    def _search(self, likelihood: L, counts: Counts | None) -> list[Found]:
        if counts is None:
            rows = torch.arange(len(likelihood.observation), device=likelihood.observation.measurements.device)
            most = min(self.most_sources, self._most(likelihood.observation))
            needed = self.needed_on(likelihood.observation, likelihood.grid)
            return search_unknown(likelihood, rows, most, needed, self.searching)
        groups = [(order, torch.nonzero(counts == order).squeeze(-1)) for order in counts.unique().tolist()]
        return [Found(rows, self._find(likelihood, rows, order)) for order, rows in groups]

    def _polish(
        self, likelihood: L, scaled: Scaled, found: Found, free: Tensor, iterations: int | None = None
    ) -> tuple[Estimate, Aside]:
        """Refine to convergence and state positions, powers and deviations in the units of the observation.

        Where a row is free, a rival that turns out likelier is the answer; others stay at the optimum of their start.
        """
        rows = found.rows
        if found.hypothesis.cosines.shape[1] == 0:
            return nothing_found(found.hypothesis.log_noise.exp() * scaled.measured), nothing_aside(rows)
        most = self.polish_iterations if iterations is None else iterations
        end = likelihood.refine(rows, found.hypothesis, iterations=most, tolerance=1e-6).strongest_first()
        if not self.fit:
            return self._stated(likelihood, scaled, rows, end)[0], nothing_aside(rows)
        met = won(likelihood, rows, contest(likelihood, rows, end, self.region), free, most)
        estimate, information = self._stated(likelihood, scaled, rows, met.answers)
        scores = likelihood.scores(rows, met.answers)
        chart, coordinates = chart_of(estimate.positions, likelihood.observation.array)
        wide = estimated_deviations(coordinates, sandwich_information(information, scores), chart, self.region.fixed)
        wide = wide.deviations * widening(scaled.observation, coordinates.shape[1], self.region.fixed)
        wider = torch.maximum(wide, estimate.deviations)  # few snapshots make the sandwich too small
        aside = Aside(modes_of(likelihood, rows, met, self.region), pull_of(information, scores).double())
        return replace(estimate, sandwich=wider), aside

    def _stated(self, likelihood: L, scaled: Scaled, rows: Rows, end: Hypothesis) -> tuple[Estimate, Tensor]:
        """Positions, powers and ± of an optimum in the units of the observation, and the Fisher information there."""
        array = likelihood.observation.array
        positions = self.region.reported(end.cosines, array)
        chart, coordinates = chart_of(positions, array)
        information = likelihood.information(rows, end)
        bound = estimated_deviations(coordinates, information, chart, self.region.fixed)
        deviations = bound.deviations * widening(scaled.observation, positions.shape[1], self.region.fixed)
        estimate = Estimate(
            positions=positions,
            order=torch.full_like(rows, positions.shape[1]),
            powers=end.log_powers.exp() * (scaled.measured / scaled.channel)[:, None],
            deviations=deviations,
            noise_variance=end.log_noise.exp() * scaled.measured,
            status=ending_of(end.converged, deviations, array),
        )
        return estimate, information
