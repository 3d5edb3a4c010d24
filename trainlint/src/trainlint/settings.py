"""What does a project say about findings: which it selects, ignores and tolerates, and why?"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatch
from os.path import commonprefix
from pathlib import Path
from typing import NoReturn

from .errors import InputError
from .files import read_ordinary
from .rules import RULES

_KEYS = ("select", "ignore", "tolerate", "per-file-ignores")
_TEXT = re.compile(r"""(?s)\"{3}(\\?.)*?("{3,5}|\Z)|'{3}.*?('{3,5}|\Z)|"([^"\\\n]|\\.)*+"?|'[^'\n]*'?|#[^\n]*""")
_LONG_KEY = re.compile(r"[\w-](?:\s*\.\s*[\w-]+){32}")
"""tomllib takes the square of its parts in time."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The table `[tool.trainlint]` of a project: codes or their beginnings, and the reason why a code may stand.

    `root` is the folder that the patterns of `per_file_ignores` start from.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    tolerate: Mapping[str, str] = field(default_factory=dict)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    root: Path = Path()

    def wants(self, code: str, path: str = "") -> bool:
        """True where a finding with this code is to be shown for this file.

        >>> Settings(select=("RT6",), ignore=("RT653",)).wants("RT653", "train.py")
        False
        """
        if self.select and not code.startswith(self.select):
            return False
        if code.startswith(self.ignore):
            return False
        return not any(code.startswith(codes) for p, codes in self.per_file_ignores.items() if self._matches(path, p))

    def _matches(self, path: str, pattern: str) -> bool:
        given = Path(path)
        inside = given.resolve()
        names = {given.as_posix(), given.name}
        if inside.is_relative_to(self.root.resolve()):
            names.add(inside.relative_to(self.root.resolve()).as_posix())
        return any(fnmatch(name, pattern) for name in names)


def settings_for(path: Path | str) -> Settings:
    """The settings of the nearest `pyproject.toml` with a table `[tool.trainlint]`, from a path upwards.

    Raises:
        InputError: the file is no TOML, or the table has a key or a code that nobody knows.
    """
    start = Path(path).resolve()
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            table = _table(file)
            if table is not None:
                return settings_of(table, file)
    return Settings()


def _table(file: Path) -> Mapping[str, object] | None:
    content = read_ordinary(file, "settings", 1 << 20)
    try:
        text = content.decode()
        if _LONG_KEY.search(_TEXT.sub("a", text)):
            raise ValueError("a key of more than 32 parts")
        tool = tomllib.loads(text).get("tool", {})
    except (ValueError, RecursionError) as error:
        raise InputError(f"TOML in {file}", str(error), "a typing error", "mend the line it names") from error
    table = tool.get("trainlint") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise InputError(
            f"a table [tool.trainlint] in {file}", type(table).__name__, "a value of that name", "make it a table"
        )
    return table


def settings_of(table: Mapping[str, object], file: Path) -> Settings:
    """Settings from a table, every key and code checked.

    Raises:
        InputError: a key, a code or a type that is not known.
    """
    for key in table:
        if key not in _KEYS:
            refuse_name(f"a key of [tool.trainlint] in {file}", key, _KEYS)
    tolerated, per_file = (_inner(table, name, file) for name in ("tolerate", "per-file-ignores"))
    reasons = {k: _reason(k, v, file) for k, v in tolerated.items()}
    return Settings(
        select=_codes(table.get("select", []), file),
        ignore=_codes(table.get("ignore", []), file),
        tolerate=reasons,
        per_file_ignores={k: _codes(v, file) for k, v in per_file.items()},
        root=file.parent,
    )


def _inner(table: Mapping[str, object], name: str, file: Path) -> dict[str, object]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        told = f"write [tool.trainlint.{name}]"
        raise InputError(f"a table for {name} in {file}", repr(value), "a list or a text", told)
    return {str(key): inner for key, inner in value.items()}


def _reason(code: str, reason: object, file: Path) -> str:
    known_code(code, f"tolerate in {file}")
    if not isinstance(reason, str) or not reason.strip():
        raise InputError(
            f"a reason for tolerating {code} in {file}",
            repr(reason),
            "only the code was written",
            f'write {code} = "why it may stand"',
        )
    return reason


def _codes(given: object, file: Path) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(c, str) for c in given):
        raise InputError(f"a list of codes in {file}", repr(given), "brackets or quotes are missing", 'write ["RT601"]')
    for code in given:
        known_code(code, str(file), beginning=True)
    return tuple(given)


def known_code(code: str, where: str, *, beginning: bool = False) -> None:
    """Refuse a code that no rule has.

    Raises:
        InputError: no such code; the nearest known one is named.
    """
    codes = [r.code for r in RULES]
    if code in codes or (beginning and len(code) >= 2 and any(c.startswith(code) for c in codes)):
        return
    refuse_name(f"the code of a rule, in {where}", code, codes)


def refuse_name(wanted: str, got: str, known: Iterable[str]) -> NoReturn:
    """Refuse a name that nobody knows, with the nearest known one.

    Raises:
        InputError: always.
    """
    names = list(known)
    near = get_close_matches(got, names, n=10, cutoff=0.5)
    nearest = max(near, key=lambda name: len(commonprefix((name, got))), default="")  # noqa: RUF071
    move = f"did you mean {nearest}?" if nearest else f"choose from {', '.join(names[:12])}"
    raise InputError(wanted, repr(got), "a typing error", move)
