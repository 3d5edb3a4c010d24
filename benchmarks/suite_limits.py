"""In which cells of the suite `network` does RMSE over the bound exceed its limit, and does the genie, too?

Limits 1.25, 1.2, 1.15 and 1.1 at 0, 5, 10 and 20 dB, for azimuth, elevation and distance of the network and of
`adaptive`. It reads what `ris bench suites/network.toml --out results/network` kept, and computes nothing anew.

    python benchmarks/suite_limits.py [results/network/cells.parquet]
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ris_pytorch_pipeline.bench import read_rows

KEPT = Path(__file__).parents[1] / "results" / "network" / "cells.parquet"
LIMITS = {0: 1.25, 5: 1.2, 10: 1.15, 20: 1.1}
COORDINATES = ("azimuth", "elevation", "distance")
METHODS = ("network", "adaptive")
HEADS = ("symbols", "K", "SNR dB", "distances", "method", "coordinate", "RMSE/CRB", "genie", "success")


def figures(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[list[str], float, float, float]]:
    """Cell and coordinate, with the figure, the genie's and the limit."""
    for row in rows:
        if row["method"] not in METHODS:
            continue
        axes = json.loads(row["axes"]) if isinstance(row["axes"], str) else row["axes"]
        snr_db = axes["snr_db"]
        for coordinate in COORDINATES:
            value, genie = row[f"rmse_over_crb_{coordinate}"], row[f"genie_rmse_over_crb_{coordinate}"]
            if value is not None:
                names = [row["sweep"], axes["sources"], f"{snr_db:g}", axes["distance_law"], row["method"], coordinate]
                shown = [
                    *map(str, names),
                    f"{value:.2f}",
                    "-" if genie is None else f"{genie:.2f}",
                    f"{row['success']:.3f}",
                ]
                yield shown, value, genie or 0.0, LIMITS[int(snr_db)]


def main() -> None:
    """Print the cells above the limit, then how many there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", type=Path, nargs="?", default=KEPT)
    rows, _ = read_rows(parser.parse_args().cells)
    seen = list(figures(rows))
    above = [each for each in seen if each[1] > each[3]]
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for shown, *_ in sorted(above, key=lambda each: -each[1]):
        print("| " + " | ".join(shown) + " |")
    both = sum(genie > limit for _, _, genie, limit in above)
    print(f"{len(above)} of {len(seen)} figures are above their limit; in {both} of these the genie is, too")


if __name__ == "__main__":
    main()
