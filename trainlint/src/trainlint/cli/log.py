"""`trainlint log`: what does a training log or a ledger show?"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .choices import Known, add_choice, add_output, codes, put

if TYPE_CHECKING:
    from ..findings import Finding
    from ..verdict import Verdict
    from .keeper import Keeper

POLL_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("path", help="a run's folder, its ledger, or a log")
    add_output(parser)
    add_choice(parser)
    parser.add_argument("--follow", action="store_true", help="read on as the log grows, until Ctrl-C")


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict: 0 for a healthy run, 3 where nothing was judged, 1 otherwise."""
    from ..after.postmortem import diagnose_path  # after the parser has answered
    from .keeper import Keeper, judged_of

    known = Known(arguments)
    keeper = Keeper(codes(arguments.select), codes(arguments.ignore), root=Path())
    told = _followed(arguments, keeper) if arguments.follow else diagnose_path(arguments.path)
    judged = judged_of(told, arguments.path, keeper, known)
    put(judged.text(arguments.output), arguments)
    return judged.code


def _followed(arguments: argparse.Namespace, keeper: "Keeper") -> "Verdict":
    from ..after.postmortem import Follower
    from .keeper import entry_of

    follower = Follower(arguments.path)
    try:
        while True:
            for finding in follower.poll():
                if not keeper.word(entry_of(finding, arguments.path)):
                    _tell(finding, arguments)
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        return follower.verdict()
    finally:
        follower.close()


def _tell(finding: "Finding", arguments: argparse.Namespace) -> None:
    from ..after.postmortem import told
    from ..ledger import to_json
    from ..output import as_github
    from .keeper import entry_of

    forms = {"text": told, "json": lambda f: to_json(f.record()), "sarif": lambda _: ""}
    forms["github"] = lambda f: as_github([entry_of(f, arguments.path)])
    text = forms[arguments.output](finding)
    if text:
        print(text, flush=True)
