"""`trainlint compare`: what differs between a run and a sound one?"""

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: of the command.
    """
    parser.add_argument("run", help="the run's folder, ledger or log")
    parser.add_argument("baseline", help="the folder, ledger or log of a run that was sound")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print both side by side, and what lies beyond the baseline's noise.

    Args:
        arguments: as parsed.

    Returns:
        The exit code: 0 where nothing does, 1 where something does, 3 where they have no series in common.
    """
    from ..after.compare import compare  # after the parser has answered
    from ..after.postmortem import read_series
    from ..ledger import to_json

    found = compare(read_series(arguments.run), read_series(arguments.baseline))
    print(to_json(found.record(), indent=2, ascii_only=False) if arguments.json else found)
    if not found.rows and found.same:
        print("not judged: the two have no series in common")
        return 3
    return 0 if found.same else 1
