"""`trainlint run`: watch a script that nobody edited, and keep its output and exit code."""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..findings import wrapped
from .choices import Known, add_choice, add_output, codes, place, put

if TYPE_CHECKING:
    from ..during.unedited.session import Options
    from ..findings import Finding
    from ..verdict import Verdict
    from .keeper import Judged, Keeper

_LEDGER = Path(".trainlint") / "ledger.jsonl"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "trainlint run [options] (SCRIPT | -m MODULE) [ARGUMENTS ...]"
    parser.epilog = "With several processes: torchrun --nproc-per-node 2 -m trainlint run train.py ARGUMENTS"
    parser.add_argument("--strict", action="store_true", help="a confirmed fatal finding stops the script")
    parser.add_argument(
        "--fail", action="store_true", help="exit with 1 where the script succeeds and a finding is worse than a note"
    )
    parser.add_argument("--preset", default="light", choices=["light", "full", "trace"], help="what it may cost")
    parser.add_argument("--ledger", type=place, default=place(str(_LEDGER)), metavar="FILE", help=f"default: {_LEDGER}")
    parser.add_argument("--no-ledger", action="store_true", help="keep no evidence")
    parser.add_argument(
        "--tolerate",
        action="append",
        default=[],
        metavar="CODE[=N]",
        help="let a finding pass; with N only until a fatal one was seen N times under --strict",
    )
    add_output(parser)
    add_choice(parser)
    parser.add_argument("--no-source", action="store_true", help="do not read the source beside the run")
    parser.add_argument("--progress", action="store_true", help="show a line with the state of the run")
    parser.add_argument("--quiet", action="store_true", help="print the verdict alone")
    parser.add_argument("-m", dest="module", action="store_true", help="SCRIPT is a module, as in python -m")
    parser.add_argument("script", metavar="SCRIPT", help="a file, or the name of a module behind -m")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="ARGUMENTS", help="handed to the script")


def run(arguments: argparse.Namespace) -> int:
    """Run the script under a watch, and print the verdict on stderr.

    It returns the script's own exit code; 1 where --strict stopped it or would have, or where --fail has a finding.

    Raises:
        InputError: no such script, or options or settings that cannot be read.
    """
    from ..during.unedited.script import Signals, run_script  # after the parser has answered
    from ..during.unedited.session import Session
    from .keeper import Keeper, folder_of

    if not arguments.module and not Path(arguments.script).is_file():
        raise InputError("a script", f"{arguments.script}, which is no file", "a wrong path", "pass a .py file")
    rank = os.environ.get("RANK")
    known, most = Known(arguments), _tolerated(arguments.tolerate)
    always = {code: "by the command line" for code, times in most.items() if times < 0}
    keeper = Keeper(
        codes(arguments.select), codes(arguments.ignore), always, root=folder_of(arguments.script).absolute()
    )
    free = {code: -1 for code in (*keeper.passing(arguments.script), *known.codes)}
    teller = _Teller(arguments.script, keeper, known.codes, rank)
    session = Session(_options(arguments, {**most, **free}, teller, rank))

    def close(error: BaseException | None) -> "Judged":
        verdict = session.stop(error)
        if not arguments.no_source:
            verdict = _with_source(verdict, arguments.script, keeper)
        return _shown(verdict, arguments, keeper, known)

    signals = Signals(close)
    session.start()
    signals.start()
    ending = run_script(arguments.script, arguments.rest, module=arguments.module)
    signals.stop()
    try:
        judged = close(ending.error)
    except InputError as error:
        print(wrapped(f"trainlint: {error}"), file=sys.stderr)
        return ending.code or 2
    if isinstance(ending.error, KeyboardInterrupt):
        signals.interrupted()
    swallowed = 0 if ending.code else session.trainings.raised
    _tell_of(swallowed if arguments.output == "text" else 0, rank)
    return ending.code or int(bool(swallowed) or (arguments.fail and judged.code == 1))


def _tell_of(swallowed: int, rank: str | None) -> None:
    if swallowed:
        told = f"--strict: the script caught TrainingFault {swallowed} times and went on; exit code 1"
        print(f"{_prefix(rank)}{told}", file=sys.stderr)


def _options(arguments: argparse.Namespace, tolerate: dict[str, int], teller: "_Teller", rank: str | None) -> "Options":
    from ..during.unedited.session import Options
    from ..during.unedited.trainings import Progress

    # Findings come as text: beside a document on the same stream they would spoil it.
    first = rank in {None, "0"}
    told = first and not arguments.quiet and (arguments.output == "text" or arguments.output_file is not None)
    return Options(
        preset=arguments.preset,
        strict=arguments.strict,
        tolerate=tolerate,
        ledger=None if arguments.no_ledger else _of_rank(arguments.ledger, rank),
        progress=Progress(sys.stderr) if arguments.progress and first else None,
        tell=teller if told else None,
    )


def _with_source(verdict: "Verdict", script: str, keeper: "Keeper") -> "Verdict":
    from ..before.source.checking import check_paths
    from ..during.unedited.joined import joined, programs_files
    from .keeper import read_entry

    suspected, _ = check_paths(programs_files(script))  # a file that cannot be read suggests nothing
    return joined(verdict, [each for each in suspected if keeper.word(read_entry(each)) in {"", "tolerated"}]).verdict


def _shown(verdict: "Verdict", arguments: argparse.Namespace, keeper: "Keeper", known: Known) -> "Judged":
    from .keeper import judged_of

    with suppress(AttributeError, OSError):  # closed, or on a full disk, which `main` tells
        sys.stdout.flush()
    try:
        judged = judged_of(verdict, arguments.script, keeper, known)
        _print(judged, arguments, os.environ.get("RANK"))
    except InputError:  # a file cannot be written any more
        print(verdict, file=sys.stderr)
        raise
    return judged


def _print(judged: "Judged", arguments: argparse.Namespace, rank: str | None) -> None:
    if rank in {None, "0"}:
        if arguments.output_file is not None and arguments.output != "text":
            print(f"{_prefix(rank)}{judged.verdict}", file=sys.stderr)
        prefix = _prefix(rank) if arguments.output == "text" else ""
        put(f"{prefix}{judged.text(arguments.output)}", arguments, beside_script=True)
    elif not judged.verdict.healthy:
        lines = [f"Verdict: {judged.verdict.state}", *(finding.line for finding in judged.verdict.findings)]
        print("\n".join(f"{_prefix(rank)}{line}" for line in lines), file=sys.stderr)


class _Teller:
    def __init__(self, script: str, keeper: "Keeper", known: frozenset[str], rank: str | None) -> None:
        self._script, self._keeper, self._known, self._prefix = script, keeper, known, _prefix(rank)

    def __call__(self, finding: "Finding") -> None:
        from .keeper import entry_of

        if finding.severity == "note" or finding.rule.code in self._known:  # the verdict has them
            return
        if not self._keeper.word(entry_of(finding, self._script)):
            print(f"{self._prefix}{finding.line}", file=sys.stderr)


def _prefix(rank: str | None) -> str:
    return "" if rank is None else f"[rank {rank}] "


def _of_rank(file: Path, rank: str | None) -> Path:
    return file if rank in {None, "0"} else file.with_name(f"{file.stem}.rank{rank}{file.suffix}")


def _tolerated(told: list[str]) -> dict[str, int]:
    from ..settings import known_code

    found = {}
    for each in told:
        code, _, most = each.partition("=")
        known_code(code, "--tolerate")
        if most and not most.isdigit():
            raise InputError("--tolerate CODE or CODE=N", each, "a count that is no number", "pass RT101=3")
        found[code] = int(most) if most else -1
    return found
