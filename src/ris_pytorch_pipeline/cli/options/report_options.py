"""Which options does `ris report` take?"""

import argparse
from pathlib import Path

from .storage_url import add_storage


def add_report(parser: argparse.ArgumentParser) -> None:
    """Options of `ris report`."""
    parser.add_argument(
        "results", type=Path, nargs="+", metavar="RESULTS",
        help="folders of trainings, of `ris bench SUITE` (or one with several of them), or of searches",
    )  # fmt: skip
    parser.add_argument(
        "--page",
        type=Path,
        metavar="OUT.html",
        help="the page, made unless tables or figures are (RESULTS/report.html; of several, report.html)",
    )
    parser.add_argument(
        "--tables",
        type=Path,
        nargs="+",
        default=[],
        metavar="TEXT.md",
        help="texts whose tables are written anew",
    )
    parser.add_argument(
        "--figures",
        type=Path,
        metavar="DIR",
        help="folder for a figure of each training, and of each sweep: lines over SNR, or a map",
    )
    parser.add_argument("--as", dest="kind", choices=("png", "pdf", "svg"), default="png", help="of the figures (png)")
    parser.add_argument("--latex", type=Path, metavar="DIR", help="folder for tables as LaTeX (booktabs)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a text would change")
    add_storage(parser, "what the folder of the search holds")
