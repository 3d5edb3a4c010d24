"""`ris import`: other people's files as a scene file, by a mapping in TOML, after a look at what it says."""

import argparse
from typing import Any

import torch

from ...data import save_scenes
from ...data.writable import check_writable
from ...errors import ConfigurationError
from ...importing import Imported, doubts_of, import_scenes, summary_of
from ...importing.reading import FORMATS
from ...units import counted
from ..showing.output import print_json
from ..showing.tables import print_table, table_of


def run(arguments: argparse.Namespace) -> None:
    """Read, say what was understood, and write unless it is a dry run."""
    _check(arguments)
    imported = import_scenes(arguments.mapping, arguments.limit_mb * 10**6)
    if not arguments.dry_run:
        _write(arguments, imported)
    if arguments.json:
        print_json(document(arguments, imported))
        return
    _print(arguments, imported)


def document(arguments: argparse.Namespace, imported: Imported) -> dict[str, Any]:
    """The JSON document of `ris import`."""
    return {
        "mapping": str(arguments.mapping),
        "file": None if arguments.dry_run else str(arguments.out),
        "scenes": len(imported.observation),
        "understood": {row.what: {"value": row.value, "origin": row.origin} for row in summary_of(imported)},
        "doubts": doubts_of(imported),
    }


def _check(arguments: argparse.Namespace) -> None:
    """Refuse before anything is read what could not be written.

    Raises:
        ConfigurationError: no file to write to, or a limit that is none.
        SceneFileError: a file that exists.
    """
    if arguments.limit_mb < 1:
        raise ConfigurationError("--limit-mb of at least 1", str(arguments.limit_mb), "a sign", "pass megabytes")
    if arguments.dry_run:
        return
    if arguments.out is None:
        raise ConfigurationError(
            "a scene file to write", "none", "an argument left out", "name OUT.safetensors, or pass --dry-run"
        )
    if arguments.out.suffix.lower() in {suffix for format_ in FORMATS for suffix in format_.suffixes}:
        raise ConfigurationError(
            "a scene file to write, OUT.safetensors",
            str(arguments.out),
            "the data in its place",
            "name another file; the mapping says where the data are",
        )
    check_writable(arguments.out, overwrite=arguments.force, read=(arguments.mapping,))


def _write(arguments: argparse.Namespace, imported: Imported) -> None:
    kind = torch.complex128 if arguments.double else torch.complex64
    truth = None if imported.truth is None else imported.truth.to(dtype=kind)
    save_scenes(
        arguments.out, imported.observation.to(dtype=kind), truth, note=imported.note, overwrite=arguments.force
    )


def _print(arguments: argparse.Namespace, imported: Imported) -> None:
    """A table of what was understood; long origins go to a line of their own."""
    table = table_of(str(arguments.mapping), ("", "understood"), prose=True)
    for row in summary_of(imported):
        table.add_row(row.what, row.value + (f"\nfrom {row.origin}" if row.origin else ""))
    print_table(table)
    for doubt in doubts_of(imported):
        print(f"doubt: {doubt}")
    end = "nothing written (--dry-run)" if arguments.dry_run else f"written to {arguments.out}"
    print(f"{counted(len(imported.observation), 'scene')}; {end}")
