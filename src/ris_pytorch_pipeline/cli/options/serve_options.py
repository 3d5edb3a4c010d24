"""What does `ris serve` take? Where it listens, who may ask, which estimator answers, and how much it takes."""

import argparse
from pathlib import Path

from .choosing_estimator import add_estimator


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Options of `ris serve`, but for the field of view."""
    parser.add_argument("--host", default="127.0.0.1", metavar="NAME", help="address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8642, metavar="N", help="port; 0 is any that is free (8642)")
    parser.add_argument("--token", type=Path, metavar="FILE", help="file with the token that requests have to show")
    parser.add_argument("--without-token", action="store_true", help="let whoever reaches another --host ask")
    add_estimator(parser)
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="gains that `ris calibrate` found")
    group = parser.add_argument_group("limits; what is beyond is refused with a reason")
    group.add_argument("--batch", type=int, default=32, metavar="N", help="scenes of requests located together (32)")
    group.add_argument("--waiting", type=int, default=64, metavar="N", help="requests at a time; more get 503 (64)")
    group.add_argument("--body-mb", type=float, default=16, metavar="MB", help="size of a body (16)")
    group.add_argument("--most-scenes", type=int, default=32, metavar="N", help="scenes in a request (32)")
    group.add_argument("--memory-mb", type=float, default=512, metavar="MB", help="that a scene's search keeps (512)")
    group.add_argument(
        "--reading", type=float, default=10, metavar="S", help="seconds for headers, and for a body (10)"
    )
    group.add_argument("--answering", type=float, default=60, metavar="S", help="seconds until an answer (60)")
