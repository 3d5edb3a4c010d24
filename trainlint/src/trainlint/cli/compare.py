"""`trainlint compare`: what differs between a run and a sound one?"""

import argparse

from .choices import add_output, put


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("run", help="the run's folder, ledger or log")
    parser.add_argument("baseline", help="the folder, ledger or log of a run that was sound")
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what lies beyond the baseline's noise: 0 for nothing, 1 for something, 3 without a common series."""
    from ..after.compare import compare  # after the parser has answered
    from ..after.postmortem import read_series
    from ..ledger import indented
    from ..output import OUTPUTS, of_finding

    found = compare(read_series(arguments.run), read_series(arguments.baseline))
    blind = ("the two have no series in common",) if not found.rows and found.same else ()
    if arguments.output == "text":
        text = "\n".join([str(found), *(f"not judged: {told}" for told in blind)])
    elif arguments.output == "json":
        text = indented({**found.record(), "blind": list(blind)})
    else:
        text = OUTPUTS[arguments.output]([of_finding(f, arguments.run) for f in found.findings], (), blind)
    put(text, arguments)
    return 3 if blind else 0 if found.same else 1
