"""Which options does `ris bench` take beside those of an experiment?"""

import argparse
from pathlib import Path

from ...estimate.contenders import CONTENDERS
from .executing import add_cluster
from .scenes.hardware_options import OF_METHODS, add_hardware


def add_bench(parser: argparse.ArgumentParser) -> None:
    """Options of `ris bench`, those of its experiment left out."""
    parser.add_argument(
        "suite", type=Path, nargs="?", metavar="SUITE.toml", help="run the sweeps of a file in place of the options"
    )
    _add_sweep(parser)
    group = parser.add_argument_group("suites; each cell is kept as it finishes")
    group.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (runs/bench/SUITE)")
    group.add_argument("--resume", action="store_true", help="go on with the cells that are missing in there")
    group.add_argument("--jobs", type=int, default=1, metavar="N", help="processes; results are the same for any (1)")
    add_cluster(group)
    group.add_argument("--quick", action="store_true", help="take the few scenes that the suite calls `quick`")
    group.add_argument("--worker", type=int, metavar="PROCESS", help=argparse.SUPPRESS)


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--methods",
        metavar="A,B",
        default=argparse.SUPPRESS,
        help=f"out of {', '.join(CONTENDERS)} and genie (sml, pilot, known or mixed by the symbols, genie, bp-music)",
    )
    parser.add_argument(
        "--sources", metavar="K,K", default=argparse.SUPPRESS, help="one cell each; '[1,3]' mixes in one cell (1,3,5)"
    )
    parser.add_argument(
        "--snr-db", metavar="DB,DB", default=argparse.SUPPRESS, help="one cell each, likewise; total SNRs (0,10,20)"
    )
    parser.add_argument(
        "--order", choices=("known", "estimated"), default=argparse.SUPPRESS, help="whether methods are told K (known)"
    )
    add_hardware(parser, untold=OF_METHODS)
    parser.add_argument("--figure", type=Path, metavar="OUT.png", help="draw RMSE against SNR with the bound")
