"""Why RMSE over the stochastic bound stays a few per cent above 1 at high SNR with 16 snapshots.

The stochastic bound averages over symbols, but a scene has only the symbols it drew: its own limit is the deterministic
bound given those symbols, whose mean square over scenes is larger (Jensen). Maximum likelihood started at the truth is
compared with both. Usage: python benchmarks/finite_snapshots.py [--scenes 400]
"""

import argparse
import math

import torch

from ris_pytorch_pipeline.bounds import deterministic_bound, scene_bound
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.matching import great_circle
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream


def main() -> None:
    """Print both ratios for a few cells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=400)
    count = parser.parse_args().scenes
    torch.set_num_threads(1)
    for sources, snr_db in ((1, 20.0), (2, 20.0), (3, 20.0)):
        scenes = draw(preset("random", sources=sources, snr_db=snr_db), count, stream(0, "finite snapshots", sources))
        given, truth = scenes.observation, scenes.truth
        found = Sml().refine(given, truth.positions).positions
        angle = great_circle(found[:, :, None], truth.positions[:, None])
        error = found.gather(1, angle.argmin(1).unsqueeze(-1).expand(-1, -1, 3)) - truth.positions
        success = (angle.amin(1) < math.radians(3)).all(1)
        drawn = deterministic_bound(
            truth.positions, truth.symbols, truth.noise_variance, given
        )  # fmt: skip
        for name, bound in (
            ("stochastic bound", scene_bound(scenes)),
            ("deterministic bound, symbols as drawn", drawn),
        ):
            ratio = (error / bound.deviations)[success][..., :2].square().mean((0, 1)).sqrt()
            text = " / ".join(f"{float(x):.2f}" for x in ratio)
            print(f"K = {sources}, {snr_db:g} dB, n = {count}: azimuth / elevation RMSE over the {name}: {text}")


if __name__ == "__main__":
    main()
