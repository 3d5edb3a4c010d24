"""How are the sources of very many scenes kept? A small Parquet file a block as it comes, joined at the end."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError, InputError
from ...files import cause, check_can_write, move, read_regular, reason, regular_size, replacing, write_whole
from ..finding import Finding
from .parquet import MOST_BYTES
from .sealed_table import (
    DAMAGED,
    VERSION,
    SealedFile,
    check_file,
    check_version,
    marked,
    pa,
    pq,
    table_bytes,
    table_of,
    whole_table,
)

Row = dict[str, Any]
_ANGLES = ("azimuth_deg", "elevation_deg", "distance_m")
_GROUP = 2**14
"""Rows of a row group at least: Parquet holds 30 kB of each group until the file is closed."""
_LATER = "symbols"
"""A column that tables of version 0.1.0 do not have: empty there, as where all sources are of one kind."""
_NUMBERS = (*_ANGLES, *(f"std_{name}" for name in _ANGLES), "power_db", "explained", "p_value", "noise_variance")


def schema() -> "pa.Schema":
    """One row for each source found, and one with `source` empty for a scene without any."""
    fields = {"file": pa.string(), "scene": pa.int64(), "order": pa.int64(), "source": pa.int64()}
    fields |= dict.fromkeys(_NUMBERS, pa.float64()) | {"status": pa.string(), "success": pa.bool_()}
    fields |= {_LATER: pa.string()}
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()], metadata=VERSION)


def rows_of(file: str, findings: Sequence[Finding]) -> list[Row]:
    """The rows of some scenes.

    Args:
        file: its name.
        findings: one per scene.
    """
    rows = []
    for finding in findings:
        fit = finding.fit or {"explained": None, "p_value": None}
        common = {"file": file, "scene": finding.scene, "order": len(finding.sources), "status": finding.status}
        common |= {name: fit[name] for name in ("explained", "p_value")}
        common |= {"noise_variance": finding.noise_variance, "success": finding.success}
        each = [_source(number, source) for number, source in enumerate(finding.sources)]
        rows += [common | one for one in each or [{"source": None}]]
    return rows


def _source(number: int, source: dict[str, Any]) -> Row:
    found = {"source": number, "power_db": source["power_db"], _LATER: source["symbols"]}
    return found | {name: source["position"][name] for name in _ANGLES} | {
        f"std_{name}": source["std"][name] for name in _ANGLES
    }  # fmt: skip


def read_located(path: Path | str) -> "pa.Table":
    """The sources of a folder of scenes, as `ris locate FOLDER --out PATH` found them.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.bench.suites.located_rows import Parts
    >>> Parts(Path("found.parquet")).join(())  # as `ris locate FOLDER --out found.parquet` ends, here of no scene
    (0, 0)
    >>> read_located("found.parquet").column_names[:5]
    ['file', 'scene', 'order', 'source', 'azimuth_deg']

    Args:
        path: of the Parquet file.

    Returns:
        A row for each source, one for each scene without any; see `schema`.

    Raises:
        InputError: no such file, or a byte of it that was changed.
    """
    try:
        check_file(Path(path))
        with pq.ParquetFile(path) as file:
            _check_form(file.schema_arrow)
            return _completed(whole_table(file))
    except DAMAGED as error:
        why = reason(error) if isinstance(error, OSError) else str(error)[:200]
        raise InputError(
            "the file that `ris locate FOLDER --out` wrote", f"{path}: {why}",
            cause(error, "a copy cut short, or a damaged disk"),
            move(error, "copy it again, or locate the folder again"),
        ) from error  # fmt: skip


def _check_form(held: "pa.Schema") -> None:
    """Refuse a table of another version, or of other columns.

    Raises:
        ValueError: naming both versions, or the columns that differ.
    """
    check_version(held)
    mine = schema()
    if _LATER not in held.names:
        mine = mine.remove(mine.get_field_index(_LATER))
    if held.names != mine.names or held.types != mine.types:
        odd = {(field.name, str(field.type)) for field in held} ^ {(field.name, str(field.type)) for field in mine}
        raise ValueError(f"other columns than those of sources: {', '.join(sorted(name for name, _ in odd))[:100]}")


def _completed(table: "pa.Table") -> "pa.Table":
    """With every column."""
    missing = _LATER not in table.column_names
    return table.append_column(_LATER, pa.nulls(len(table), pa.string())) if missing else table


def _groups(tables: Iterable["pa.Table"]) -> Iterator["pa.Table"]:
    """The same rows in tables of at least `_GROUP` of them, but for the last."""
    held, rows = list["pa.Table"](), 0
    for table in tables:
        held.append(table)
        rows += len(table)
        if rows >= _GROUP:
            yield pa.concat_tables(held)
            held, rows = [], 0
    if held:
        yield pa.concat_tables(held)


class Parts:
    """Blocks of rows that are kept until all are there.

    Each part has a digest of all its bytes, compared when it is read: one that was altered is made anew. So has the
    file that they become, see `read_located`.

    Args:
        path: of the file that they become.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, path.with_name(f"{path.name}.parts")

    def has(self, key: str) -> bool:
        """Whether a block is kept and whole."""
        if regular_size(self._part(key)) is None:
            return False
        try:
            self.read(key)
        except DAMAGED:
            return False
        return True

    def read(self, key: str) -> "pa.Table":
        """The rows of a block.

        Raises:
            OSError: it cannot be read.
            ValueError: another byte than was written, or a table of another version or of other columns.
        """
        table = table_of(read_regular(self._part(key), MOST_BYTES))
        _check_form(table.schema)
        return _completed(table).replace_schema_metadata(VERSION)

    def keep(self, key: str, rows: Sequence[Row]) -> None:
        """Keep a block.

        Raises:
            ConfigurationError: it cannot be written.
        """
        table = pa.Table.from_pylist(list(rows), schema=schema())
        try:
            write_whole(self._part(key), [table_bytes(table)])
        except OSError as error:
            self._refuse(self._part(key), error)

    def join(self, keys: Iterable[str]) -> tuple[int, int]:
        """Write the file of all blocks, some of them at a time.

        Args:
            keys: of the blocks, in order.

        Returns:
            Scenes and rows.

        Raises:
            ConfigurationError: it cannot be written.
            InputError: a block that is not whole any more.
        """
        scenes = rows = 0
        try:
            check_can_write(self.path)
            with replacing(self.path) as file:
                kept = SealedFile(file)
                with pq.ParquetWriter(
                    pa.PythonFile(kept, mode="w"), schema(), compression="zstd", write_page_checksum=True
                ) as out:  # fmt: skip
                    for table in _groups(self._whole(key) for key in keys):
                        out.write_table(table)
                        rows += len(table)
                        scenes += sum(first in (None, 0) for first in table.column("source").to_pylist())
                    marked(out)
                kept.seal()
        except OSError as error:
            self._refuse(self.path, error)
        return scenes, rows

    def remove(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _part(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"

    def _whole(self, key: str) -> "pa.Table":
        try:
            return self.read(key)
        except DAMAGED as error:
            raise InputError(
                "blocks that are whole", f"{self._part(key)}: {str(error)[:200]}", "a disk or program that changed it",
                "run the same command again: it is located anew",
            ) from error  # fmt: skip

    def _refuse(self, path: Path, error: OSError) -> None:
        raise ConfigurationError(
            "a file that can be written", f"{path}: {reason(error)}", cause(error, "a folder that is gone"),
            "mend that, and run the same command again",
        ) from error  # fmt: skip
