"""Why do the intervals of the inverse distance q hold too little with five sources at 0 dB?

Sources found within 3°, K known, distances drawn uniformly in their inverse: how many errors in q lie within the
intervals that promise 50 and 90 %, by the network and by the genie, the likelihood that starts at the truth. Rows split
these sources: by the direction of the nearest other source, by whether every source of the scene was found, and by the
stated ±. Beside them the mean and the standard deviation of error over ±, which are 0 and 1 where the ± are right, and
the shares beyond the 90 % interval on either side.

    python benchmarks/q_intervals.py --scenes 200
"""

import argparse
from dataclasses import dataclass

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import Trial, trial_of
from ris_pytorch_pipeline.bench.genie import genie_for
from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.estimate import Estimate, SearchRegion
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.matching import UNMATCHED, great_circle
from ris_pytorch_pipeline.physics import Scenario, preset

SOURCES, SNR_DB, APART = 5, 0.0, 15.0
HALF, MOST = 0.6745, 1.6449
"""Standard deviations within which a normal error lies with 50 and with 90 %."""
COLUMNS = ("symbols", "of", "which sources", "sources", "in 50 %", "in 90 %", "mean", "deviation", "below", "above")


@dataclass(frozen=True)
class Found:
    """Sources that were found, a figure of each.

    Args:
        over: error in q over its ±.
        stated: ± of q, 1/m.
        apart: degrees to the nearest other source.
        whole: whether every source of the scene was found.
    """

    over: Tensor
    stated: Tensor
    apart: Tensor
    whole: Tensor


def found_of(trial: Trial, estimate: Estimate) -> Found:
    """The sources within 3° of an estimate that states a ±."""
    truth = trial.scenes.truth
    partner = match_directions(truth.positions.double(), estimate.positions.double())
    hit, slot = partner != UNMATCHED, partner.clamp_min(0)
    deviations = estimate.deviations
    assert deviations is not None
    inverse = 1 / estimate.positions[..., 2].gather(1, slot).double()
    stated = deviations[..., 2].gather(1, slot).double() * inverse.square()
    away = torch.rad2deg(great_circle(truth.positions[:, :, None], truth.positions[:, None]))
    away = away.masked_fill(torch.eye(away.shape[-1], dtype=torch.bool), torch.inf).amin(-1)
    kept = hit & (stated > 0)
    over = (inverse - 1 / truth.positions[..., 2].double()) / stated
    whole = hit.all(1, keepdim=True).expand_as(hit)
    return Found(*(each[kept].double() for each in (over, stated, away, whole)))


def gathered(scenario: Scenario, scenes: int) -> dict[str, Found]:
    """What the network and the genie find in the same scenes."""
    network, genie = Localiser.reference(), genie_for(scenario, SearchRegion())
    parts: dict[str, list[Found]] = {"network": [], "genie": []}
    for block, first in enumerate(range(0, scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, scenes - first), 0, block)
        parts["network"].append(found_of(trial, network(trial.scenes.observation, SOURCES)))
        parts["genie"].append(found_of(trial, genie(trial.scenes.observation, trial.scenes.truth)))
    return {name: joined(several) for name, several in parts.items()}


def joined(several: list[Found]) -> Found:
    """Sources of all parts."""
    return Found(*(torch.cat([vars(part)[name] for part in several]) for name in vars(several[0])))


def splits(found: Found) -> dict[str, Tensor]:
    """Which sources a row is of."""
    middle = found.stated.median()
    return {
        "all": found.over.isfinite(),
        f"another source within {APART:g}°": found.apart < APART,
        f"none within {APART:g}°": found.apart >= APART,
        "all five found": found.whole > 0,
        "not all five found": found.whole == 0,
        "the smaller half of the ±": found.stated < middle,
        "the larger half of the ±": found.stated >= middle,
    }


def row(found: Found, kept: Tensor) -> list[str]:
    """The figures of some sources."""
    z = found.over[kept]
    shares = [(z.abs() <= HALF), (z.abs() <= MOST)]
    sides = [(z < -MOST), (z > MOST)]
    means = [f"{float(z.mean()):.2f}", f"{float((z - z.mean()).square().mean().sqrt()):.2f}"]
    rates = [[f"{float(each.double().mean()):.2f}" for each in some] for some in (shares, sides)]
    return [str(len(z)), *rates[0], *means, *rates[1]]


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200, help="of each kind (200)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for kind in ("random", "pilot"):
        scenario = preset(kind, distance_law="inverse", sources=SOURCES, snr_db=SNR_DB)
        for name, found in gathered(scenario, given.scenes).items():
            for which, kept in splits(found).items():
                print("| " + " | ".join([kind, name, which, *row(found, kept)]) + " |", flush=True)


if __name__ == "__main__":
    main()
