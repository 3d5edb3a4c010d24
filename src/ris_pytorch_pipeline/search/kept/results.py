"""What has a search found? Its trials, the best of them, and how far that is from the base on held-out scenes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ...bench import Measure, bootstrap_mean
from ...experiment import to_toml
from ...files import sealed_document, signed_text, write_whole
from ...foreign import odd_values
from ...rng import stream
from ..spaces.suggesting import values_of
from ..trying.recipe import Recipe, recipe_from_plain
from .names import BEST_FILE, RESULTS_FILE, RESULTS_FORM
from .outcome import Outcome, StageName
from .studies import Studies
from .trials import RECIPE, outcome_in


@dataclass(frozen=True, kw_only=True)
class Row:
    """A trial.

    >>> outcome = Outcome(kind="done", words="2.400 (epoch 1)", value=2.4, epoch=1)
    >>> row = Row(stage="short", number=0, values={"net.width": 16}, recipe=None, outcome=outcome, reports={1: 2.4})
    >>> row.to_plain()["outcome"]["value"], row.to_plain()["reports"]
    (2.4, {'1': 2.4})

    Args:
        stage: that it belongs to.
        number: in there.
        values: of the knobs that were varied; empty in the long stage, where `recipe` tells.
        recipe: that was trained; None where none was.
        outcome: None while it is running.
        reports: objective by epoch.
    """

    stage: StageName
    number: int
    values: Mapping[str, Any]
    recipe: Recipe | None
    outcome: Outcome | None
    reports: Mapping[int, float]

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "stage": self.stage,
            "trial": self.number,
            "values": dict(self.values),
            "digest": None if self.recipe is None else self.recipe.digest,
            "outcome": None if self.outcome is None else self.outcome.to_plain(),
            "reports": {str(epoch): value for epoch, value in sorted(self.reports.items())},
        }


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a search has found so far.

    >>> row = Row(stage="short", number=0, values={}, recipe=Recipe(), outcome=None, reports={})
    >>> found = Results(rows=(row,), complete=False, best=None, base=None, held=None, held_base=None, gain=None)
    >>> found.counts
    {'short running': 1}
    >>> plain = found.to_plain()
    >>> plain["best"], [trial["trial"] for trial in plain["trials"]]
    (None, [0])

    Args:
        rows: of both stages, in order.
        complete: whether nothing is left to do.
        best: the trial with the lowest value, of the long stage where there is one; None where nothing is done.
        base: the base in the same stage; None where it is not done.
        held: mean of the best on held-out scenes; None without a long stage.
        held_base: mean of the base on the same scenes.
        gain: mean over those scenes of the base's value less the best one's; above 0 where the best is better.
    """

    rows: tuple[Row, ...]
    complete: bool
    best: Row | None
    base: Row | None
    held: Measure | None
    held_base: Measure | None
    gain: Measure | None

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        measures = {"held_out": self.held, "held_out_base": self.held_base, "gain": self.gain}
        rows = {"best": self.best, "base": self.base}
        return {
            "complete": self.complete,
            "counts": self.counts,
            **{name: None if row is None else {"stage": row.stage, "trial": row.number} for name, row in rows.items()},
            **{name: None if found is None else _measured(found) for name, found in measures.items()},
            "locating": None if self.best is None or self.best.recipe is None else vars(self.best.recipe.locating),
            "trials": [row.to_plain() for row in self.rows],
        }

    @property
    def counts(self) -> dict[str, int]:
        """Trials by what came of them."""
        kinds = [f"{row.stage} {'running' if row.outcome is None else row.outcome.kind}" for row in self.rows]
        return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}


def results_of(studies: Studies, *, complete: bool) -> Results:
    """Read what a search has found so far.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.search import Judged, Settings, new_studies, open_storage, work
    >>> studies = new_studies(open_storage(Path("ended")), "widths", Settings(trials=2, epochs=1, best=0))
    >>> work(studies, lambda task, report: Judged(value=1.0, epoch=1), Path("ended"), say=lambda line: None)
    >>> results_of(studies, complete=True).counts
    {'short done': 2}

    Args:
        studies: of the search.
        complete: whether its workers have come to the end.
    """
    settings = studies.settings
    move = "put its own journal there, or begin in another folder"
    with odd_values("the trials of a search", "its storage", move, AssertionError):
        rows = (*_rows(studies, "short"), *_rows(studies, "long"))
    stage: StageName = "long" if settings.best else "short"
    done = [row for row in rows if row.stage == stage and row.outcome is not None and row.outcome.kind == "done"]
    best = min(done, key=lambda row: (_value(row), row.number), default=None)
    base_recipe = settings.base.trained_for(settings.long_epochs if settings.best else settings.epochs)
    base = next((row for row in done if row.recipe == base_recipe), None)
    held, held_base, seed = _held(best), _held(base), settings.seed
    return Results(
        rows=rows,
        complete=complete,
        best=best,
        base=base,
        held=None if held is None else bootstrap_mean(held, stream(seed, "search/intervals/best")),
        held_base=None if held_base is None else bootstrap_mean(held_base, stream(seed, "search/intervals/base")),
        gain=_gain(held, held_base, seed),
    )


