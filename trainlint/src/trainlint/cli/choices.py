"""Which options have all commands in common that find something, and what do they mean?"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..files import write_whole
from ..output import OUTPUTS, Entry, new_only, read_known, write_known


def place(text: str) -> Path:
    """A file that an option names; a script may change the working directory, and it stays where it was meant."""
    return Path(text).absolute()


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how and where findings are printed."""
    told = "text for people, json, github for its annotations, sarif for code scanning"
    parser.add_argument("--output", choices=OUTPUTS, default="text", help=told)
    parser.add_argument("--output-file", type=place, metavar="FILE", help="write it there instead of printing it")
    parser.add_argument("--json", action="store_const", dest="output", const="json", help="the same as --output json")


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which findings count."""
    told = "only these codes or beginnings of codes, such as RT64,RT612"
    parser.add_argument("--select", action="append", default=[], metavar="CODES", help=told)
    parser.add_argument("--ignore", action="append", default=[], metavar="CODES", help="not these codes")
    told = "findings in this file are known; only new ones fail"
    parser.add_argument("--baseline", type=place, metavar="FILE", help=told)
    told = "write what is found now as known, and let it pass"
    parser.add_argument("--write-baseline", type=place, metavar="FILE", help=told)


def codes(given: Sequence[str]) -> tuple[str, ...]:
    """Codes of an option that takes several, behind commas or by repetition."""
    return tuple(code.strip() for text in given for code in text.split(",") if code.strip())


class Known:
    """What a baseline file knows, read before anything else is done.

    Raises:
        InputError: it cannot be read, or another file not written.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.path, self.written = arguments.baseline, arguments.write_baseline
        for file in (self.written, arguments.output_file):
            if file is not None:
                write_whole(file, None)
        self._counted = None if self.path is None else read_known(self.path)

    @property
    def codes(self) -> frozenset[str]:
        """Codes of what is known: none of them stops a run."""
        return frozenset(code for code, _, _ in self._counted or {})

    def new(self, entries: Sequence[Entry]) -> list[Entry]:
        """What is not known; where a baseline is being written, it is written and nothing is new."""
        if self.written is not None:
            print(f"known from now on: {write_known(self.written, entries)}", file=sys.stderr)
            return []
        return list(entries) if self._counted is None else new_only(entries, self._counted)


def put(text: str, arguments: argparse.Namespace, *, beside_script: bool = False) -> None:
    """Print a text, or write it to the file that was asked for."""
    if arguments.output_file is not None:
        write_whole(arguments.output_file, text + "\n")
    elif text:
        print(text, file=sys.stderr if beside_script else sys.stdout, flush=True)
