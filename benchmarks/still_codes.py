"""Is it said that codes which do not vary leave a place open? One source of random symbols before few antennas.

For each number of antennas: scenes with a coordinate off by more than five ±, those of them that are converged, all
that are converged, and those that are not tested or ambiguous.
python benchmarks/still_codes.py --scenes 64 --seed 1306
"""

import argparse

import torch

from ris_pytorch_pipeline.estimate import Sml, Status
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream

_OFF, _BLOCK = 5.0, 32


def row(antennas: int, scenes: int, snr_db: float, seed: int) -> str:
    """What is said of the scenes of some antennas."""
    scenario = preset("random", codes="ones", antennas=antennas, sources=1, snr_db=snr_db)
    off, calm, open_ = [], [], []
    for block, first in enumerate(range(0, scenes, _BLOCK)):
        drawn = draw(scenario, min(_BLOCK, scenes - first), stream(seed, f"still codes/{antennas}", block))
        found = Sml()(drawn.observation, 1)
        off.append(((found.positions - drawn.truth.positions) / found.deviations).abs().flatten(1).amax(-1) > _OFF)
        calm += [status is Status.CONVERGED for status in found.status]
        open_ += [status in (Status.UNTESTED, Status.AMBIGUOUS) for status in found.status]
    far = torch.cat(off)
    return f"| {antennas} | {int(far.sum())} | {int((far & torch.tensor(calm)).sum())} | {sum(calm)} | {sum(open_)} |"


def main() -> None:
    """Print a row for each number of antennas."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--antennas", default="2,3,4,5,6,8,16")
    parser.add_argument("--scenes", type=int, default=64)
    parser.add_argument("--snr-db", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("| antennas | off | of these converged | converged | not tested or ambiguous |\n|---|---|---|---|---|")
    for antennas in given.antennas.split(","):
        print(row(int(antennas), given.scenes, given.snr_db, given.seed), flush=True)


if __name__ == "__main__":
    main()
