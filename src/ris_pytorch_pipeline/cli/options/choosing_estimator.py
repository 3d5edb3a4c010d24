"""Which estimator locates? The options of every command that locates measurements."""

import argparse
from pathlib import Path

from ...estimate.contenders import CONTENDERS


def add_estimator(parser: argparse.ArgumentParser) -> None:
    """An estimator by name, or a trained network and how it is used."""
    parser.add_argument(
        "--estimator", metavar="NAME", help=f"{', '.join(CONTENDERS)} (sml, pilot, known or mixed by the symbols)"
    )
    parser.add_argument(
        "--model", type=Path, metavar="MODEL",
        help="`reference`, the network of the package; a checkpoint; or the folder of a training run",
    )  # fmt: skip
    parser.add_argument(
        "--proposals", choices=("explaining", "candidates", "music", "mvdr"),
        help="where the network's starts come from: those of its candidates that explain most, the likeliest ones, or "
        "spectra of R_pred (explaining)",
    )  # fmt: skip
    parser.add_argument("--beta", type=float, metavar="B", help="share of R_samp under those of music or mvdr (0)")
    parser.add_argument("--polish", type=int, metavar="N", help="likelihood updates from there (10)")
    parser.add_argument("--doubt", type=float, metavar="P", help="search a scene that is less likely to be right (0.7)")
