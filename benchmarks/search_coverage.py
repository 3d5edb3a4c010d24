"""Do the 90 % intervals of the search hold 90 % of the true coordinates? Right scenes, K known, a row a cell.

`pilot` and `sml` on presets without hardware errors, distances uniform in metres: of the sources found within 3°, how
many have their azimuth, elevation and distance between the ends that `Estimate.interval` states, with 95 % intervals of
the shares (Wilson). An upper end of the distance may be infinite. `--sandwich` asks the other ± besides, which takes
the fit and twice as long.

    python benchmarks/search_coverage.py --scenes 200 --sources 1 2 3 --snr-db 5 10 15 20
"""

import argparse

import torch
from kept_rows import keep, row_options
from torch import Tensor

from ris_pytorch_pipeline.bench import match_directions, region_of, share
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.matching import gather_found
from ris_pytorch_pipeline.physics import Impairments, Scenario, draw, preset
from ris_pytorch_pipeline.rng import stream

BLOCK = 50
"""Scenes drawn and located at a time."""
PROMISED = 0.9


def within(true: Tensor, found: Estimate, *, sandwich: bool) -> Tensor:
    """(source, 3): True where an end-to-end interval holds the true coordinate, of the sources that were found."""
    partner = match_directions(true, found.positions)
    ends = found.interval(PROMISED, sandwich=sandwich)
    low, high = (gather_found(each.double(), partner) for each in (ends.low, ends.high))
    return ((low <= true) & (true <= high))[~low[..., 0].isnan()]


def cell(scenario: Scenario, scenes: int, seed: int, *, sandwich: bool) -> list[Tensor]:
    """What the intervals of Fisher's ± hold, and those of the sandwich where asked for."""
    estimator = (Sml if scenario.symbol_model == "random" else PilotMl)(region=region_of(scenario), fit=sandwich)
    held: list[list[Tensor]] = [[] for _ in range(1 + sandwich)]
    name = f"coverage/{scenario.sources}/{scenario.snr_db}"
    for block in range(-(-scenes // BLOCK)):
        drawn = draw(scenario, min(BLOCK, scenes - block * BLOCK), stream(seed, name, block))
        found = estimator(drawn.observation, drawn.truth.sources)
        for kind, parts in enumerate(held):
            parts.append(within(drawn.truth.positions.double(), found, sandwich=bool(kind)))
    return [torch.cat(parts) for parts in held]


def shown(inside: Tensor) -> str:
    """Shares of azimuth / elevation / distance with their intervals."""
    told = [share(inside[:, coordinate]) for coordinate in range(3)]
    return " / ".join(f"{each.value:.3f} [{each.low:.2f}, {each.high:.2f}]" for each in told)


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--presets", nargs="+", default=["random", "pilot"])
    parser.add_argument("--sources", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--snr-db", type=float, nargs="+", default=[5.0, 10.0, 15.0, 20.0])
    parser.add_argument("--sandwich", action="store_true")
    row_options(parser, seed=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    columns = ["preset", "K", "dB", "scenes", "sources found", "Fisher"] + ["sandwich"] * given.sandwich
    keep("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", given.out)
    for name in given.presets:
        for sources in given.sources:
            for snr_db in given.snr_db:
                right = preset(name, sources=sources, snr_db=snr_db, impairments=Impairments())
                held = cell(right, given.scenes, given.seed, sandwich=given.sandwich)
                told = [name, str(sources), f"{snr_db:g}", str(given.scenes), str(len(held[0])), *map(shown, held)]
                keep("| " + " | ".join(told) + " |", given.out)


if __name__ == "__main__":
    main()
