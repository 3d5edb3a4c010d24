"""`trainlint log`: what does a training log or a ledger show?"""

import argparse
import time

POLL_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: of the command.
    """
    parser.add_argument("path", help="a run's folder, its ledger, or a log")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--follow", action="store_true", help="read on as the log grows, until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict.

    Args:
        arguments: as parsed.

    Returns:
        The exit code.
    """
    if arguments.follow:
        return _follow(arguments.path, as_json=arguments.json)
    from ..report import diagnose  # after the parser has answered

    return diagnose(arguments.path, as_json=arguments.json)


def _follow(path: str, *, as_json: bool) -> int:
    from ..after.follow import Follower, told
    from ..ledger import to_json
    from ..report import show

    follower = Follower(path)
    try:
        while True:
            for finding in follower.poll():
                print(to_json(finding.record()) if as_json else told(finding), flush=True)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return show(follower.verdict(), as_json=as_json)
    finally:
        follower.close()
