"""How near the bound maximum likelihood gets with other arrays: unequal spacings, a line, a half cylinder, a wide band.

`PilotMl` for pilots and `Sml` for random symbols, told K, at one SNR: scenes with every source within 3°, RMSE over the
bound in each coordinate over those scenes, and whether a scene that failed is a failure of the search (the optimum at
the truth is likelier than the answer) or of the likelihood (it is not). Intervals are 95 %. Rows are printed as they
come, and any part can be asked for by itself.

    python benchmarks/array_bounds.py --symbols pilot --scenes 200
    python benchmarks/array_bounds.py --symbols random --arrays line,wideband --sources 3 --scenes 200
"""

import argparse
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import Cell, Measure, Run, blind, region_of, score, trial_of
from ris_pytorch_pipeline.bench.sweep import BLOCK, Trial
from ris_pytorch_pipeline.bounds import Bound
from ris_pytorch_pipeline.estimate import Estimate, MaximumLikelihood, PilotMl, Sml
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Observation, Scenario, Truth, preset, to_cosines

ARRAYS: dict[str, dict[str, Any]] = {
    "unequal": {"horizontal": 20, "vertical": 10, "spacing": (0.12, 0.18)},
    "line": {"horizontal": 15, "vertical": 1, "elevation_deg": 0.0},
    "cylinder": {"bend_deg": 180.0},
    "wideband": {"frequencies": 5, "bandwidth": 0.1},
}
"""What differs from the presets `pilot` and `random` (12 x 12 elements half a wavelength apart, wavelength 0.3 m)."""
_CLEARLY = 0.01
"""Nats by which one optimum is likelier than another."""


@dataclass(eq=False)
class Recorder:
    """An estimator that counts why its scenes failed.

    Args:
        estimator: the likelihood.
        trial: the block that it is to be run on.
        search: failures with a likelier optimum at the truth.
        likelihood: failures that are as likely as the truth, or likelier.
    """

    estimator: MaximumLikelihood[Any]
    trial: Trial | None = None
    search: int = 0
    likelihood: int = 0
    _blind: Any = field(init=False)

    def __post_init__(self) -> None:
        self._blind = blind(self.estimator, known_order=True)

    def __call__(self, observation: Observation, truth: Truth) -> Estimate:
        """Locate; the truth is used for K alone."""
        return self._blind(observation, truth)

    def explain(self, trial: Trial) -> None:
        """Count the failures of a block by their cause."""
        found = self(trial.scenes.observation, trial.scenes.truth)
        failed = torch.nonzero(~score(trial.scenes.truth, trial.bound, found).success).squeeze(-1)
        if failed.numel() == 0:
            return
        observation = trial.scenes.observation[failed]
        at_truth = self._objective(observation, trial.scenes.truth.positions[failed])
        better = at_truth < self._objective(observation, found.positions[failed]) - _CLEARLY
        self.search += int(better.sum())
        self.likelihood += int((~better).sum())

    def _objective(self, observation: Observation, positions: Tensor) -> Tensor:
        """Negative log-likelihood of the optimum that given positions lead to, nats."""
        scaled = scale(observation).observation
        likelihood = self.estimator.likelihood(scaled)
        rows = torch.arange(len(scaled))
        start = likelihood.start_at(rows, to_cosines(positions.double(), scaled.array))
        return likelihood.refine(rows, start, iterations=30, tolerance=1e-6).value


def row(scenario: Scenario, scenes: int) -> tuple[Cell, Recorder]:
    """A cell of scenes, and the causes of its failures."""
    region = region_of(scenario)
    recorder = Recorder(PilotMl(region=region) if scenario.symbol_model == "pilot" else Sml(region=region))
    run, bounds = Run(recorder.estimator.name, recorder), list[Bound]()
    for block, first in enumerate(range(0, scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, scenes - first), seed=0, block=block)
        bounds.append(trial.bound)
        run.add(trial)
        failed = ~run.scores[-1].success
        if bool(failed.any()):
            recorder.explain(Trial(trial.scenes[failed], _some(trial.bound, failed)))
    whole = Bound(**{name: torch.cat([vars(b)[name] for b in bounds]) for name in vars(bounds[0])})
    return run.cell(whole, scenario, seed=0, known_order=True), recorder


def _some(bound: Bound, rows: Tensor) -> Bound:
    """The bound of some of the scenes."""
    return Bound(**{name: value[rows] for name, value in vars(bound).items()})


def spelled(measure: Measure) -> str:
    """A ratio with its interval, or a dash where the array cannot tell the coordinate."""
    if measure.value != measure.value:
        return "not observable"
    return f"{measure.value:.2f} [{measure.low:.2f}, {measure.high:.2f}]"


def main() -> None:
    """Print a row of a Markdown table for each array and K."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", choices=("pilot", "random"), default="pilot")
    parser.add_argument("--arrays", default=",".join(ARRAYS), help="out of %(default)s")
    parser.add_argument("--sources", default="1,2,3")
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--scenes", type=int, default=200)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{given.symbols} symbols, {given.snr_db:g} dB, n = {given.scenes} scenes a row, RMSE over the bound\n")
    print("| array | K | within 3° | azimuth | elevation | distance | failed: search, likelihood | scenes/s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in given.arrays.split(","):
        for sources in given.sources.split(","):
            scenario = preset(given.symbols, sources=int(sources), snr_db=given.snr_db, **ARRAYS[name])
            cell, failures = row(scenario, given.scenes)
            ratios = " | ".join(spelled(cell.rmse_over_crb[c]) for c in ("azimuth", "elevation", "distance"))
            causes = f"{failures.search}, {failures.likelihood}"
            print(f"| {name} | {sources} | {spelled(cell.success)} | {ratios} | {causes} | {cell.scenes_per_s:.1f} |")
            if cell.alarm:
                print(f"ALARM: {cell.alarm}")
            print(end="", flush=True)


if __name__ == "__main__":
    main()
