"""Where do the rows of a benchmark go? To the screen, and to the end of a file where one is named."""

import argparse
from pathlib import Path


def row_options(parser: argparse.ArgumentParser, seed: int) -> None:
    """`--seed`, so that a long benchmark can be cut into independent parts, and `--out`."""
    parser.add_argument("--seed", type=int, default=seed, help="of the scenes; another one gives other scenes")
    parser.add_argument("--out", type=Path, default=None, help="a file to which rows are added as they come")


def keep(text: str, out: Path | None) -> None:
    """Print a row, and add it to a file."""
    print(text, flush=True)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
