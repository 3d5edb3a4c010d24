"""`trainlint explain`: what does a finding mean, what does it not mean, and what comes next?"""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("codes", nargs="+", metavar="CODE", help="codes or names of rules, such as RT101 or graph-cut")


def run(arguments: argparse.Namespace) -> int:
    """Print a page for each code.

    Returns:
        The exit code.
    """
    from ..explained import explained

    print("\n\n".join(explained(code) for code in arguments.codes))
    return 0
