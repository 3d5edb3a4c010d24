"""Which figures and tables of LaTeX are made of results? Those of sweeps, trainings, evaluations and searches."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ...bench import RESULTS, Row
from ...errors import InputError
from ...files import check_can_make, is_there, make_folder
from ...foreign import odd_values
from ...report import (
    Report,
    ResultTable,
    Table,
    axis_figure,
    heat_maps,
    latex_table,
    search_history,
    success_by_value,
    tabular,
    training_figure,
)
from ...report.figures_of_merit import MERITS
from ...report.sweep_axes import beside, blocks_of, is_map, layout_of
from ...train import read_ledger, standing
from ...train.files.folder import BEST, LEDGER
from ..showing.figures import check_figure, save_figure, save_text
from .drawn_scenes import worst_scene
from .kept_evaluation import FOLDER, read_evaluation
from .reported import folder_of, folders_in, kind_of, search_at, told_apart, trials_at

_FIGURES = (
    ("success", "{success:.2f} [{success_low:.2f}, {success_high:.2f}]"),
    ("RMSE/CRB azimuth", "{rmse_over_crb_azimuth:.2f}"),
    ("elevation", "{rmse_over_crb_elevation:.2f}"),
    ("distance", "{rmse_over_crb_distance:.2f}"),
    ("GOSPA", "{gospa_whitened:.2f}"),
)
"""What a paper prints of an evaluation or a sweep."""
_KEPT, _AGAIN = "results that a command of ours kept", "run that command again"


def draw_all(paths: Sequence[Path], folder: Path, kind: str) -> None:
    """Save the figures of some results; none is written before all of them are drawn.

    Args:
        paths: of results.
        folder: for the figures, made unless it is there.
        kind: `png`, `pdf` or `svg`.

    Raises:
        ConfigurationError: a figure that cannot be written.
        InputError: results that cannot be read.
    """
    check_can_make(folder)
    figures: dict[Path, Figure] = {}
    for held, own in _named(paths):
        with odd_values(_KEPT, held, _AGAIN):
            figures |= {folder / f"{own}-{name}.{kind}": figure for name, figure in figures_in(held)}
    make_folder(folder)
    for target, figure in figures.items():
        check_figure(target)
        save_figure(figure, target)


def _named(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Every folder of results, with what the names of its files begin with, which no other has."""
    held = [folder for path in paths for folder in folders_in(path)]
    return [(folder, name.replace("/", "-")) for folder, name in zip(held, told_apart(held), strict=True)]


def figures_in(folder: Path) -> Iterator[tuple[str, Figure]]:
    """The figures of a folder of results, by name.

    Args:
        folder: of a training, a benchmark or a search.

    Yields:
        Name and figure.

    Raises:
        InputError: results that cannot be read, or a search without a value.
    """
    kind = kind_of(folder)
    if kind == "bench":
        yield from _of_sweeps(_read(folder))
    elif kind == "search":
        yield "history", search_history(trials_at(folder))
    elif kind == "run":
        events = standing(read_ledger(folder / LEDGER)) if is_there(folder / LEDGER) else []
        epochs, updates = ([e for e in events if e["event"] == name] for name in ("epoch", "update"))
        if updates:
            yield "training", training_figure(epochs, updates)
        kept = read_evaluation(folder / FOLDER)
        if kept is not None:
            yield from _of_sweeps(kept.rows)
            yield from worst_scene(folder / FOLDER, kept, folder / BEST)


def _of_sweeps(rows: Sequence[Row]) -> Iterator[tuple[str, Figure]]:
    for sweep in dict.fromkeys(row["sweep"] for row in rows):
        for suffix, figure in figures_of([row for row in rows if row["sweep"] == sweep]):
            yield f"{sweep}{suffix}", figure


