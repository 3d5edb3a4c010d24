"""Is a trained recipe judged by what it locates, at the epoch that its validation calls best, with its verdict?"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import training_from_plain, training_from_toml, training_preset
from ris_pytorch_pipeline.search import (
    FixedScenes,
    Judged,
    Locating,
    Pruned,
    Recipe,
    Settings,
    Studies,
    Task,
    TrainAndLocate,
    localiser_of,
    new_studies,
    open_storage,
    resolved,
    results_of,
    space_from_plain,
    work,
    write_results,
)
from ris_pytorch_pipeline.search.kept.outcome import Ended
from ris_pytorch_pipeline.train import load_network, read_ledger

SMALL = training_preset(
    "tiny",
    {
        "scenario": {"horizontal": 6, "vertical": 6, "antennas": 8, "snapshots": 8, "sources": [1, 2], "snr_db": 20.0},
        "net": {"width": 8, "blocks": 1, "passes": 1},
        "optimisation": {"rate": 1e-3},
        "plan": {"epochs": 2, "n_train": 64, "n_val": 16, "batch": 8},
    },
)
BASE = resolved(Recipe(training=SMALL))
SCENES = 12


@pytest.fixture(autouse=True)
def as_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the tests' own checks of shapes and types, which make a training ten times as long."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


def objective() -> TrainAndLocate:
    return TrainAndLocate(scenario=SMALL.scenario, scenes=SCENES, seed=SMALL.seed, known_order=True)


def judged(folder: Path, recipe: Recipe = BASE, stage: Any = "long") -> tuple[Judged, list[tuple[int, float]]]:
    reports: list[tuple[int, float]] = []
    task = Task(recipe=recipe, stage=stage, number=0, folder=folder / "trial")
    return objective()(task, lambda epoch, value: reports.append((epoch, value))), reports


def test_a_trial_is_worth_what_the_kept_network_locates(tmp_path: Path) -> None:
    found, reports = judged(tmp_path)
    assert [epoch for epoch, _ in reports] == [1, 2]
    trained = load_network(tmp_path / "trial" / "run" / "best.safetensors")
    assert trained.experiment == BASE.training
    for name, values in (("validation", None), ("held-out", found.held)):
        scores = FixedScenes(SMALL.scenario, SCENES, SMALL.seed, name).scores(
            localiser_of(trained.net, BASE.locating), known_order=True
        )
        assert values is None or values == pytest.approx(scores)
        if values is None:
            assert found.value == pytest.approx(sum(scores) / SCENES)
    assert found.epoch == trained.header.progress["best_epoch"]
    assert found.value == dict(reports)[found.epoch]


def test_the_verdict_is_that_of_the_ledger(tmp_path: Path) -> None:
    found, _ = judged(tmp_path)
    (written,) = [
        event for event in read_ledger(tmp_path / "trial" / "run" / "ledger.jsonl") if event["event"] == "verdict"
    ]
    assert found.verdict is not None
    assert found.verdict["verdict"] == written["verdict"]
    assert found.healthy == (written["verdict"] == "Healthy")


def test_scenes_are_fixed_and_those_held_out_are_others() -> None:
    def positions(name: str, seed: int = 0) -> list[float]:
        blocks = FixedScenes(SMALL.scenario, 70, seed, name).blocks
        return [x for block in blocks for x in block.scenes.truth.positions[:, 0, 0].tolist()]

    first = positions("validation")
    assert len(first) == 70
    assert first == positions("validation")
    assert not set(first) & set(positions("held-out"))
    assert not set(first) & set(positions("validation", seed=1))


def test_each_kind_of_a_training_judges_it() -> None:
    def blocks(scenes: int, *kinds: Any) -> list[tuple[int, Any]]:
        fixed = FixedScenes(SMALL.scenario, scenes, 0, "validation", kinds).blocks
        return [(len(block.scenes.observation), block.scenes.observation.symbols) for block in fixed]

    assert blocks(5) == [(5, SMALL.scenario.symbols)]
    assert blocks(5, "random", "pilot", "random") == [(3, "random"), (2, "pilot")]
    several = resolved(Recipe(training=replace(SMALL, kinds=("random", "pilot"))))
    with pytest.raises(ConfigurationError, match="a scene of each kind"):
        Settings(base=several, scenes=1)


def test_how_a_network_locates_changes_its_value(tmp_path: Path) -> None:
    judged(tmp_path)
    net = load_network(tmp_path / "trial" / "run" / "best.safetensors").net
    scenes = FixedScenes(SMALL.scenario, SCENES, 0, "validation")
    music = Locating(proposals="music", polish=3)
    likely = Locating(proposals="candidates", polish=3)
    ways = (Locating(), Locating(polish=3), likely, music, replace(music, beta=0.5), replace(likely, doubt=1.0))
    values = {scenes.scores(localiser_of(net, way), known_order=True) for way in ways}
    assert len(values) == len(ways)


def test_a_pruned_training_ends_there_and_keeps_its_ledger(tmp_path: Path) -> None:
    def prune(epoch: int, value: float) -> None:
        raise Pruned("a", "b", "c", "d")

    task = Task(recipe=BASE, stage="short", number=3, folder=tmp_path / "trial")
    with pytest.raises(Ended) as ended:
        objective()(task, prune)
    assert isinstance(ended.value.by, Pruned)
    assert ended.value.verdict is not None and ended.value.verdict["verdict"]
    events = read_ledger(tmp_path / "trial" / "run" / "ledger.jsonl")
    assert max(event["epoch"] for event in events if event["event"] == "epoch") == 1
    assert not list((tmp_path / "trial" / "run").glob("*.safetensors"))
    judged(tmp_path, stage="short")  # in the same folder, as after a worker that was killed


def test_a_trial_that_an_error_or_the_pruner_ends_keeps_its_verdict(tmp_path: Path) -> None:
    def broken(task: Task, report: Any) -> Judged:
        def told(epoch: int, value: float) -> None:
            if task.number == 0:
                raise Pruned("a", "pruned by hand", "c", "d")
            raise KeyError("a figure that is not there")

        return objective()(task, told)

    space = space_from_plain({"net": {"width": {"choices": [8, 16]}}})
    studies = new_studies(open_storage(tmp_path), "ended", Settings(base=BASE, space=space, trials=2, epochs=2, best=0))
    work(studies, broken, tmp_path, lambda line: None)
    rows = results_of(studies, complete=True).rows
    ended = {row.number: row.outcome for row in rows if row.outcome is not None and row.outcome.kind != "same"}
    pruned, failed = ended.values()
    assert (pruned.kind, failed.kind) == ("pruned", "failed")
    assert pruned.words == "pruned by hand" and "KeyError" in failed.words
    for number, outcome in ended.items():
        ledger = read_ledger(tmp_path / "short" / f"{number:04d}" / "run" / "ledger.jsonl")
        (written,) = [event for event in ledger if event["event"] == "verdict"]
        assert outcome.verdict is not None and outcome.verdict["verdict"] == written["verdict"]


def test_a_training_that_learns_nothing_is_not_healthy(tmp_path: Path) -> None:
    still = BASE.changed({"optimisation.rate": 1e-12, "optimisation.weight_decay": 0.0})
    found, _ = judged(tmp_path, still, "short")
    assert not found.healthy
    assert found.verdict is not None and found.verdict["findings"]


def test_a_search_of_real_trainings(tmp_path: Path) -> None:
    space = space_from_plain({"net": {"width": {"choices": [8, 16]}}, "locating": {"polish": {"choices": [0, 10]}}})
    settings = Settings(base=BASE, space=space, trials=2, epochs=1, best=1, long_epochs=2, scenes=SCENES)
    studies: Studies = new_studies(open_storage(tmp_path), "real", settings)
    work(studies, objective(), tmp_path, lambda line: None)
    results = results_of(studies, complete=True)
    write_results(tmp_path, studies, results)
    document = json.loads((tmp_path / "search.json").read_text(encoding="utf-8"))
    assert document["counts"]["short done"] + document["counts"].get("short unhealthy", 0) == 2
    best = results.best
    assert best is not None and best.recipe is not None
    ledger = read_ledger(tmp_path / "long" / f"{best.number:04d}" / "run" / "ledger.jsonl")
    ran = training_from_plain(next(event["experiment"] for event in ledger if event["event"] == "start"))
    assert training_from_toml(tmp_path / "best.toml") == ran == best.recipe.training
    assert training_from_toml(tmp_path / "long" / f"{best.number:04d}" / "experiment.toml") == ran
