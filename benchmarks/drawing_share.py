"""What does half of a batch cost a process that shares it, where scenes are drawn?

python benchmarks/drawing_share.py

The random numbers of the whole batch are drawn, so that scenes do not depend on the number of processes; the rest is
done for the rows that are asked for. One row shows what drawing the numbers and every call's own cost come to. Whole,
half and one row take turns; processor time of one thread, medians.
"""

import argparse
import time
from statistics import median

import torch

from ris_pytorch_pipeline.data import SceneSource
from ris_pytorch_pipeline.experiment import TRAINING_PRESETS


def seconds(source: SceneSource, index: int, rows: slice) -> float:
    """Processor seconds of some rows of a batch."""
    begin = time.process_time()
    source.part(index, rows)
    return time.process_time() - begin


def row(preset: str, batch: int, rounds: int) -> str:
    """A line of the table: milliseconds of the whole batch, half of it and one row, and the shares of the whole."""
    scenario = TRAINING_PRESETS[preset].scenario
    source = SceneSource(scenario=scenario, split="train", seed=0, scenes=(rounds + 1) * batch, batch=batch)
    parts = (slice(0, batch), slice(0, batch // 2), slice(0, 1))
    turns = [[seconds(source, index, rows) for rows in parts] for index in range(rounds + 1)][1:]
    whole, half, one = (1e3 * median(each) for each in zip(*turns, strict=True))
    return f"| {preset} | {batch} | {whole:.0f} | {half:.0f} | {one:.0f} | {half / whole:.2f} | {one / whole:.2f} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="Cost of a share of a drawn batch.")
    parser.add_argument("--presets", nargs="*", default=["tiny", "desk"], choices=list(TRAINING_PRESETS))
    parser.add_argument("--batches", type=int, nargs="*", default=[32, 128, 256])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| preset | batch | whole ms | half ms | one row ms | half / whole | one row / whole |")
    print("|---|---|---|---|---|---|---|")
    for preset in given.presets:
        for batch in given.batches:
            print(row(preset, batch, given.rounds), flush=True)


if __name__ == "__main__":
    main()
