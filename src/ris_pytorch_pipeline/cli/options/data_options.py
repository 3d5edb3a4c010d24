"""What `ris import` and `ris calibrate` can be told."""

import argparse
from pathlib import Path

from .executing import add_cluster


def add_import(parser: argparse.ArgumentParser) -> None:
    """Options of `ris import`."""
    parser.add_argument("mapping", type=Path, metavar="MAPPING.toml", help="which array is what; beside the data")
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT.safetensors", help="scene file to write")
    parser.add_argument("--dry-run", action="store_true", help="print what was understood and write nothing")
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    parser.add_argument("--double", action="store_true", help="keep complex128 in place of complex64")
    parser.add_argument("--limit-mb", type=int, default=2048, metavar="N", help="most that an array may take (2048)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_calibrate(parser: argparse.ArgumentParser) -> None:
    """Options of `ris calibrate`, without those of the field of view."""
    parser.add_argument("file", type=Path, metavar="FILE", help="scene file, with the positions that are known")
    parser.add_argument("out", type=Path, metavar="OUT.safetensors", help="calibration to write")
    parser.add_argument("--blind", action="store_true", help="no position is known: locate and calibrate in turns")
    parser.add_argument(
        "--sources", default="auto", metavar="K|auto", help="with --blind: sources in each scene (auto)"
    )
    parser.add_argument(
        "--model", choices=("auto", "elements", "codes"), default="auto",
        help="what may differ: gains of elements, or each code besides (auto: what held-out scenes favour)",
    )  # fmt: skip
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="an earlier one to start from; both are written as one"
    )
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="parts that are held out in turn (5)")
    add_cluster(parser)
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    parser.add_argument("--json", action="store_true", help="print JSON")
