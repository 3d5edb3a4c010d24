"""How clearly must the weakest of K pilots stand out for `PilotMl` to search no further? The same scenes, two margins.

Per cell of sources, antennas and SNR: CPU time of a scene and success of another way and with 2 a source, the default;
and the scenes that only one of them finds right. K known, without the fit. The other way is a margin of 10 for any
number of sources, no escapes, or a margin of 1 a source and no escapes.

    python benchmarks/pilot_margin.py --scenes 128 --sources 2 3 --antennas 16 4 2 1 [--way "no escapes"]
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from ris_pytorch_pipeline.bench import Trial, score, trial_of
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.physics import preset

WAYS: dict[str, Callable[[int], PilotMl]] = {
    "10": lambda sources: PilotMl(fit=False, margin=10.0 / sources),
    "no escapes": lambda _: PilotMl(fit=False, escapes=()),
    "1 K, no escapes": lambda _: PilotMl(fit=False, escapes=(), margin=1.0),
}
"""By name, for a number of sources."""


def right(trial: Trial, sources: int, estimator: PilotMl) -> tuple[float, torch.Tensor]:
    """CPU seconds, and which scenes are found right."""
    start = time.process_time()
    found = estimator(trial.scenes.observation, sources)
    seconds = time.process_time() - start
    return seconds, score(trial.scenes.truth, trial.bound, found).success.flatten().bool()


def main() -> None:
    """Print a line a cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=128)
    parser.add_argument("--sources", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--antennas", type=int, nargs="+", default=[16, 4, 2, 1])
    parser.add_argument("--snr-db", type=float, nargs="+", default=[0.0, 5.0, 10.0])
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--way", default="10", choices=list(WAYS))
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = [
        "K",
        "antennas",
        "SNR dB",
        *(f"{what}, {how}" for what in ("ms", "right", "only") for how in (given.way, "2 K")),
    ]
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for sources in given.sources:
        for antennas in given.antennas:
            for snr_db in given.snr_db:
                scenario = replace(preset("pilot", sources=sources, snr_db=snr_db), antennas=antennas)
                trial = trial_of(scenario, given.scenes, given.seed)
                ways = (WAYS[given.way](sources), PilotMl(fit=False))
                (slow, a), (fast, b) = (right(trial, sources, way) for way in ways)
                times = " | ".join(f"{1e3 * seconds / given.scenes:.1f}" for seconds in (slow, fast))
                shares = " | ".join(f"{float(x.double().mean()):.3f}" for x in (a, b))
                only = f"{int((a & ~b).sum())} | {int((b & ~a).sum())}"
                print(f"| {sources} | {antennas} | {snr_db:g} | {times} | {shares} | {only} |", flush=True)


if __name__ == "__main__":
    main()
