"""How are the results of a search shown? A line a trial, the best one, and the base beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...bench import Measure
from ...search import Results, Row, Studies
from ...search.kept.results import calibration_option
from .output import print_json
from .tables import print_table, table_of


def print_results(folder: Path, studies: Studies, results: Results, *, as_json: bool) -> None:
    """Print what was found.

    Args:
        folder: of the search.
        studies: of it.
        results: of it.
        as_json: as one document in place of a table.
    """
    if as_json:
        print_json(results.to_plain())
        return
    table = table_of("Trials, best first", ("trial", "GOSPA", "what came of it"), prose=True)
    for row in sorted(_shown(results), key=_rank):
        table.add_row(f"{row.stage} {row.number}", _figure(row), _words(row))
    print_table(table)
    counts = "; ".join(f"{count} {kind}" for kind, count in results.counts.items())
    print(f"GOSPA is the mean over scenes in standard deviations of the bound; {counts}")
    for line in lines_of(folder, studies, results):
        print(line)


def lines_of(folder: Path, studies: Studies, results: Results) -> list[str]:
    """The best trial in sentences.

    Args:
        folder: of the search.
        studies: of it.
        results: of it.
    """
    best, recipe = results.best, None if results.best is None else results.best.recipe
    if best is None or recipe is None:
        return ["no trial came to an end: nothing is written to best.toml"]
    same = best is results.base
    lines = [f"best: {best.stage} trial {best.number}{', the base itself' if same else ''}, {_figure(best)}"]
    if not same:
        lines += [f"  {name} = {value}" for name, value in changes(studies, best).items()]
    if results.held is not None:
        lines.append(f"on {studies.settings.scenes} held-out scenes: {_interval(results.held)}")
    if not same and results.held_base is not None and results.gain is not None:
        lines.append(f"the base there: {_interval(results.held_base)}; base less best {_interval(results.gain)}")
    if results.complete:
        behind = calibration_option(studies.settings.calibration)
        lines.append(f"train it with: ris train RUN --config {folder / 'best.toml'}{behind}")
        lines.append(f"locate with it: ris locate FILE --model RUN {recipe.locating.options()}{behind}")
    return lines


def changes(studies: Studies, best: Row) -> Mapping[str, Any]:
    """The knobs in which a trial differs from the base, by name.

    Args:
        studies: of the search.
        best: a trial with a recipe.
    """
    base = studies.settings.base.to_plain()
    mine = {} if best.recipe is None else best.recipe.to_plain()
    found = {name: (_at(base, name), _at(mine, name)) for name, _ in studies.settings.space.knobs}
    return {name: f"{own} (base {usual})" for name, (usual, own) in found.items() if own != usual}


def _at(plain: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    value: Any = plain if name.startswith("locating.") else plain["training"]
    for part in name.split("."):
        value = value[part]
    return [stage["name"] for stage in value["stages"]] if name == "phases" else value


def _shown(results: Results) -> list[Row]:
    return [row for row in results.rows if row.outcome is None or row.outcome.kind != "same"]


def _rank(row: Row) -> tuple[bool, bool, float, int]:
    """Long before short, done before the others, then by value."""
    done = row.outcome is not None and row.outcome.kind == "done"
    value = 0.0 if row.outcome is None or row.outcome.value is None else row.outcome.value
    return (row.stage == "short", not done, value, row.number)


def _figure(row: Row) -> str:
    return "-" if row.outcome is None or row.outcome.value is None else f"{row.outcome.value:.3f}"


def _words(row: Row) -> str:
    return "running" if row.outcome is None else row.outcome.words.splitlines()[0]


def _interval(measure: Measure) -> str:
    return f"{measure.value:.3f} [{measure.low:.3f}, {measure.high:.3f}]"
