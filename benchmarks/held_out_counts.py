"""How many sources does a count find right? For what a source has to predict: run it at two commits for the difference.

Right scenes of a preset with other numbers of snapshots and antennas, one to three sources. Counted are sources without
a true one within 3° (false), true ones without an estimate (missed), and scenes with the right number. Usage:
python benchmarks/held_out_counts.py --scenes 1000 --presets pilot --sizes 3x8,4x4 --snr-db 10
"""

import argparse

import torch
from kept_rows import keep, row_options

from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream


def counted(scenes: Scenes) -> tuple[int, int, float]:
    """False sources, missed ones, and the share of scenes with the right number."""
    estimator = Sml() if scenes.observation.symbols == "random" else PilotMl()
    found, truth = estimator(scenes.observation), scenes.truth
    hits = int((match_directions(truth.positions, found.positions.double()) >= 0).sum())
    right = (found.order == truth.sources).double().mean()
    return int(found.order.sum()) - hits, int(truth.sources.sum()) - hits, float(right)


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--presets", default="pilot,random")
    parser.add_argument("--sizes", default="16x16", help="snapshots x antennas")
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--sources", default="1,3")
    row_options(parser, seed=1133)
    given = parser.parse_args()
    torch.set_num_threads(1)
    least, most = (int(k) for k in given.sources.split(","))
    keep(f"{'preset, snapshots x antennas':34}{'n':>6}{'false':>7}{'missed':>8}{'K right':>9}", given.out)
    for name in given.presets.split(","):
        for size in given.sizes.split(","):
            snapshots, antennas = (int(count) for count in size.split("x"))
            chosen = preset(
                name, snapshots=snapshots, antennas=antennas, sources=(least, most), snr_db=given.snr_db
            )  # fmt: skip
            false, missed, right = counted(draw(chosen, given.scenes, stream(given.seed, name, size)))
            keep(f"{f'{name}, {size}':34}{given.scenes:6}{false:7}{missed:8}{right:9.3f}", given.out)


if __name__ == "__main__":
    main()
