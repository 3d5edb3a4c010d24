"""Where are the cells of a suite kept? In one file of a folder, written whole with each cell that is finished."""

from collections.abc import Sequence
from pathlib import Path

from ...data.digest import differences
from ...errors import ConfigurationError
from ...files import cause, is_there, reason
from .columns import RESULTS, Row, beside_genie
from .parquet import read_rows, write_rows
from .suite import Pending, Suite


class Kept:
    """The cells of a suite that are finished. Whoever adds to it holds the lock of the folder.

    The whole file is written with each cell, some ten milliseconds for hundreds of rows, so that it is complete and
    readable at any moment.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.bench import Entering, suite_of, work
    >>> from ris_pytorch_pipeline.train import load_network
    >>> small = {"horizontal": 4, "vertical": 4, "sources": 1}
    >>> sweeps = {"snr": {"methods": ["genie"], "over": {"snr_db": [10, 20]}}}
    >>> suite = suite_of({"scenes": 1, "scenario": small, "sweeps": sweeps})
    >>> Path("kept").mkdir()
    >>> kept = Kept(Path("kept"), suite, suite.cells())
    >>> kept.begin(resume=False)
    >>> kept.path.name, [pending.label for pending in kept.missing(suite.cells())]
    ('cells.parquet', ['snr, snr_db 10, genie', 'snr, snr_db 20, genie'])
    >>> kept.add(work(suite.cells()[0], Entering(read=load_network), suite.digest).row)
    >>> [pending.label for pending in kept.missing(suite.cells())]
    ['snr, snr_db 20, genie']

    Args:
        folder: of the results, which exists.
        suite: they belong to.
        cells: of the suite, in order.
    """

    def __init__(self, folder: Path, suite: Suite, cells: Sequence[Pending]) -> None:
        self.path = folder / RESULTS
        self._plain = suite.to_plain()
        self._order = [pending.key for pending in cells]
        self._rows: dict[tuple[str, int, str], Row] = {}

    def begin(self, *, resume: bool) -> None:
        """Take up what is there, or begin an empty file.

        Args:
            resume: go on with the cells that are there.

        Raises:
            ConfigurationError: nothing to resume, cells there and not resumed, or the cells of another suite.
            InputError: a file that this version cannot read.
        """
        if not resume:
            if is_there(self.path) and read_rows(self.path)[0]:
                raise ConfigurationError(
                    "a folder without results", str(self.path), "an earlier run of a suite",
                    "pass --resume to go on with it, or another --out",
                )  # fmt: skip
            self._write()
            return
        if not is_there(self.path):
            raise ConfigurationError(
                f"{self.path.name} to resume", f"none in {self.path.parent}", "another folder, or nothing begun there",
                "leave out --resume",
            )  # fmt: skip
        rows, suite = read_rows(self.path)
        first = next(differences(suite, self._plain), None)
        if first is not None:
            raise ConfigurationError(
                "the suite that the folder was begun with", f"another one: {first[:300]} (kept, now)",
                "a suite that was edited, other options, or another checkpoint", "undo that, or pass another --out",
            )  # fmt: skip
        self._rows = {(row["sweep"], row["point"], row["method"]): row for row in rows}

    def add(self, row: Row) -> None:
        """Keep a finished cell.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        self._rows[row["sweep"], row["point"], row["method"]] = row
        self._write()

    @property
    def rows(self) -> list[Row]:
        """Of the finished cells, in the order of the suite."""
        return beside_genie([self._rows[key] for key in self._order if key in self._rows])

    def missing(self, cells: Sequence[Pending]) -> list[Pending]:
        """Those of some cells that are not finished."""
        return [pending for pending in cells if pending.key not in self._rows]

    def _write(self) -> None:
        try:
            write_rows(self.path, self.rows, self._plain)
        except OSError as error:
            raise ConfigurationError(
                "a file that can be written", f"{self.path}: {reason(error)}", cause(error, "a folder that is gone"),
                "mend that, and go on with --resume",
            ) from error  # fmt: skip