def write_results(folder: Path, studies: Studies, results: Results) -> None:
    """Write `search.json`, and `best.toml` where a finished search has a best trial.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.search import Settings, new_studies, open_storage
    >>> studies = new_studies(open_storage(Path("begun")), "widths", Settings(trials=8, epochs=1, best=0))
    >>> write_results(Path("begun"), studies, results_of(studies, complete=False))
    >>> Path("begun/search.json").exists(), Path("begun/best.toml").exists()  # none is the best yet
    (True, False)

    Args:
        folder: of the search.
        studies: of it.
        results: of it.
    """
    write_whole(folder / RESULTS_FILE, [sealed_document(document_of(studies, results), RESULTS_FORM)])
    if results.complete and results.best is not None:
        write_whole(folder / BEST_FILE, [signed_text(best_toml(results.best, studies.settings.calibration))])


def document_of(studies: Studies, results: Results) -> dict[str, Any]:
    """What `search.json` holds.

    Args:
        studies: of the search.
        results: of it.
    """
    settings = studies.settings.to_plain() | {"trials": studies.settings.trials}
    checked = studies.preflight
    began = {"source": dict(studies.source), "preflight": None if checked is None else checked.to_plain()}
    return {"settings": settings, **began, **results.to_plain()}


def best_toml(best: Row, calibration: str | None = None) -> str:
    """The experiment of a trial as `ris train --config` takes it; what it does not hold is said above it.

    >>> outcome = Outcome(kind="done", words="2.400 (epoch 1)", value=2.4, epoch=1)
    >>> best = Row(stage="long", number=3, values={}, recipe=Recipe(), outcome=outcome, reports={})
    >>> best_toml(best).splitlines()[0]
    '# Long trial 3 of `ris search`: 2.400 (epoch 1).'

    Args:
        best: a trial with a recipe.
        calibration: of the panel that it was trained behind, by name and digest; None is a nominal one.

    Raises:
        ValueError: a trial without a recipe.
    """
    if best.recipe is None or best.outcome is None:
        raise ValueError(f"trial {best.number} trained nothing")
    behind = calibration_option(calibration)
    return (
        f"# {best.stage.capitalize()} trial {best.number} of `ris search`: {best.outcome.words}.\n"
        "# The value is the mean GOSPA in standard deviations of the bound.\n"
        f"# It was located with: ris locate FILE --model RUN {best.recipe.locating.options()}{behind}\n"
        f"{_trained_behind(calibration)}\n"
        f"{to_toml(best.recipe.training)}"
    )


def calibration_option(calibration: str | None) -> str:
    """How commands are told of the panel of a search, behind their other options; nothing for a nominal one.

    >>> calibration_option("panel.safetensors@0123456789abcdef")
    ' --calibration panel.safetensors'

    Args:
        calibration: by name and digest.
    """
    return "" if calibration is None else f" --calibration {calibration.rpartition('@')[0]}"


def _trained_behind(calibration: str | None) -> str:
    return "" if calibration is None else f"# It learned behind calibration {calibration}: pass it to `ris train`.\n"


def _rows(studies: Studies, stage: StageName) -> list[Row]:
    space = studies.settings.space
    rows: list[Row] = []
    for trial in studies.of(stage).get_trials(deepcopy=False):
        outcome, trained = outcome_in(trial), trial.user_attrs.get(RECIPE)
        if outcome is not None and outcome.kind == "beyond":  # drawn while another worker drew the last one
            continue
        rows.append(
            Row(
                stage=stage,
                number=trial.number,
                values=values_of(space, trial.params) if len(trial.params) == len(space.knobs) else {},
                recipe=None if trained is None else recipe_from_plain(trained),
                outcome=outcome,
                reports=dict(trial.intermediate_values),
            )
        )
    return rows


def _value(row: Row) -> float:
    return torch.inf if row.outcome is None or row.outcome.value is None else row.outcome.value


def _held(row: Row | None) -> torch.Tensor | None:
    held = () if row is None or row.outcome is None else row.outcome.held
    return torch.tensor(held, dtype=torch.float64) if held else None


def _gain(held: torch.Tensor | None, held_base: torch.Tensor | None, seed: int) -> Measure | None:
    """The mean difference, scene by scene, which is surer than that of two means."""
    if held is None or held_base is None or len(held) != len(held_base):
        return None
    return bootstrap_mean(held_base - held, stream(seed, "search/intervals/gain"))


def _measured(found: Measure) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
