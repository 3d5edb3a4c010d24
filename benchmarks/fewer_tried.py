"""What does it save to try fewer sources more in scenes that are a misfit, and what is no longer said?

`hard` with its errors, three known sources at 10 dB (the scenes of `against_checkout.py`), and `hard` without errors, K
estimated, at 0 to 20 dB. For each most number of random sources that are tried beside those found: processor seconds
over those with eight, by turns, and the scenes whose status is another one. Of right scenes, how many are a misfit.
Usage: python benchmarks/fewer_tried.py --scenes 64 --rounds 3
"""

import argparse
import time

import torch
from kept_rows import keep, row_options

from ris_pytorch_pipeline.bench import region_of
from ris_pytorch_pipeline.estimate import Sml, Status
from ris_pytorch_pipeline.estimate.ml import hidden
from ris_pytorch_pipeline.physics import Impairments, Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream

TRIED = (8, 4, 2, 1)


def located(scenes: Scenes, estimator: Sml, most: int, *, known: bool) -> tuple[float, list[str]]:
    """Processor seconds, and what is said of each scene."""
    hidden._MORE_RANDOM = most
    start = time.process_time()
    found = estimator(scenes.observation, scenes.truth.sources if known else None)
    return time.process_time() - start, [status.name for status in found.status]


def row(name: str, scenes: Scenes, estimator: Sml, rounds: int, *, known: bool) -> list[str]:
    """The rows of some scenes, one for each number."""
    turns = [[located(scenes, estimator, most, known=known) for most in TRIED] for _ in range(rounds)]
    rows = []
    for at, most in enumerate(TRIED):
        ratios = torch.tensor([turn[0][0] / turn[at][0] for turn in turns])
        changed = sum(a != b for a, b in zip(turns[0][0][1], turns[0][at][1], strict=True))
        misfits = sum(said == Status.MISFIT.name for said in turns[0][at][1])
        rows.append(f"| {name} | {len(scenes)} | {most} | {ratios.median():.2f} | {changed} | {misfits} |")
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    row_options(parser, seed=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = ("scenes", "n", "tried", "times as fast as with 8", "other status", "misfits")
    keep("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|", given.out)
    wrong = preset("hard", sources=3, snr_db=10.0)
    right = preset("hard", snr_db=(0.0, 20.0), impairments=Impairments())
    drawn = draw(wrong, given.scenes, stream(given.seed, "against", 3))
    for line in row("`hard`, K = 3", drawn, Sml(), given.rounds, known=True):
        keep(line, given.out)
    drawn = draw(right, given.scenes, stream(given.seed, "null/hard", 0))
    for line in row("`hard` without errors", drawn, Sml(region=region_of(right)), 1, known=False):
        keep(line, given.out)


if __name__ == "__main__":
    main()
