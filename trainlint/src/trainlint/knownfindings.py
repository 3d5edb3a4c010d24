"""Which findings are known already, so that only new ones fail?"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .entry import Entry, to_json
from .errors import InputError

_FORMAT = "trainlint baseline 1"


def key_of(entry: Entry) -> tuple[str, str, str]:
    """Code, file and hash of the stripped line: what stays when lines above come and go."""
    path, here = Path(entry.path), Path.cwd()
    if path.is_absolute() and path.resolve().is_relative_to(here):
        path = path.resolve().relative_to(here)
    return entry.code, path.as_posix(), entry.fingerprint


def write_known(path: Path, entries: Iterable[Entry]) -> int:
    """Write a baseline file.

    Returns:
        How many were written.
    """
    counted = Counter(key_of(e) for e in entries)
    records = [{"code": c, "file": f, "line_hash": h, "count": n} for (c, f, h), n in sorted(counted.items())]
    path.write_text(to_json({"format": _FORMAT, "known": records}) + "\n", encoding="utf-8")
    return sum(counted.values())


def read_known(path: Path) -> Counter[tuple[str, str, str]]:
    """Read a baseline file.

    Raises:
        InputError: it is missing, or no baseline.
    """
    move = f"write it with --write-baseline {path}"
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if read["format"] != _FORMAT:
            raise InputError(
                f"a baseline in {path}", f"the format {read['format']!r}", "another version wrote it", move
            )
        return Counter({(str(r["code"]), str(r["file"]), str(r["line_hash"])): int(r["count"]) for r in read["known"]})
    except OSError as error:
        raise InputError(f"a baseline in {path}", str(error.strerror), "it was never written", move) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"a baseline in {path}", f"something else ({error})", "a damaged or foreign file", move
        ) from error


def new_only(entries: Iterable[Entry], known: Counter[tuple[str, str, str]]) -> list[Entry]:
    """The findings that a baseline does not hold; each known one covers as many as were counted."""
    left = Counter(known)
    new: list[Entry] = []
    for entry in entries:
        key = key_of(entry)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(entry)
    return new