def figures_of(rows: Sequence[Row]) -> Iterator[tuple[str, Figure]]:
    """The figures of a sweep, a block for each value of its further axes, each with what its name ends in.

    Of a block over one axis, or over SNR and K: success and the errors beside the bound over that axis. Of any other
    one: a map of success, `-success` with intervals, and success and errors for each value of its second axis, or
    `-errors` with a column for each K. Of one with two axes also `-maps`, of success, of each error over its bound, and
    of GOSPA.

    Args:
        rows: of the sweep.
    """
    layout = layout_of(rows)
    for block in blocks_of(rows):
        mapped = is_map(block, layout)
        if not mapped or (layout.along, layout.beside) == ("snr_db", "sources"):
            yield block.suffix, axis_figure(block.rows)
        else:
            yield block.suffix, heat_maps(block.rows)
            yield f"{block.suffix}-success", success_by_value(block.rows)
            if layout.beside == "sources":
                yield f"{block.suffix}-errors", axis_figure(block.rows)
            else:
                for each in beside(block.rows, layout.beside):
                    yield f"{block.suffix}{each.suffix}", axis_figure(each.rows)
        if mapped:
            yield f"{block.suffix}-maps", heat_maps(block.rows, MERITS)


def write_latex(paths: Sequence[Path], folder: Path) -> None:
    """Write a table of each evaluation, each sweep and each search as LaTeX.

    Args:
        paths: of trainings, benchmarks and searches.
        folder: for the tables, made unless it is there.

    Raises:
        ConfigurationError: a table that cannot be written.
        InputError: a training that was not evaluated; no table is written then.
    """
    check_can_make(folder)
    texts: dict[Path, str] = {}
    for held, own in _named(paths):
        with odd_values(_KEPT, held, _AGAIN):
            texts |= {folder / f"{own}{name}.tex": text for name, text in latex_in(held)}
    make_folder(folder)
    for target, text in texts.items():
        save_text(text, target)
        print(f"table written to {target}")


def latex_in(folder: Path) -> list[tuple[str, str]]:
    """The tables of a training, a benchmark or a search, each with what its name ends in.

    Args:
        folder: of it.

    Raises:
        InputError: a training that was not evaluated.
    """
    kind = kind_of(folder)
    if kind == "search":
        return [("", _of_trials(search_at(folder)))]
    if kind == "bench":
        rows = _read(folder)
        return [(f"-{sweep}", _of_sweep(sweep, rows)) for sweep in dict.fromkeys(row["sweep"] for row in rows)]
    kept = read_evaluation(folder_of(folder) / FOLDER)
    if kept is None:
        raise InputError(
            "an evaluation in the folder of the run", f"none of {folder}", "a table with nothing to show",
            f"ris evaluate {folder}",
        )  # fmt: skip
    return [("", _of_sweep(FOLDER, kept.rows))]


def _of_sweep(sweep: str, rows: Sequence[Row]) -> str:
    """The table of a sweep: a line for each method at each combination of its values."""
    axes = json.loads(next(row["axes"] for row in rows if row["sweep"] == sweep))
    return latex_table(ResultTable(sweeps=(sweep,), rows=("method", *axes), figures=_FIGURES), rows)


def _of_trials(report: Report) -> str:
    """The table of a search's trials, without its long texts."""
    parts = [part for section in report.sections for part in section.parts]
    table = next(part for part in parts if isinstance(part, Table))
    kept = [number for number, name in enumerate(table.head) if name != "what came of it"]
    body = [[line[number].shown for number in kept] for line in table.lines]
    return tabular([table.head[number] for number in kept], body, 3, report.title)


def rows_of(results: Path, suite: str) -> list[Row]:
    """The rows of a suite.

    Args:
        results: folder of one suite, or with one folder a suite.
        suite: name of that.

    Raises:
        InputError: none are there.
    """
    own = results.resolve().name == suite and is_there(results / RESULTS)
    return _read(results if own else results / suite)


def _read(folder: Path) -> list[Row]:
    from ...bench import read_rows  # needs the extra `bench`

    return read_rows(folder / RESULTS)[0]
