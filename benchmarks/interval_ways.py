"""Which intervals of the elevation hold what they promise where those of Fisher's ± fall short? Right scenes, K known.

`Sml` on a preset without hardware errors, of the sources found within 3°, the scenes of `search_coverage.py`. Rows are
all sources; those without another one within 1.5 beamwidths (the wavelength over the side of the array each), and those
with one; and those of scenes of which every source was found. The columns say what share of elevations 90 % intervals
hold:

- of Fisher's ±;
- of the same with Student's t of L - 1 degrees of freedom in place of the normal law, L snapshots;
- of the likelihood ratio: 2 ΔNLL < 2.71 between the optimum and the best fit with the true elevation of that source;
- of the Cramér-Rao bound at the truth around what was found, as no estimator knows it.

Errors over Fisher's ± are told by their mean, their standard deviation, and the share beyond 3.

    python benchmarks/interval_ways.py --scenes 300 --presets hard --sources 3 --snr-db 5 --seed 1232
"""

import argparse
from dataclasses import dataclass, fields, replace

import torch
from kept_rows import keep, row_options
from scipy.stats import chi2
from scipy.stats import t as student
from search_coverage import BLOCK, PROMISED
from torch import Tensor

from ris_pytorch_pipeline.bench import match_directions, region_of, share
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.estimate import SearchRegion, Sml
from ris_pytorch_pipeline.estimate.interval import reach_of
from ris_pytorch_pipeline.estimate.ml.levenberg import Box
from ris_pytorch_pipeline.estimate.ml.stochastic import StochasticLikelihood
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.matching import gather_found
from ris_pytorch_pipeline.physics import Impairments, Observation, Scenario, Scenes, draw, preset, to_cosines
from ris_pytorch_pipeline.rng import stream

