"""Does the ± of the network and of the search hold what it says, and how much does it say?

A row is a cell of K and SNR and one of both: how many errors in azimuth / elevation / inverse distance lie within the
intervals that promise 50 and 90 %, over the sources found within 3° in all scenes (K known); the mean width of the 90 %
interval, the continuous ranked probability score (both in degrees, degrees and 1/m), and the negative log-likelihood in
nats (radians, radians and 1/m). Distances are drawn uniformly in their inverse. With `--sure`
those sources alone are judged that are there with this probability.

    python benchmarks/uncertainty.py --scenes 200 --kinds random pilot --sources 1 3 5 --snr-db 0 5 10 20
    python benchmarks/uncertainty.py --scenes 500 --methods network  # without the search, which takes most of the time
    python benchmarks/uncertainty.py --scenes 500 --methods network --sources 5 --snr-db 0 --sure 0.9
"""

import argparse
import math
from dataclasses import replace

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import Stated, stated_of, trial_of
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.localise import Existence, Localiser
from ris_pytorch_pipeline.physics import preset

COLUMNS = ("symbols", "K", "SNR dB", "method", "sources", "in 50 %", "in 90 %", "width", "CRPS", "NLL")
UNITS = (180 / math.pi, 180 / math.pi, 1.0)


def cell(kind: str, sources: int, snr_db: float, given: argparse.Namespace) -> dict[str, Stated]:
    """Errors and ± of the methods on the same scenes."""
    scenario = preset(kind, distance_law="inverse", sources=sources, snr_db=snr_db)
    search = Sml(fit=False) if kind == "random" else PilotMl(fit=False)
    methods = {
        name: each for name, each in (("network", Localiser.reference()), ("search", search)) if name in given.methods
    }
    parts: dict[str, list[Stated]] = {name: [] for name in methods}
    for block, first in enumerate(range(0, given.scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, given.scenes - first), given.seed, block)
        for name, method in methods.items():
            found = method(trial.scenes.observation, sources)
            surely = sure(found, Existence()(trial.scenes.observation, found) >= given.sure)
            parts[name].append(stated_of(trial.scenes.truth, surely))
    return {
        name: Stated(torch.cat([p.error for p in several]), torch.cat([p.deviation for p in several]))
        for name, several in parts.items()
    }


def sure(found: Estimate, kept: Tensor) -> Estimate:
    """The estimate without the sources that are not kept."""
    positions = found.positions.masked_fill(~kept[..., None], torch.nan)
    return replace(found, positions=positions, order=positions[..., 0].isfinite().sum(-1))


def row(stated: Stated) -> list[str]:
    """Figures of azimuth / elevation / inverse distance."""

    def three(values: list[float], form: str, units: tuple[float, ...] = (1, 1, 1)) -> str:
        return " / ".join(format(value * unit, form) for value, unit in zip(values, units, strict=True))

    shares = [three([each.value for each in stated.coverage(promised)], ".2f") for promised in (0.5, 0.9)]
    width, score = (three(each, ".2g", UNITS) for each in (stated.sharpness(), stated.crps()))
    return [str(len(stated.error)), *shares, width, score, three(stated.nll(), ".1f")]


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=["random", "pilot"], choices=["random", "pilot"])
    parser.add_argument("--sources", type=int, nargs="+", default=[1, 3, 5])
    parser.add_argument("--snr-db", type=float, nargs="+", default=[0.0, 5.0, 10.0, 20.0])
    parser.add_argument("--methods", nargs="+", default=["network", "search"], choices=["network", "search"])
    parser.add_argument("--sure", type=float, default=0.0, help="least probability that a source is there (0)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for kind in given.kinds:
        for sources in given.sources:
            for snr_db in given.snr_db:
                for name, stated in cell(kind, sources, snr_db, given).items():
                    print("| " + " | ".join([kind, str(sources), f"{snr_db:g}", name, *row(stated)]) + " |", flush=True)


if __name__ == "__main__":
    main()
