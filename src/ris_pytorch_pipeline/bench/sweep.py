"""How methods compare over numbers of sources and SNRs: every method on the same scenes, beside the bound."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from ..bounds import Bound, scene_bound
from ..errors import ConfigurationError
from ..estimate import Estimate, Estimator, Status, pad_sources
from ..physics import Observation, Scenario, Scenes, Truth, draw
from ..rng import stream
from .cell import Cell
from .contenders import GENIE, contender, genie_for, region_of
from .score import Score, joined_scores, score
from .summary import summarise

Progress = Callable[[str, int, int], None]
"""Called with what is running, the scenes done and the scenes in all (scenes x methods x cells)."""
Attempt = Callable[[Observation, Truth], Estimate]
"""One method on some scenes; only the genie looks at the truth."""

BLOCK = 64
"""Scenes drawn and handed to the methods at a time, so that progress is seen and memory stays small."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A block of the scenes of one (K, SNR), drawn once for every method, with their bound."""

    scenes: Scenes
    bound: Bound
    sources: int
    snr_db: float


def sweep(
    scenario: Scenario,
    methods: Sequence[str],
    sources: Sequence[int],
    snr_db: Sequence[float],
    scenes: int,
    seed: int,
    known_order: bool,
    progress: Progress | None = None,
) -> Iterator[Cell]:
    """Run every method on the same scenes of every (K, SNR) and yield its cells as soon as they are finished.

    A generator, so that it may be interrupted and what is finished kept; `list(sweep(...))` runs it through. Names and
    counts are checked at the call. Scenes are drawn in blocks, and every method runs on a block before the next one is
    drawn: memory does not grow with the number of scenes, and methods are timed under like conditions. The scenes of a
    cell depend on the seed, K and the SNR and on nothing else. An estimator that raises ends the sweep: a failure is an
    error, not a penalty.

    Args:
        scenario: what is simulated; its own `sources` and `snr_db` are replaced.
        methods: names out of `CONTENDERS`, or `genie`.
        sources: numbers of sources K.
        snr_db: total SNRs in dB.
        scenes: scenes of each cell.
        seed: the experiment's seed.
        known_order: tell the estimators K; the genie always knows it.
        progress: called after each block of scenes and method.

    Returns:
        An iterator over the cells, by K, then SNR, then method.

    Raises:
        ConfigurationError: an unknown method, an empty list, fewer than one scene, or a K or SNR out of range.
    """
    for name, values in {"methods": methods, "sources": sources, "snr_db": snr_db}.items():
        if not len(values):
            raise ConfigurationError(f"at least one of {name}", "none", "an empty list", f"name one of {name}")
    if scenes < 1:
        raise ConfigurationError("at least one scene", str(scenes), "a count left at zero", "pass scenes=200")
    attempts = {name: _attempt(name, scenario, known_order=known_order) for name in methods}
    grid = [replace(scenario, sources=k, snr_db=float(snr)) for k in sources for snr in snr_db]
    return _cells(grid, attempts, scenes, seed, known_order, progress)


def _attempt(name: str, scenario: Scenario, *, known_order: bool) -> Attempt:
    """The named method as a function of observation and truth."""
    region = region_of(scenario)
    return genie_for(scenario, region) if name == GENIE else blind(contender(name, region), known_order=known_order)


def blind(estimator: Estimator, *, known_order: bool) -> Attempt:
    """An estimator that sees no truth but, where it is told, the number of sources."""

    def attempt(observation: Observation, truth: Truth) -> Estimate:
        return estimator(observation, truth.sources if known_order else None)

    return attempt


def _cells(
    grid: list[Scenario],
    attempts: dict[str, Attempt],
    scenes: int,
    seed: int,
    known_order: bool,
    progress: Progress | None,
) -> Iterator[Cell]:
    total, done = len(grid) * len(attempts) * scenes, 0
    for scenario in grid:
        runs = {name: Run(name, attempt) for name, attempt in attempts.items()}
        bounds: list[Bound] = []
        for block, first in enumerate(range(0, scenes, BLOCK)):
            trial = trial_of(scenario, min(BLOCK, scenes - first), seed, block)
            bounds.append(trial.bound)
            for run in runs.values():
                run.add(trial)
                done += len(trial.scenes)
                if progress is not None:
                    progress(f"{run.name}, K = {trial.sources}, {trial.snr_db:g} dB", done, total)
        whole = Bound(**{name: torch.cat([vars(b)[name] for b in bounds]) for name in vars(bounds[0])})
        for run in runs.values():
            yield run.cell(whole, scenario, seed, known_order=known_order)


def trial_of(scenario: Scenario, scenes: int, seed: int, block: int = 0) -> Trial:
    """Draw one block of a cell's scenes, in complex128, with their bound.

    Args:
        scenario: with one number of sources and one SNR.
        scenes: how many.
        seed: the experiment's seed.
        block: number of the block.
    """
    sources, snr_db = _one(scenario)
    drawn = draw(scenario, scenes, stream(seed, f"bench/{sources}/{snr_db:g}", block))
    return Trial(drawn, scene_bound(drawn), sources, snr_db)


def _one(scenario: Scenario) -> tuple[int, float]:
    """K and SNR of a scenario that has one of each.

    Raises:
        TypeError: a span of K or SNR.
    """
    sources, snr_db = scenario.sources, scenario.snr_db
    if not isinstance(sources, int) or not isinstance(snr_db, float):
        raise TypeError(f"a cell has one K and one SNR, not {sources} and {snr_db}")
    return sources, snr_db


@dataclass(eq=False)
class Run:
    """One method on the scenes of a cell, block by block; only scores are kept.

    Args:
        name: of the method.
        attempt: the method.
    """

    name: str
    attempt: Attempt
    scores: list[Score] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, trial: Trial) -> None:
        """Run the method on a block, timed, and score it."""
        begin = time.perf_counter()
        estimate = self.attempt(trial.scenes.observation, trial.scenes.truth)
        self.seconds += time.perf_counter() - begin
        self.scores.append(score(trial.scenes.truth, trial.bound, estimate))
        self.statuses += estimate.status

    def cell(self, bound: Bound, scenario: Scenario, seed: int, *, known_order: bool) -> Cell:
        """What all blocks come to."""
        sources, snr_db = _one(scenario)
        return summarise(
            joined_scores(self.scores),
            bound,
            stream(seed, f"bench/intervals/{self.name}/{sources}/{snr_db:g}"),
            method=self.name,
            snr_db=snr_db,
            known_order=known_order,
            seconds=self.seconds,
            statuses=self.statuses,
        )


def joined(estimates: Sequence[Estimate]) -> Estimate:
    """The estimates of consecutive batches as one, padded to the largest order."""
    slots = max(estimate.positions.shape[1] for estimate in estimates)

    def padded(name: str) -> Tensor:
        return torch.cat([pad_sources(vars(estimate)[name], slots) for estimate in estimates])

    return Estimate(
        positions=padded("positions"),
        order=torch.cat([estimate.order for estimate in estimates]),
        powers=padded("powers"),
        deviations=padded("deviations"),
        noise_variance=torch.cat([estimate.noise_variance for estimate in estimates]),
        status=tuple(status for estimate in estimates for status in estimate.status),
    )
