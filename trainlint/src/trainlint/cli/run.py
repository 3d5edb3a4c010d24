"""`trainlint run`: watch a script that nobody edited, and keep its output and exit code."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..findings import Finding

_LEDGER = Path(".trainlint") / "ledger.jsonl"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: of the command.
    """
    parser.usage = "trainlint run [options] (SCRIPT | -m MODULE) [ARGUMENTS ...]"
    parser.epilog = "With several processes: torchrun --nproc-per-node 2 -m trainlint run train.py ARGUMENTS"
    parser.add_argument("--strict", action="store_true", help="a confirmed fatal finding stops the script")
    parser.add_argument("--preset", default="light", choices=["light", "full", "trace"], help="what it may cost")
    parser.add_argument("--ledger", type=Path, default=_LEDGER, metavar="FILE", help=f"default: {_LEDGER}")
    parser.add_argument("--no-ledger", action="store_true", help="keep no evidence")
    parser.add_argument(
        "--tolerate", action="append", default=[], metavar="CODE[=N]",
        help="let a fatal finding pass N times under --strict, always without N",
    )  # fmt: skip
    parser.add_argument("--no-source", action="store_true", help="do not read the source beside the run")
    parser.add_argument("--progress", action="store_true", help="show a line with the state of the run")
    parser.add_argument("--quiet", action="store_true", help="print the verdict alone")
    parser.add_argument("-m", dest="module", action="store_true", help="SCRIPT is a module, as in python -m")
    parser.add_argument("script", metavar="SCRIPT", help="a file, or the name of a module behind -m")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARGUMENTS", help="handed to the script")


def run(arguments: argparse.Namespace) -> int:
    """Run the script under a watch, and print the verdict on stderr.

    Args:
        arguments: as parsed.

    Returns:
        The script's own exit code; 1 where --strict stopped it.

    Raises:
        InputError: no such script, or a tolerance that cannot be read.
    """
    from ..during.unedited.joined import joined, programs_files, suspicions  # after the parser has answered
    from ..during.unedited.progress import Progress
    from ..during.unedited.script import run_script
    from ..during.unedited.session import Options, Session

    rank = os.environ.get("RANK")
    if not arguments.module and not Path(arguments.script).is_file():
        raise InputError("a script", f"{arguments.script}, which is no file", "a wrong path", "pass a .py file")
    session = Session(
        Options(
            preset=arguments.preset,
            strict=arguments.strict,
            tolerate=_tolerated(arguments.tolerate),
            ledger=None if arguments.no_ledger else _of_rank(arguments.ledger, rank),
            progress=Progress(sys.stderr) if arguments.progress else None,
            tell=None if arguments.quiet else _Teller(rank),
        )
    )
    session.start()
    ending = run_script(arguments.script, arguments.rest, module=arguments.module)
    verdict = session.stop(ending.error)
    if not arguments.no_source:
        verdict = joined(verdict, suspicions(programs_files(arguments.script))).verdict
    sys.stdout.flush()
    if rank in {None, "0"} or not verdict.healthy:
        print(f"{_prefix(rank)}{verdict}", file=sys.stderr)
    return ending.code


class _Teller:
    """Prints each finding once as it comes, as a linter does."""

    def __init__(self, rank: str | None) -> None:
        self._prefix = _prefix(rank)

    def __call__(self, finding: "Finding") -> None:
        if finding.severity == "note":  # the verdict has them
            return
        print(f"{self._prefix}{finding.line}", file=sys.stderr)


def _prefix(rank: str | None) -> str:
    return "" if rank is None else f"[rank {rank}] "


def _of_rank(ledger: Path, rank: str | None) -> Path:
    """Each process has a ledger of its own."""
    return ledger if rank in {None, "0"} else ledger.with_name(f"{ledger.stem}.rank{rank}{ledger.suffix}")


def _tolerated(told: list[str]) -> dict[str, int]:
    found = {}
    for each in told:
        code, _, most = each.partition("=")
        if most and not most.isdigit():
            raise InputError("--tolerate CODE or CODE=N", each, "a count that is no number", "pass RT101=3")
        found[code] = int(most) if most else -1
    return found
