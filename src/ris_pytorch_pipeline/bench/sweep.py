"""How methods compare over numbers of sources and SNRs: every method on the same scenes, beside the bound."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..bounds import Bound, scene_bound
from ..errors import ConfigurationError
from ..estimate import Estimate, Estimator, pad_sources
from ..physics import Observation, Scenario, Scenes, Truth, draw
from ..rng import stream
from .cell import Cell
from .contenders import GENIE, contender, genie_for, region_of
from .score import score
from .summary import summarise

Progress = Callable[[str, int, int], None]
"""Called with what is running, the scenes done and the scenes in all (scenes x methods x cells)."""
Attempt = Callable[[Observation, Truth], Estimate]
"""One method on some scenes; only the genie looks at the truth."""

BATCH = 64
"""Scenes handed to an estimator at a time, so that progress is seen and memory stays small."""


@dataclass(frozen=True, eq=False)
class Trial:
    """The scenes of one (K, SNR), drawn once for every method, with their bound."""

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
    """Run every method on the same scenes of every (K, SNR) and yield each cell as soon as it is finished.

    A generator, so that it may be interrupted and what is finished kept; `list(sweep(...))` runs it through. Names and
    counts are checked at the call. The scenes of a cell depend on the seed, K and the SNR and on nothing else. An
    estimator that raises ends the sweep: a failure is an error, not a penalty.

    Args:
        scenario: what is simulated; its own `sources` and `snr_db` are replaced.
        methods: names out of `CONTENDERS`, or `genie`.
        sources: numbers of sources K.
        snr_db: total SNRs in dB.
        scenes: scenes of each cell.
        seed: the experiment's seed.
        known_order: tell the estimators K; the genie always knows it.
        progress: called after each batch of scenes.

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
    total = len(grid) * len(attempts) * scenes
    for number, scenario in enumerate(grid):
        trial = trial_of(scenario, scenes, seed)
        for turn, (name, attempt) in enumerate(attempts.items()):
            before = (number * len(attempts) + turn) * scenes
            label = f"{name}, K = {trial.sources}, {trial.snr_db:g} dB"

            def tell(done: int, label: str = label, before: int = before) -> None:
                if progress is not None:
                    progress(label, before + done, total)

            yield run_method(name, attempt, trial, seed, known_order=known_order, tell=tell)


def trial_of(scenario: Scenario, scenes: int, seed: int) -> Trial:
    """Draw the scenes of one cell, in complex128, with their bound.

    Args:
        scenario: with one number of sources and one SNR.
        scenes: how many.
        seed: the experiment's seed.

    Raises:
        TypeError: a scenario with a span of K or SNR.
    """
    sources, snr_db = scenario.sources, scenario.snr_db
    if not isinstance(sources, int) or not isinstance(snr_db, float):
        raise TypeError(f"a cell has one K and one SNR, not {sources} and {snr_db}")
    drawn = draw(scenario, scenes, stream(seed, f"bench/{sources}/{snr_db:g}"))
    return Trial(drawn, scene_bound(drawn), sources, snr_db)


def run_method(
    name: str, attempt: Attempt, trial: Trial, seed: int, *, known_order: bool, tell: Callable[[int], None]
) -> Cell:  # fmt: skip
    """Run one method on the scenes of a cell, in batches, timed, and summarise it.

    Args:
        name: of the method, for the report and the intervals' random stream.
        attempt: the method.
        trial: the scenes and their bound.
        seed: the experiment's seed.
        known_order: what the method was told, for the report.
        tell: called with the number of scenes done.
    """
    estimates: list[Estimate] = []
    seconds = 0.0
    for index in torch.arange(len(trial.scenes)).split(BATCH):
        batch = trial.scenes[index]
        begin = time.perf_counter()
        estimates.append(attempt(batch.observation, batch.truth))
        seconds += time.perf_counter() - begin
        tell(int(index[-1]) + 1)
    whole = joined(estimates)
    return summarise(
        score(trial.scenes.truth, trial.bound, whole),
        trial.bound,
        stream(seed, f"bench/intervals/{name}/{trial.sources}/{trial.snr_db:g}"),
        method=name,
        snr_db=trial.snr_db,
        known_order=known_order,
        seconds=seconds,
        statuses=whole.status,
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
