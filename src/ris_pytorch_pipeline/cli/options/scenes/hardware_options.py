"""How is it said which hardware drawn scenes have?"""

from pathlib import Path
from typing import Any

OF_METHODS = "methods do not know the gains, the bound does"
"""What `--untold` means where methods are compared."""


def add_hardware(group: Any, *, untold: str | None) -> None:  # noqa: ANN401
    """Options of commands that draw scenes.

    Args:
        group: argparse parser or group.
        untold: what not telling means to the command; None where nothing is told.
    """
    group.add_argument(
        "--calibration", type=Path, metavar="FILE", help="hardware of the scenes: gains that `ris calibrate` found"
    )
    if untold is not None:
        group.add_argument("--untold", action="store_true", help=f"with --calibration: {untold}")
