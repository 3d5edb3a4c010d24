"""What share of the energy do sources explain, and what was expected? Right scenes and a wrong model, K known.

At 0, 10 and 20 dB with one to three sources: mean and standard deviation over scenes of `fit.explained`, of
`fit.expected`, and of their difference. The wrong model has phase errors of 0.5 rad. Usage:
python benchmarks/explained_shares.py --scenes 100
"""

import argparse

import torch
from kept_rows import keep, row_options
from mismatched_scenes import mismatched
from torch import Tensor

from ris_pytorch_pipeline.estimate import PilotMl, Sml

_COLUMNS = ("kind", "symbols", "dB", "n", "explained", "expected", "explained less expected")


def shares(kind: str, name: str, snr_db: float, count: int, seed: int) -> Tensor:
    """(scene, 2): the explained and the expected share."""
    scenes = mismatched(kind, name, snr_db, (1, 3), count, 0, seed)
    found = (Sml() if name == "random" else PilotMl())(scenes.observation, scenes.truth.sources)
    assert found.fit is not None
    return torch.stack([found.fit.explained, found.fit.expected], dim=1)


def shown(values: Tensor) -> str:
    """Mean and standard deviation."""
    return f"{values.mean():.2f} ± {values.std():.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--snr-db", type=float, nargs="+", default=[0.0, 10.0, 20.0])
    row_options(parser, seed=1301)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep("| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|", given.out)
    for kind in ("right", "phases"):
        for name in ("random", "pilot"):
            for snr_db in given.snr_db:
                found = shares(kind, name, snr_db, given.scenes, given.seed)
                told = (*map(shown, found.unbind(1)), shown(found[:, 0] - found[:, 1]))
                keep("| " + " | ".join([kind, name, f"{snr_db:g}", str(len(found)), *told]) + " |", given.out)


if __name__ == "__main__":
    main()