ELEVATION, NEAR = 1, 1.5
"""The coordinate, and the beamwidths within which another source is near."""
_COLUMNS = (
    "preset", "K", "dB", "scenes", "sources", "n", "Fisher", "Student's t", "likelihood ratio", "the bound",
    "mean error over ±", "its deviation", "beyond 3 ±",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of each source that was found: (source,) each."""

    error: Tensor
    bound: Tensor
    ratio: Tensor
    near: Tensor
    complete: Tensor


def asked(scenes: Scenes, estimator: Sml) -> Asked:
    """The error of the elevation over Fisher's ±, over the bound, 2 ΔNLL at the truth, and what is around."""
    found = estimator(scenes.observation, scenes.truth.sources)
    true = scenes.truth.positions.double()
    partner = match_directions(true, found.positions)
    place, spread = (gather_found(each.double(), partner) for each in (found.positions, found.deviations))
    there = ~place[..., ELEVATION].isnan()
    off = (place - true)[..., ELEVATION]
    bound = scene_bound(scenes).deviations[..., ELEVATION]
    ratio = torch.full_like(off, torch.nan)
    for scene, source in torch.nonzero(there).tolist():
        slot = int(partner[scene, source])
        seen, own = scenes.observation[scene : scene + 1], found.positions[scene : scene + 1]
        ratio[scene, source] = gained(estimator, seen, own, slot, true[scene, source])
    complete = there.all(-1, keepdim=True).expand_as(there)
    parts = (off / spread[..., ELEVATION], off / bound, ratio, near(scenes), complete)
    return Asked(*(part[there] for part in parts))


def gained(estimator: Sml, seen: Observation, positions: Tensor, slot: int, true: Tensor) -> float:
    """2 ΔNLL between the optimum and the best fit with the true elevation of one source."""
    scaled, rows = scale(seen).observation, torch.arange(1)
    start = estimator.start(estimator.likelihood(scaled), positions.double()).hypothesis
    cosines = start.cosines.clone()
    cosines[0, slot, 1] = to_cosines(true[None], scaled.array)[0, 1]
    free, held = StochasticLikelihood(scaled, estimator.region), Held(scaled, estimator.region, slot, cosines)
    values = [
        each.refine(rows, begin, iterations=100, tolerance=1e-6).value
        for each, begin in ((free, start), (held, replace(start, cosines=cosines)))
    ]
    return float(2 * (values[1] - values[0]))


class Held(StochasticLikelihood):
    """The likelihood with the vertical cosine w of one source held.

    Args:
        observation: one scaled scene.
        region: the field of view.
        slot: the source.
        cosines: (1, source, 3), where it is.
    """

    def __init__(self, observation: Observation, region: SearchRegion, slot: int, cosines: Tensor) -> None:
        super().__init__(observation, region)
        self.parameter, self.level = 3 * slot + 1, cosines[0, slot, 1]

    def _box(self, sources: int, *, held: bool = False) -> Box:
        box = super()._box(sources, held=held)
        if held:
            return box
        lower, upper = box.lower.clone(), box.upper.clone()
        lower[self.parameter] = upper[self.parameter] = self.level
        return replace(box, lower=lower, upper=upper)


def near(scenes: Scenes) -> Tensor:
    """(scene, source): whether another source is within 1.5 beamwidths of both cosines together."""
    array = scenes.observation.array
    side = (array.placed.amax(0) - array.placed.amin(0)).amax()
    directions = to_cosines(scenes.truth.positions.double(), array)[..., :2]
    apart = torch.cdist(directions, directions) + 2 * torch.eye(directions.shape[1])
    return apart.amin(-1) < NEAR * array.wavelength / side


def cells(some: Asked, snapshots: int) -> list[str]:
    """What the intervals hold of some sources, and how their errors over Fisher's ± are spread."""
    wide = float(student.ppf((1 + PROMISED) / 2, snapshots - 1))
    held = (
        some.error.abs() < reach_of(PROMISED),
        some.error.abs() < wide,
        some.ratio < float(chi2.ppf(PROMISED, 1)),
        some.bound.abs() < reach_of(PROMISED),
    )
    told = [share(each) for each in held]
    shares = [f"{each.value:.3f} [{each.low:.2f}, {each.high:.2f}]" for each in told]
    beyond = (some.error.abs() > 3).double().mean()
    return [str(len(some.error)), *shares, f"{some.error.mean():.2f}", f"{some.error.std():.2f}", f"{beyond:.3f}"]


def rows_of(scenario: Scenario, scenes: int, seed: int) -> list[tuple[str, list[str]]]:
    """The rows of one cell."""
    estimator, parts = Sml(region=region_of(scenario), fit=False), []
    for block in range(-(-scenes // BLOCK)):
        name = f"coverage/{scenario.sources}/{scenario.snr_db}"
        drawn = draw(scenario, min(BLOCK, scenes - block * BLOCK), stream(seed, name, block))
        parts.append(asked(drawn, estimator))
    every = Asked(*(torch.cat([vars(part)[field.name] for part in parts]) for field in fields(Asked)))
    chosen = {
        "all": torch.ones_like(every.near),
        "another one within 1.5 beamwidths": every.near,
        "none within 1.5 beamwidths": ~every.near,
        "all of the scene found": every.complete,
        "another one of the scene not found": ~every.complete,
    }
    return [
        (name, cells(Asked(*(value[some] for value in vars(every).values())), scenario.snapshots))
        for name, some in chosen.items()
        if some.any()
    ]


def main() -> None:
    """Print the table, cell by cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--presets", nargs="+", default=["hard"])
    parser.add_argument("--sources", type=int, nargs="+", default=[3])
    parser.add_argument("--snr-db", type=float, nargs="+", default=[5.0])
    row_options(parser, seed=1232)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep("| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|", given.out)
    for name in given.presets:
        for sources in given.sources:
            for snr_db in given.snr_db:
                right = preset(name, sources=sources, snr_db=snr_db, impairments=Impairments())
                for which, told in rows_of(right, given.scenes, given.seed):
                    cell = [name, str(sources), f"{snr_db:g}", str(given.scenes), which, *told]
                    keep("| " + " | ".join(cell) + " |", given.out)


if __name__ == "__main__":
    main()
