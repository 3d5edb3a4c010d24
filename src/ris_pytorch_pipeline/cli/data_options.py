"""What `ris import` and `ris calibrate` can be told."""

import argparse
from pathlib import Path


def add_import(parser: argparse.ArgumentParser) -> None:
    """Options of `ris import`."""
    parser.add_argument("mapping", type=Path, metavar="MAPPING.toml", help="which array is what; beside the data")
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT.safetensors", help="scene file to write")
    parser.add_argument("--dry-run", action="store_true", help="print what was understood and write nothing")
    parser.add_argument("--force", action="store_true", help="write over an existing file")
    parser.add_argument("--double", action="store_true", help="keep complex128 in place of complex64")
    parser.add_argument("--limit-mb", type=int, default=2048, metavar="N", help="most that an array may take (2048)")
    parser.add_argument("--json", action="store_true", help="print JSON")
