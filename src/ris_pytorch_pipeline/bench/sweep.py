"""How methods compare over numbers of sources and SNRs: every method on the same scenes, beside the bound."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from ..bounds import Bound
from ..covariance import UninformativeCovarianceWarning
from ..errors import ConfigurationError
from ..estimate import CONTENDERS, GENIE, Estimate, Estimator, Status, contender, joined_estimates, told
from ..physics import Observation, Scenario, Scenes, Truth, as_told
from ..physics.scenes.scenario import CountSpan, Span
from ..rng import stream
from ..shapes import Counts
from .below_bound import ALONE, Family
from .cell import Cell
from .genie import genie_for, region_of
from .score import Score, joined_scores, score
from .summary import summarise
from .trial_scenes import Trial, cell_scenes, label_of, stream_part, trial_on

Progress = Callable[[str, int, int], None]
"""Called with what is running, the scenes done and the scenes in all (scenes x methods x cells)."""
Attempt = Callable[[Observation, Truth], Estimate]
"""One method on some scenes; only the genie looks at the truth."""

Drawer = Callable[[Scenario, int, int, int], Scenes]
"""From a cell's scenario, a number of scenes, the seed and the number of the block to the scenes of that block."""

PANEL_BYTES = 1 << 28
"""Of the panel covariances of the scenes that a method is handed at a time."""
BLOCK = 64
"""Scenes drawn and handed to the methods at a time, so that progress is seen and memory stays small."""


def sweep(
    scenario: Scenario,
    methods: Sequence[str],
    sources: Sequence[CountSpan],
    snr_db: Sequence[Span],
    scenes: int,
    seed: int,
    known_order: bool,
    progress: Progress | None = None,
    trained: Mapping[str, Estimator] | None = None,
    drawer: Drawer | None = None,
) -> Iterator[Cell]:
    """Run every method on the same scenes of every (K, SNR) and yield its cells as soon as they are finished.

    A generator, so that it may be interrupted and what is finished kept; `list(sweep(...))` runs it through. Names and
    counts are checked at the call. Scenes are drawn in blocks, and every method runs on a block before the next one is
    drawn: memory does not grow with the number of scenes, and methods are timed under like conditions. The scenes of a
    cell depend on the seed, K and the SNR and on nothing else. An estimator that raises ends the sweep: a failure is an
    error, not a penalty.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> small = preset("random", horizontal=6, vertical=6)
    >>> cells = list(sweep(small, ["sml", "genie"], [1], [20.0], scenes=4, seed=0, known_order=True))
    >>> [(cell.method, cell.n, cell.success.value) for cell in cells]
    [('sml', 4, 1.0), ('genie', 4, 1.0)]

    Args:
        scenario: what is simulated; its own `sources` and `snr_db` are replaced.
        methods: names out of `CONTENDERS` and `trained`, or `genie`.
        sources: numbers of sources K; a span (low, high) makes one cell of scenes with any K between.
        snr_db: total SNRs in dB, or spans likewise.
        scenes: scenes of each cell.
        seed: the experiment's seed.
        known_order: tell the estimators K; the genie always knows it.
        progress: called after each block of scenes and method.
        trained: further estimators by name, such as those of a trained network.
        drawer: where scenes come from; None draws them, see `cell_scenes`.

    Returns:
        An iterator over the cells, by K, then SNR, then method.

    Raises:
        ConfigurationError: an unknown method or one that asks for other scenes, an empty list or a value twice, fewer
            than one scene, or a K or SNR out of range.
    """
    for name, values in {"methods": methods, "sources": sources, "snr_db": snr_db}.items():
        if not len(values):
            raise ConfigurationError(f"at least one of {name}", "none", "an empty list", f"name one of {name}")
        again = [value for number, value in enumerate(values) if value in values[:number]]
        if again:
            raise ConfigurationError(f"each of {name} once", f"{again[0]} again", "a list typed twice", "leave one out")
    for name in methods:
        check_needs(name, scenario)
    if scenes < 1:
        raise ConfigurationError("at least one scene", str(scenes), "a count left at zero", "pass scenes=200")
    further = {} if trained is None else trained
    family = Family(tests=len(methods) * len(sources) * len(snr_db), region=region_of(scenario))
    attempts = {name: _attempt(name, scenario, further, known_order=known_order) for name in methods}
    grid = [replace(scenario, sources=k, snr_db=_floats(snr)) for k in sources for snr in snr_db]
    return _cells(grid, attempts, family, scenes, seed, known_order, progress, drawer or cell_scenes)


