"""Where does a command find the database of a search? At a URL, which may be told on standard input."""

import argparse
import sys

from ...errors import ConfigurationError

TOLD = "-"
"""In place of a URL: the first line of standard input, since a command line is seen by everybody on a machine."""
_MOST_LETTERS = 4096


def add_storage(parser: argparse.ArgumentParser, instead: str) -> None:
    """`--storage` and `--name`.

    Args:
        parser: of the command.
        instead: what holds the trials without them.
    """
    parser.add_argument(
        "--storage", metavar="URL", help=f"database of the trials; - reads the URL from standard input ({instead})"
    )
    parser.add_argument("--name", metavar="NAME", help="of the search in the database (the folder's)")


def with_url(arguments: argparse.Namespace) -> argparse.Namespace:
    """The arguments of a command with the URL itself.

    Args:
        arguments: of the command.

    Raises:
        ConfigurationError: `-`, and nothing on standard input.
    """
    if arguments.storage != TOLD:
        return arguments
    url = sys.stdin.readline(_MOST_LETTERS).strip()
    if not url:
        raise ConfigurationError(
            "the URL of a database on standard input", "nothing", "a command without `< FILE` after --storage -",
            "write it into a file that only you can read, and pass that: `--storage - < FILE`",
        )  # fmt: skip
    return argparse.Namespace(**{**vars(arguments), "storage": url})
