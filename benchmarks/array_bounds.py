"""How near the bound maximum likelihood gets with other arrays: unequal spacings, a line, a half cylinder, a wide band.

Two see all around, azimuths of ±180°: the half cylinder, and elements anywhere in a ball.

`PilotMl` for pilots and `Sml` for random symbols, told K, at one SNR: scenes with every source within 3°, RMSE over the
bound in each coordinate over those scenes, the same of the genie (maximum likelihood started at the truth), and the
scenes whose search missed: the optimum at the truth is likelier than the answer. Of distances only those with a bound
below 1 m count. Intervals are 95 %. Rows are printed as they come, and any part can be asked for by itself.

    python benchmarks/array_bounds.py --symbols pilot --scenes 200
    python benchmarks/array_bounds.py --symbols random --arrays line,wideband --sources 3 --scenes 200
"""

import argparse
from dataclasses import dataclass
from typing import Any

import torch
from kept_rows import keep, row_options
from torch import Tensor

from ris_pytorch_pipeline.bench import Cell, Measure, Run, genie_for, region_of, trial_of
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.bounds import Bound
from ris_pytorch_pipeline.estimate import Estimate, MaximumLikelihood, PilotMl, Sml
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Array, Observation, Points, Scenario, Truth, preset, to_cosines
from ris_pytorch_pipeline.rng import stream


def ball(elements: int = 100, radius: float = 0.9, wavelength: float = 0.3) -> Array:
    """Elements uniformly in a ball: an array without rows, columns or a front."""
    places = torch.randn((elements, 3), generator=stream(0, "ball"), dtype=torch.float64)
    reach = radius * torch.rand(elements, generator=stream(1, "ball"), dtype=torch.float64) ** (1 / 3)
    return Points(places / places.norm(dim=-1, keepdim=True) * reach[:, None], wavelength)


AROUND = (-180.0, 180.0)
ARRAYS: dict[str, dict[str, Any]] = {
    "unequal": {"horizontal": 20, "vertical": 10, "spacing": (0.12, 0.18)},
    "line": {"horizontal": 15, "vertical": 1, "elevation_deg": 0.0},
    "cylinder": {"bend_deg": 180.0},
    "wideband": {"frequencies": 5, "bandwidth": 0.1},
    "around": {"bend_deg": 180.0, "azimuth_deg": AROUND},
    "ball": {"array": ball(), "azimuth_deg": AROUND},
}
"""What differs from the presets `pilot` and `random` (12 x 12 elements half a wavelength apart, wavelength 0.3 m)."""
_CLEARLY = 0.01
"""Nats by which one optimum is likelier than another."""
_TOGETHER = 16
"""Scenes whose likelihoods are held at a time."""
_COORDINATES = ("azimuth", "elevation", "distance")


@dataclass(frozen=True, eq=False)
class Row:
    """What a row of the table says.

    Args:
        found: the estimator's cell.
        genie: that of the same likelihood started at the truth.
        missed: scenes in which the optimum at the truth is likelier than the answer.
    """

    found: Cell
    genie: Cell
    missed: int


def row(scenario: Scenario, scenes: int, seed: int) -> Row:
    """Locate scenes of a scenario block by block, by a search and from the truth."""
    region = region_of(scenario)
    estimator = PilotMl(region=region) if scenario.symbol_model == "pilot" else Sml(region=region)
    answers: list[Estimate] = []

    def attempt(observation: Observation, truth: Truth) -> Estimate:
        answers.append(estimator(observation, truth.sources))
        return answers[-1]

    runs = Run(estimator.name, attempt), Run("genie", genie_for(scenario, region))
    bounds, missed = list[Bound](), 0
    for block, first in enumerate(range(0, scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, scenes - first), seed=seed, block=block)
        bounds.append(trial.bound)
        for run in runs:
            run.add(trial)
        seen = trial.scenes.observation
        at_truth = objective(estimator, seen, trial.scenes.truth.positions)
        missed += int((at_truth < objective(estimator, seen, answers[-1].positions) - _CLEARLY).sum())
    whole = Bound(**{name: torch.cat([vars(b)[name] for b in bounds]) for name in vars(bounds[0])})
    found, genie = (run.cell(whole, scenario, seed=seed, known_order=True) for run in runs)
    return Row(found, genie, missed)


def objective(estimator: MaximumLikelihood[Any], observation: Observation, positions: Tensor) -> Tensor:
    """Negative log-likelihood of the optimum that given positions lead to, nats; infinite where a source is missing."""
    scaled = scale(observation).observation
    value = torch.full((len(scaled),), torch.inf, dtype=torch.float64)
    for part in torch.nonzero(~positions.isnan().any(-1).any(-1)).squeeze(-1).split(_TOGETHER):
        likelihood, rows = estimator.likelihood(scaled[part]), torch.arange(part.numel())
        start = likelihood.start_at(rows, to_cosines(positions[part].double(), scaled.array))
        value[part] = likelihood.refine(rows, start, iterations=30, tolerance=1e-6).value
    return value


def spelled(measure: Measure, digits: int = 2) -> str:
    """A ratio with its interval, or a dash where the array cannot tell the coordinate."""
    if measure.value != measure.value:
        return "not observable"
    return f"{measure.value:.{digits}f} [{measure.low:.{digits}f}, {measure.high:.{digits}f}]"


def main() -> None:
    """Print a row of a Markdown table for each array and K."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--symbols", choices=("pilot", "random"), default="pilot")
    parser.add_argument("--arrays", default=",".join(ARRAYS), help="out of %(default)s")
    parser.add_argument("--sources", default="1,2,3")
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--scenes", type=int, default=200)
    row_options(parser, seed=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep(
        f"{given.symbols} symbols, {given.snr_db:g} dB, n = {given.scenes} scenes a row, RMSE over the bound\n",
        given.out,
    )
    keep("| array | K | within 3° | azimuth | elevation | distance | genie | missed | scenes/s |", given.out)
    keep("|---|---|---|---|---|---|---|---|---|", given.out)
    for name in given.arrays.split(","):
        for sources in given.sources.split(","):
            scenario = preset(given.symbols, sources=int(sources), snr_db=given.snr_db, **ARRAYS[name])
            cell = (made := row(scenario, given.scenes, given.seed)).found
            ratios = " | ".join(spelled(cell.rmse_over_crb[c]) for c in _COORDINATES)
            genie = " / ".join(f"{made.genie.rmse_over_crb[c].value:.2f}".replace("nan", "-") for c in _COORDINATES)
            share = spelled(cell.success, 3)
            rest = f"{ratios} | {genie} | {made.missed} | {cell.scenes_per_s:.1f} |"
            keep(f"| {name} | {sources} | {share} | {rest}", given.out)
            if cell.alarm:
                keep(f"ALARM: {cell.alarm}", given.out)


if __name__ == "__main__":
    main()