def check_needs(name: str, scenario: Scenario) -> None:
    """Refuse a method that could not be run on such scenes, before the others are.

    >>> from ris_pytorch_pipeline.errors import ConfigurationError
    >>> from ris_pytorch_pipeline.physics import preset
    >>> check_needs("sml", preset("random"))  # says nothing where it can be run
    >>> try:
    ...     check_needs("pilot", preset("random"))
    ... except ConfigurationError as error:
    ...     print(error.wanted)
    scenes with pilot symbols for pilot

    Args:
        name: of the method.
        scenario: of the scenes.

    Raises:
        ConfigurationError: it asks for what they do not have.
    """
    need = CONTENDERS[name].unmet(scenario) if name in CONTENDERS else None
    if need is not None:
        able = [entry.name for entry in CONTENDERS.values() if entry.unmet(scenario) is None]
        raise ConfigurationError(
            f"scenes with {need} for {name}",
            f"symbols {scenario.symbols!r}, array {scenario.array!r}, {len(scenario.wavelengths)} wavelengths",
            "a baseline made for other measurements",
            f"leave {name} out of the methods; {', '.join(able)} can be run",
        )  # fmt: skip


def _attempt(name: str, scenario: Scenario, trained: Mapping[str, Estimator], *, known_order: bool) -> Attempt:
    """The named method as a function of observation and truth."""
    if name in trained:
        return blind(trained[name], known_order=known_order)
    region = region_of(scenario)
    if name == GENIE:
        return genie_for(scenario, region)
    return blind(contender(name, region, list(trained)), known_order=known_order)


def _floats(span: Span) -> Span:
    return (float(span[0]), float(span[1])) if isinstance(span, tuple) else float(span)


def blind(estimator: Estimator, *, known_order: bool) -> Attempt:
    """An estimator that sees no truth but, where it is told, the number of sources.

    A benchmark knows that a back-projected covariance says little: it measures how little, and needs no warning.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import Sml
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> attempt = blind(Sml(), known_order=True)
    >>> attempt(trial.scenes.observation, trial.scenes.truth).order  # of the truth it saw K alone
    tensor([1])
    """

    def attempt(observation: Observation, truth: Truth) -> Estimate:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UninformativeCovarianceWarning)
            return in_parts(estimator, told(estimator, observation), truth.sources if known_order else None)

    return attempt


def in_parts(estimator: Estimator, observation: Observation, sources: Counts | None) -> Estimate:
    """Run an estimator on as many scenes at a time as have room for their panel covariances, N² numbers each.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import Sml
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> in_parts(Sml(), trial.scenes.observation, trial.scenes.truth.sources).order
    tensor([1])

    Args:
        estimator: to run.
        observation: the scenes.
        sources: of each, or None.
    """
    at_a_time = max(1, PANEL_BYTES // (16 * len(observation.array) ** 2))
    if at_a_time >= len(observation):
        return estimator(observation, sources)
    rows = torch.arange(len(observation), device=observation.measurements.device).split(at_a_time)
    return joined_estimates([estimator(observation[i], None if sources is None else sources[i]) for i in rows])


def _cells(
    grid: list[Scenario],
    attempts: dict[str, Attempt],
    family: Family,
    scenes: int,
    seed: int,
    known_order: bool,
    progress: Progress | None,
    drawer: Drawer,
) -> Iterator[Cell]:
    total, done = len(grid) * len(attempts) * scenes, 0
    for scenario in grid:
        runs = {name: Run(name, attempt) for name, attempt in attempts.items()}
        bounds: list[Bound] = []
        for block, first in enumerate(range(0, scenes, BLOCK)):
            trial = trial_on(drawer(scenario, min(BLOCK, scenes - first), seed, block))
            bounds.append(trial.bound)
            for run in runs.values():
                run.add(trial)
                done += len(trial.scenes)
                if progress is not None:
                    progress(f"{run.name}, {label_of(scenario)}", done, total)
        whole = Bound(**{name: torch.cat([vars(b)[name] for b in bounds]) for name in vars(bounds[0])})
        for run in runs.values():
            yield run.cell(whole, scenario, seed, family, known_order=known_order)


@dataclass(eq=False)
class Run:
    """One method on the scenes of a cell, block by block; only scores are kept.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 1, seed=0)
    >>> run = Run("genie", genie_for(scenario, region_of(scenario)))
    >>> run.add(trial)
    >>> run.cell(trial.bound, scenario, seed=0, known_order=True).success.value  # of one scene
    1.0

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
        places, _ = as_told(estimate.positions, trial.scenes.observation.array)
        self.scores.append(score(trial.scenes.truth, trial.bound, replace(estimate, positions=places)))
        self.statuses += estimate.status

    def cell(
        self, bound: Bound, scenario: Scenario, seed: int, family: Family = ALONE, *, known_order: bool
    ) -> Cell:  # fmt: skip
        """What all blocks come to."""
        return summarise(
            joined_scores(self.scores),
            bound,
            stream(seed, f"bench/intervals/{self.name}/{stream_part(scenario)}"),
            method=self.name,
            sources=scenario.sources,
            snr_db=scenario.snr_db,
            known_order=known_order,
            seconds=self.seconds,
            statuses=self.statuses,
            family=family,
        )
