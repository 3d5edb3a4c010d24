"""Which options does `ris search` take?"""

import argparse
from pathlib import Path

from .executing import add_task_limit
from .storage_url import add_storage
from .training_options import add_base

RESUMED = ("trials", "workers", "cluster", "task_limit", "storage", "name", "calibration")
"""Options that may be given with --resume; the others are kept beside the trials."""


def add_search(parser: argparse.ArgumentParser) -> None:
    """Options of `ris search`."""
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="folder of trials and results")
    parser.add_argument("--space", metavar="NAME", help="small, wide, or a file that ends in .toml (small)")
    parser.add_argument("--print-space", action="store_true", help="print the space as TOML and stop")
    parser.add_argument("--trials", type=int, metavar="N", help="different recipes in the short stage (12)")
    parser.add_argument("--epochs", type=int, metavar="N", help="of a short trial (a third of --long-epochs)")
    parser.add_argument("--best", type=int, metavar="K", help="recipes trained long, beside the base; 0 for none (3)")
    parser.add_argument("--long-epochs", type=int, metavar="N", help="of a long trial (the preset's)")
    parser.add_argument("--scenes", type=int, metavar="N", help="fixed validation scenes; as many are held out (200)")
    parser.add_argument("--order", choices=("known", "estimated"), help="whether the network is told K (known)")
    parser.add_argument("--polish", type=int, metavar="N", help="likelihood updates, unless the space varies them (10)")
    parser.add_argument("--doubt", type=float, metavar="P", help="search a scene whose last start is less likely (0)")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (1)")
    parser.add_argument(
        "--cluster", metavar="N|ADDRESS|TOML",
        help="start the processes beside N Dask workers here, those of a cluster at tcp://HOST:PORT, or those that a "
        "queue is asked for as FILE.toml says; all of them reach the storage (this machine)",
    )  # fmt: skip
    add_task_limit(parser)
    add_storage(parser, "a journal in DIR")
    parser.add_argument("--resume", action="store_true", help="go on, or join in; --trials may be raised")
    parser.add_argument(
        "--no-preflight", dest="preflight", action="store_false", help="leave the checks of the base out"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    plan = {"n_train": "training scenes of an epoch (the preset's)", "n_val": "validation scenes (the preset's)"}
    add_base(parser, plan)
