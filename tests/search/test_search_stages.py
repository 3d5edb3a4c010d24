"""Does a search try different recipes, prune, keep what fails, answer repeats, and train the best of them long?"""

import math
from pathlib import Path

import pytest
from searching import begun, distance, learns, stopped_and_resumed, worked

from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError
from ris_pytorch_pipeline.experiment import training_from_toml
from ris_pytorch_pipeline.search import (
    Judged,
    Recipe,
    Report,
    Results,
    Row,
    Settings,
    Space,
    Studies,
    Task,
    joined_studies,
    open_storage,
    results_of,
    space_from_plain,
    work,
    write_results,
)

SMALL = space_from_plain({"net": {"width": {"choices": [8, 16, 24]}, "passes": {"choices": [1, 2]}}})
"""Six recipes."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Studies, list[str]]:
    """A search by the default settings, and what it said, for the tests that only read it."""
    return worked(tmp_path_factory.mktemp("whole"))


def rows(studies: Studies, kind: str | None = None) -> list[Row]:
    found = results_of(studies, complete=True).rows
    return [row for row in found if kind is None or (row.outcome is not None and row.outcome.kind == kind)]


def test_as_many_different_recipes_as_planned_and_the_best_long(whole: tuple[Studies, list[str]]) -> None:
    studies, _ = whole
    results = results_of(studies, complete=True)
    short = [row for row in results.rows if row.stage == "short" and row.outcome and row.outcome.kind != "same"]
    assert len(short) == 12
    assert len({row.recipe.digest for row in short if row.recipe}) == 12
    done = sorted((row for row in short if row.outcome and row.outcome.kind == "done"), key=value)
    long = [row for row in results.rows if row.stage == "long"]
    wanted = {row.recipe.trained_for(12).digest for row in done[:3] if row.recipe}
    assert {row.recipe.digest for row in long if row.recipe} == wanted | {studies.settings.base.trained_for(12).digest}
    assert results.best is not None and value(results.best) == min(value(row) for row in long)


def value(row: Row) -> float:
    assert row.outcome is not None and row.outcome.value is not None
    return row.outcome.value


def test_each_epoch_is_reported_and_some_trials_are_pruned(whole: tuple[Studies, list[str]]) -> None:
    studies, said = whole
    assert all(sorted(row.reports) == [1, 2, 3, 4] for row in rows(studies, "done") if row.stage == "short")
    pruned = rows(studies, "pruned")
    assert len(pruned) >= 3
    for row in pruned:
        last = max(row.reports)
        assert 2 <= last < 4  # not before the median is one, and not where nothing is left to save
        assert f"short trial {row.number}: pruned after epoch {last} at {row.reports[last]:.3f}" in said
    worst = max(value(row) for row in rows(studies, "done") if row.stage == "short")
    assert all(row.recipe is not None for row in pruned)
    assert worst < max(max(row.reports.values()) for row in pruned) + 3


def test_the_base_is_tried_first_and_stands_beside_the_best(whole: tuple[Studies, list[str]]) -> None:
    studies, _ = whole
    results = results_of(studies, complete=True)
    assert results.rows[0].recipe == studies.settings.base.trained_for(4)
    assert results.base is not None and results.base.recipe == studies.settings.base.trained_for(12)
    assert results.held is not None and results.held_base is not None and results.gain is not None
    best, base = results.best, results.base
    assert best is not None and best.outcome is not None and base.outcome is not None
    means = [sum(row.outcome.held) / 8 for row in (best, base) if row.outcome]
    assert [results.held.value, results.held_base.value] == pytest.approx(means)
    assert results.gain.value == pytest.approx(means[1] - means[0])
    assert results.gain.low == pytest.approx(results.gain.high)  # scene by scene, all differ alike


def test_the_same_seed_tries_the_same_points(tmp_path: Path, whole: tuple[Studies, list[str]]) -> None:
    first, second = whole[0], worked(tmp_path / "b")[0]
    assert [row.values for row in rows(first)] == [row.values for row in rows(second)]
    other = Settings(base=Recipe().changed({"seed": 1}))
    assert [row.values for row in rows(worked(tmp_path / "c", settings=other)[0])] != [
        row.values for row in rows(first)
    ]


def test_a_resumed_search_goes_on_and_repeats_no_point(tmp_path: Path) -> None:
    worked(tmp_path, settings=Settings(trials=5))
    studies = joined_studies(open_storage(tmp_path), "stub", 10)
    calls = list[str]()

    def counted(task: Task, report: Report) -> Judged:
        calls.append(task.recipe.digest)
        return learns(task, report)

    before = {row.recipe.digest for row in rows(studies) if row.recipe}
    work(studies, counted, tmp_path, lambda line: None)
    assert len(calls) >= 5
    assert not before & set(calls)
    assert len(calls) == len(set(calls))
    short = [row for row in rows(studies) if row.stage == "short" and row.recipe]
    assert len({row.recipe.digest for row in short if row.recipe}) == 10


def test_fewer_trials_than_before_are_refused(tmp_path: Path) -> None:
    begun(tmp_path)
    with pytest.raises(ConfigurationError, match="at least 12 trials"):
        joined_studies(open_storage(tmp_path), "stub", 5)
    with pytest.raises(ConfigurationError, match="a place without a search"):
        begun(tmp_path)
    with pytest.raises(ConfigurationError, match="to resume"):
        joined_studies(open_storage(tmp_path), "another")


def failing(task: Task, report: Report) -> Judged:
    """Fails in a way of its own for each third recipe of the short stage."""
    if task.stage == "short" and task.number % 3 == 1:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    if task.stage == "short" and task.number % 3 == 2:
        record = {"verdict": "Stalled", "findings": [{"code": "RT101"}]}
        return Judged(value=0.01, healthy=False, epoch=1, verdict=record, words="stalled: RT101")
    return learns(task, report)


def test_what_fails_or_is_not_healthy_is_kept_pruned_and_said(tmp_path: Path) -> None:
    studies, said = worked(tmp_path, failing, Settings(trials=6))
    failed, unhealthy = rows(studies, "failed"), rows(studies, "unhealthy")
    assert [row.number for row in failed] == [1, 4]
    assert [row.number for row in unhealthy] == [2, 5]
    assert "short trial 1: failed, pruned: RuntimeError: mat1 and mat2 shapes cannot be multiplied" in said
    assert "short trial 2: unhealthy, pruned: stalled: RT101 (0.010 after epoch 1)" in said
    assert unhealthy[0].outcome is not None and unhealthy[0].outcome.verdict == {
        "verdict": "Stalled",
        "findings": [{"code": "RT101"}],
    }
    states = [trial.state.name for trial in studies.short.trials]
    assert states[:6] == ["COMPLETE", "PRUNED", "PRUNED", "COMPLETE", "PRUNED", "PRUNED"]
    best = results_of(studies, complete=True).best
    assert best is not None and value(best) > 0.01  # the lowest value of all is no result


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_value_that_is_not_finite_is_a_failure(tmp_path: Path, bad: float) -> None:
    def infinite(task: Task, report: Report) -> Judged:
        if task.stage == "short" and task.number == 1:
            return Judged(value=bad, epoch=4)
        if task.stage == "short" and task.number == 2:
            report(1, bad)
        return learns(task, report)

    studies, _ = worked(tmp_path, infinite, Settings(trials=5))
    assert [row.number for row in rows(studies, "failed")] == [1, 2]
    assert all(
        trial.value and math.isfinite(trial.value) for trial in studies.short.trials if trial.state.name == "COMPLETE"
    )


def test_a_search_in_which_nothing_works_ends(tmp_path: Path) -> None:
    def broken(task: Task, report: Report) -> Judged:
        raise FileNotFoundError("no such scenes")

    with pytest.raises(InfeasibleError, match=r"3 that failed.*no such scenes"):
        worked(tmp_path, broken)


def test_a_recipe_is_trained_once_and_a_space_used_up(tmp_path: Path) -> None:
    calls = list[str]()

    def counted(task: Task, report: Report) -> Judged:
        calls.append(task.recipe.digest)
        return learns(task, report)

    settings = Settings(space=SMALL, trials=20, best=0)  # a third of the draws are repeats before the space is used up
    studies, said = worked(tmp_path, counted, settings)
    assert len(calls) == len(set(calls)) == 6
    assert any("holds no further recipe" in line for line in said)
    answered = rows(studies, "same")
    assert answered
    for row in answered:
        assert row.outcome is not None and row.outcome.twin is not None
        twin, mine = studies.short.trials[row.outcome.twin], studies.short.trials[row.number]
        assert (mine.state, mine.value, mine.params) == (twin.state, twin.value, twin.params)


def test_values_that_make_one_network_are_one_trial(tmp_path: Path) -> None:
    space = space_from_plain(
        {"net": {"rank": {"choices": [3, 4, 5, 6, 8]}}}
    )  # three sources have six candidates at least
    calls = list[int]()

    def counted(task: Task, report: Report) -> Judged:
        calls.append(task.recipe.training.net.rank)
        return learns(task, report)

    worked(tmp_path, counted, Settings(space=space, trials=9, best=0))
    assert sorted(calls) == [6, 8]


def test_values_that_do_not_go_together_are_not_trained(tmp_path: Path) -> None:
    space = space_from_plain({"net": {"width": {"low": 8, "high": 24}}})
    studies, said = worked(tmp_path, settings=Settings(space=space, trials=3, best=0))
    assert {row.recipe.training.net.width for row in rows(studies) if row.recipe} <= {8, 16, 24}
    refused = rows(studies, "refused")
    assert (
        refused
        and f"short trial {refused[0].number}: not trained: wanted a width that is a multiple of 8" in "\n".join(said)
    )


def test_the_best_file_is_what_ran_field_by_field(tmp_path: Path) -> None:
    ran = dict[str, Recipe]()

    def kept(task: Task, report: Report) -> Judged:
        ran[task.recipe.digest] = task.recipe
        return learns(task, report)

    studies, _ = worked(tmp_path, kept)
    results: Results = results_of(studies, complete=True)
    write_results(tmp_path, studies, results)
    assert results.best is not None and results.best.recipe is not None
    recipe = ran[results.best.recipe.digest]
    assert training_from_toml(tmp_path / "best.toml") == recipe.training
    assert recipe.locating.options() in (tmp_path / "best.toml").read_text(encoding="utf-8")
    assert distance(Task(recipe=recipe, stage="long", number=0, folder=tmp_path)) + 0.25 == value(results.best)


def test_an_unfinished_search_writes_no_best(tmp_path: Path, whole: tuple[Studies, list[str]]) -> None:
    studies, _ = whole
    write_results(tmp_path, studies, results_of(studies, complete=False))
    assert not (tmp_path / "best.toml").exists()
    assert (tmp_path / "search.json").exists()


def test_a_worker_that_is_interrupted_gives_its_trial_back(tmp_path: Path) -> None:
    def interrupted(task: Task, report: Report) -> Judged:
        if task.number == 2:
            raise KeyboardInterrupt
        return learns(task, report)

    studies = begun(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        work(studies, interrupted, tmp_path, lambda line: None)
    lost, waiting = studies.short.trials[2], studies.short.trials[3]
    assert (lost.state.name, waiting.state.name) == ("FAIL", "WAITING")
    studies = joined_studies(open_storage(tmp_path), "stub")
    work(studies, learns, tmp_path, lambda line: None)
    assert studies.short.trials[3].params == lost.params
    counted = [
        row for row in rows(studies) if row.stage == "short" and row.outcome and row.outcome.kind in {"done", "pruned"}
    ]
    assert len(counted) == 12


@pytest.mark.parametrize("space", [None, SMALL])
def test_a_search_comes_to_the_same_however_often_it_is_stopped(tmp_path: Path, space: Space | None) -> None:
    settings = Settings(trials=9) if space is None else Settings(trials=5, space=space)
    calls = 0

    def interrupted(task: Task, report: Report) -> Judged:
        nonlocal calls
        calls += 1
        if calls % 3 == 0:
            raise KeyboardInterrupt
        return learns(task, report)

    begun(tmp_path / "b", settings)
    stopped, whole = stopped_and_resumed(tmp_path / "b", interrupted), worked(tmp_path / "a", settings=settings)[0]
    assert calls >= 9 and outcomes(stopped) == outcomes(whole)


def outcomes(studies: Studies) -> list[object]:
    found = [(row, row.outcome) for row in rows(studies) if row.outcome and row.outcome.kind != "lost"]
    return [(row.stage, row.values, outcome.kind, outcome.value) for row, outcome in found]
