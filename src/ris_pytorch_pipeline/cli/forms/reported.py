"""Which report does a folder deserve? That of a training, a benchmark or a search, by the files in it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainlint.errors import ExplainedError

from ...bench import RESULTS
from ...errors import ConfigurationError, InputError
from ...files import cause, is_missing, is_there, move, read_regular, reason
from ...foreign import odd_values
from ...report import Report, bench_report, compared_runs, run_report, search_report
from ...report.pages.explorer import most_of_each
from ...search.kept.document import search_document
from ...search.kept.names import BEST_FILE, JOURNAL, RESULTS_FILE
from ...train.files.folder import BEST, LEDGER
from .shown_run import run_at

if TYPE_CHECKING:
    from ...search import Studies

_MOST_BYTES = 2**28


def folder_of(path: Path) -> Path:
    """The folder that a path names, by itself or by the file in it that says what it is.

    Args:
        path: of a command line.
    """
    return path.parent if path.name in (LEDGER, RESULTS, RESULTS_FILE, JOURNAL) else path


def kind_of(folder: Path) -> str:
    """What a folder holds: `run`, `bench` or `search`.

    Args:
        folder: of results.

    Raises:
        InputError: nothing of these.
    """
    held = {"bench": (RESULTS,), "search": (RESULTS_FILE, JOURNAL), "run": (LEDGER, BEST)}
    for kind, names in held.items():
        if not all(is_missing(folder / name) for name in names):
            return kind
    raise InputError(
        f"the folder of a training ({LEDGER}), of results that `ris bench SUITE` kept ({RESULTS}), or of a search "
        f"({JOURNAL}, {RESULTS_FILE})", f"none of these in {folder}{_no_folder(folder)}",
        "a mistyped path, nothing finished there, or a search in a database that was killed before its end",
        "name the folder that the command wrote to, or pass --storage URL beside it",
    )  # fmt: skip


def _no_folder(path: Path) -> str:
    return "" if is_missing(path) or os.path.isdir(path) else ", which is no folder"  # noqa: PTH112  (never raises)


def folders_in(path: Path) -> list[Path]:
    """The folders of results that a path names: itself, or, where it holds none, those of the suites in it.

    Args:
        path: of a command line.
    """
    folder = folder_of(path)
    inside = sorted(each.parent for each in folder.glob(f"*/{RESULTS}"))
    return inside if inside and not is_there(folder / RESULTS) else [folder]


def _bench_at(folder: Path) -> Report:
    """The report of a benchmark."""
    from ...bench import read_rows  # needs the extra `bench`

    with odd_values("results that `ris bench SUITE` kept", folder / RESULTS, "run the suite anew into another folder"):
        return bench_report(folder.resolve().name, *read_rows(folder / RESULTS))


def search_at(folder: Path, url: str | None = None, name: str | None = None) -> Report:
    """The report of a search.

    Args:
        folder: of the search.
        url: of the database that holds its trials; None takes what the folder holds.
        name: of the search in the database; None is the folder's.

    Raises:
        ConfigurationError: no such search in the database.
        InputError: a search that cannot be read.
    """
    document, changes = _searched(folder) if url is None else _of_database(folder, url, name)
    importances, unjudged = _importances(document)
    best = folder / BEST_FILE
    toml = read_regular(best, _MOST_BYTES).decode("utf-8", "replace") if is_there(best) else ""
    return search_report(folder.resolve().name, document, importances, unjudged=unjudged, best=toml, changes=changes)


def trials_at(folder: Path) -> list[Mapping[str, Any]]:
    """The trials of the search in a folder, of both stages.

    Args:
        folder: of the search.

    Raises:
        InputError: a search that cannot be read.
    """
    return list(_searched(folder)[0]["trials"])


def _searched(folder: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Settings, trials and results, and how the best trial differs from the base: of the journal, else as written.

    Raises:
        ConfigurationError: an install without the extra, or a journal without a search, and no results beside it.
    """
    written = folder / RESULTS_FILE
    try:
        return _of_journal(folder) if is_there(folder / JOURNAL) else (_document(written), {})
    except ConfigurationError:
        if not is_there(written):
            raise
        return _document(written), {}


def _of_journal(folder: Path) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    from ...search import joined_studies, read_storage, searches_in  # needs the extra

    storage = read_storage(folder)
    return _of_studies(folder, joined_studies(storage, next(iter(searches_in(storage)), folder.resolve().name)))


def _of_database(folder: Path, url: str, name: str | None) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    from ...search import holds_search, joined_studies, read_storage  # needs the extra

    storage, name = read_storage(folder, url), name or folder.resolve().name
    if not holds_search(storage, name):
        raise ConfigurationError(
            f"a search named {name!r}", "none in the database", "another --storage, or a search of another name",
            "pass the --name that it began with",
        )  # fmt: skip
    return _of_studies(folder, joined_studies(storage, name))


def _of_studies(folder: Path, studies: "Studies") -> tuple[Mapping[str, Any], Mapping[str, str]]:
    from ...search import results_of
    from ...search.kept.results import document_of
    from ..showing.search_shown import changes

    written = folder / RESULTS_FILE
    results = results_of(studies, complete=is_there(written) and bool(_document(written).get("complete")))
    changed = {} if results.best is None or results.best is results.base else changes(studies, results.best)
    return json.loads(json.dumps(document_of(studies, results))), changed


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return search_document(read_regular(path, _MOST_BYTES))
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)[:200]
        raise InputError(
            "the results of a search", f"{path}: {why}", cause(error, "a file of another program, or one cut short"),
            move(error, "go on with `ris search DIR --resume`"),
        ) from error  # fmt: skip


def _importances(document: Mapping[str, Any]) -> tuple[Mapping[str, float] | None, str]:
    """How much each knob mattered, or why that is not known."""
    try:
        from ...search import importances_of

        settings = document["settings"]
        network = settings["base"]["training"]["network"]
        return importances_of(settings["space"], document["trials"], network), ""
    except ExplainedError as error:
        return None, str(error).rstrip(".")


def reports_of(folders: list[Path]) -> list[Report]:
    """The reports of some folders, trainings side by side where there are several.

    Args:
        folders: of results.

    Raises:
        InputError: a folder without results, or results that cannot be read.
    """
    kinds = [kind_of(folder) for folder in folders]
    count = kinds.count("run")
    names = told_apart(folders)
    runs = {folder: run_at(folder, name, most_of_each(count))
            for folder, kind, name in zip(folders, kinds, names, strict=True) if kind == "run"}  # fmt: skip
    reports: list[Report] = []
    if count > 1:
        side = compared_runs(list(runs.values()))
        reports.append(Report(title=f"Runs {', '.join(run.name for run in runs.values())}", lead=(), sections=[side]))
    for folder, kind in zip(folders, kinds, strict=True):
        if kind == "run":
            with odd_values("the ledger and the evaluation of a run", folder, "run `ris diagnose` on it"):
                reports.append(run_report(runs[folder]))
        else:
            reports.append(_bench_at(folder) if kind == "bench" else search_at(folder))
    return reports


def told_apart(folders: list[Path]) -> list[str]:
    """Names of folders: the last part of each path, and as much of what stands before it as tells them apart.

    Args:
        folders: of results.
    """
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(set(parts)):
            return names
    return [str(folder) for folder in folders]
