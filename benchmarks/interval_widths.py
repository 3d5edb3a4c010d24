"""How wide is the interval of a share of so many scenes? Half of Wilson's 95 % interval, for some shares.

Usage: python benchmarks/interval_widths.py
"""

import argparse

import torch

from ris_pytorch_pipeline.bench import share

SCENES = (24, 64, 96, 100, 192, 200, 256, 384, 500)
SHARES = (0.5, 0.75, 0.95)


def half(scenes: int, of: float) -> float:
    """Half of the interval."""
    measured = share(torch.arange(scenes) < round(of * scenes))
    return (measured.high - measured.low) / 2


def main() -> None:
    """Print a row a number of scenes."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print("| scenes | " + " | ".join(f"share {of:g}" for of in SHARES) + " |\n|" + "---|" * (1 + len(SHARES)))
    for scenes in SCENES:
        print(f"| {scenes} | " + " | ".join(f"{half(scenes, of):.3f}" for of in SHARES) + " |")


if __name__ == "__main__":
    main()
