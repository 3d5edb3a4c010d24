"""`trainlint log`: what does a training log or a ledger show?"""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: of the command.
    """
    parser.add_argument("path", help="a run's folder, its ledger, or a log")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict.

    Args:
        arguments: as parsed.

    Returns:
        The exit code.
    """
    from ..report import diagnose  # after the parser has answered

    return diagnose(arguments.path, as_json=arguments.json)
