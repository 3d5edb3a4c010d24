"""How is it said which hardware drawn scenes have?"""

from pathlib import Path
from typing import Any


def add_hardware(group: Any, *, compared: bool) -> None:  # noqa: ANN401
    """Options of commands that draw scenes and bound or locate them.

    Args:
        group: argparse parser or group.
        compared: whether methods are run, which may be told or not.
    """
    group.add_argument(
        "--calibration", type=Path, metavar="FILE", help="hardware of the scenes: gains that `ris calibrate` found"
    )
    if compared:
        group.add_argument(
            "--untold", action="store_true", help="with --calibration: methods do not know the gains, the bound does"
        )
