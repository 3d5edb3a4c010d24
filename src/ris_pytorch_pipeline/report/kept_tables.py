"""How is a table that a program printed kept? As CSV, below lines that say which command made it, of which commit."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import cause, move, read_regular, reason

SOURCES = ("command", "commit", "date", "shown")
"""What the lines above a table may say. Each may be said several times: of a table that several runs made. `shown` is
for a table whose commit nobody noted: the first commit of which a page shows it, soon after the run."""
_MOST_BYTES = 2**20
"""Of a file; those of this project have up to 8 kB."""
_ABOVE = re.compile(r"(?:#.*\n)*")
_SAID = re.compile(rf"(?:{'|'.join(SOURCES)}): \S.*")
_WANTED = "a table as CSV: lines such as `# commit: 0123456ab`, then headings, then rows"
_AGAIN = "keep it anew: python benchmarks/kept_table.py FILE.csv -- COMMAND"


@dataclass(frozen=True, kw_only=True)
class KeptTable:
    """A table of texts, and what made it.

    >>> table = KeptTable(head=("method", "found"), rows=(("sml", "0.97"),), source=(("commit", "0123456ab"),))
    >>> print(table.text(), end="")
    # commit: 0123456ab
    method,found
    sml,0.97
    >>> print(table.markdown())
    | method | found |
    |---|---|
    | sml | 0.97 |

    Args:
        head: headings.
        rows: as many cells each.
        source: what made it: (`command`, `commit`, `date` or `shown`, what it was). A commit ends in `+changes` where
            files were changed.

    Raises:
        InputError: no row, rows of different lengths, or a text that a line cannot show.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what CSV or Markdown cannot hold.

        Raises:
            InputError: that.
        """
        why = self._doubt()
        if why:
            raise InputError(_WANTED, why, "a file that was cut, edited, or of another kind", _AGAIN)

    def _doubt(self) -> str:
        """What is wrong; an empty text if nothing is."""
        lengths = sorted({len(row) for row in self.rows})
        if lengths != [len(self.head)] or not self.head:
            return f"{len(self.head)} headings above rows of {' and '.join(map(str, lengths)) or 'no'} cells"
        if self.head[0].startswith("#"):
            return f"the first heading {self.head[0][:40]!r}, which looks like a line above the table"
        odd = [cell for row in (self.head, *self.rows) for cell in row if not cell.isprintable()]
        said = [f"{key}: {text}" for key, text in self.source]
        odd += [line for line in said if not (_SAID.fullmatch(line) and line.isprintable())]
        return repr(odd[0][:80]) if odd else ""

    def text(self) -> str:
        """What its file says."""
        text = io.StringIO()
        text.writelines(f"# {key}: {said}\n" for key, said in self.source)
        csv.writer(text, lineterminator="\n").writerows((self.head, *self.rows))
        return text.getvalue()

    def markdown(self) -> str:
        """The table without its source, which a page states in its own words."""
        shown = [[cell.replace("|", r"\|") for cell in row] for row in (self.head, *self.rows)]
        head, *body = (f"| {' | '.join(row)} |" for row in shown)
        return "\n".join([head, "|" + "---|" * len(self.head), *body])


def read_kept_table(path: Path) -> KeptTable:
    r"""The table that a file holds.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     print("# date: 2026-11-29\nmethod,found\nsml,0.97", file=file, flush=True)
    ...     read_kept_table(Path(file.name)).rows
    (('sml', '0.97'),)

    Args:
        path: of the CSV.

    Raises:
        InputError: no file, or no such table in it.
    """
    try:
        return _parsed(read_regular(path, _MOST_BYTES).decode("utf-8-sig").replace("\r\n", "\n"))
    except OSError as error:
        why = cause(error, "a misspelt name"), move(error, _AGAIN)
        raise InputError(_WANTED, f"{path}: {reason(error)}", *why) from error
    except InputError as error:
        raise InputError(error.wanted, f"{path}: {error.got}", error.cause, error.move) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(_WANTED, f"{path}: {error}"[:300], "a damaged file, or one of another kind", _AGAIN) from error


def _parsed(text: str) -> KeptTable:
    """The table of a text.

    Raises:
        InputError: none.
        csv.Error: no CSV.
    """
    above = _ABOVE.match(text)
    said = above[0] if above else ""
    rows = [tuple(row) for row in csv.reader(io.StringIO(text[len(said) :], newline=""), strict=True) if row]
    pairs = [line.removeprefix("#").partition(":") for line in said.split("\n")[:-1]]
    source = tuple((key.strip(), text.strip()) for key, _, text in pairs)
    return KeptTable(head=rows[0] if rows else (), rows=tuple(rows[1:]), source=source)
