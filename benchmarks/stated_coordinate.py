"""Is it told that a field states another elevation or distance than the data have, and left alone where it is right?

Scenes of the default panel whose sources all have one distance (2 m) or one elevation (8°), K known. A row is a kind of
symbols and a coordinate, over K = 1 and 3 and 0, 10 and 20 dB: statuses with the right value stated, and with 1.5 times
it.

    python benchmarks/stated_coordinate.py --scenes 100
"""

import argparse
import math
from collections import Counter

import torch

from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml
from ris_pytorch_pipeline.physics import Observation, draw, preset
from ris_pytorch_pipeline.rng import stream

ESTIMATORS = {"random": Sml, "pilot": PilotMl}
STATED = {"distance": (2.0, 2.0, "distance"), "elevation": (8.0, math.radians(8.0), "elevation_deg")}
OFF = 1.5


def scenes(kind: str, known: str, sources: int, snr_db: float, count: int, seed: int) -> Observation:
    """Scenes whose sources share a distance or an elevation."""
    value, _, field = STATED[known]
    scenario = preset(kind, sources=sources, snr_db=snr_db, **{field: (value, value)})
    return draw(scenario, count, stream(seed, f"stated/{kind}/{known}/{sources}/{snr_db:g}")).observation


def statuses(kind: str, known: str, factor: float, count: int, seed: int) -> Counter[str]:
    """How the scenes end where `factor` times the right value is stated."""
    value = STATED[known][1] * factor
    estimator, told = ESTIMATORS[kind](region=SearchRegion(**{known: (value, value)})), Counter[str]()
    for sources in (1, 3):
        for snr_db in (0.0, 10.0, 20.0):
            seen = scenes(kind, known, sources, snr_db, count, seed)
            told.update(status.value.partition(":")[0] for status in estimator(seen, sources).status)
    return told


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=100, help="of each K and SNR (100)")
    parser.add_argument("--seed", type=int, default=1130, help="of the scenes (1130)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = (
        "symbols", "stated", "n", "right: at the edge", "right: converged",
        "1.5 times: at the edge", "1.5 times: converged", "1.5 times: other words",
    )  # fmt: skip
    print("| " + " | ".join(heads) + " |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in ESTIMATORS:
        for known in STATED:
            right, off = (statuses(kind, known, factor, given.scenes, given.seed) for factor in (1.0, OFF))
            n, edge, good = sum(off.values()), "at the edge", "converged"
            cells = [kind, known, n, right[edge], right[good], off[edge], off[good], n - off[edge] - off[good]]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
