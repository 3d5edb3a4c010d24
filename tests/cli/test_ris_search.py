"""`ris search`, as a user runs it: begun, resumed, with two workers, and what it refuses."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from running import NETWORK, Run

from ris_pytorch_pipeline import __version__
from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.cli.commands.search import settings_of
from ris_pytorch_pipeline.experiment import training_preset

SPACE = """
[optimisation]
rate = {low = 5e-4, high = 2e-3, log = true}
[locating]
polish = {choices = [5, 10]}
"""
SOON = ("--config", "net.toml", "--space", "space.toml", "--epochs", "1", "--scenes", "6", "--best", "1")


@pytest.fixture
def folder(ris: Run) -> Path:
    """The empty folder that `ris` runs in, with a configuration and a space."""
    Path("net.toml").write_text(NETWORK.replace("epochs = 1", "epochs = 2"), encoding="utf-8")
    Path("space.toml").write_text(SPACE, encoding="utf-8")
    return Path()


@pytest.mark.usefixtures("quick_python")
def test_a_search_is_begun_resumed_and_its_best_trained(ris: Run, folder: Path) -> None:
    begun = ris("search", "found", "--trials", "2", *SOON)
    assert begun.code == 0, begun
    assert begun.out.startswith("preflight: 17 of 17 checks passed\n")
    assert "long trial 0: " in begun.out and "train it with: ris train RUN --config found/best.toml" in begun.out
    assert "on 6 held-out scenes: " in begun.out
    ris("search", "found", *SOON).refused("one named 'found'", "pass --resume")
    resumed = ris("search", "found", "--resume", "--trials", "3", "--workers", "2", "--json")
    assert resumed.code == 0, resumed
    document = resumed.json
    assert document["complete"]
    kept = json.loads(Path("found", "search.json").read_text(encoding="utf-8"))
    assert kept["source"]["package"] == __version__ and kept["source"]["code"]
    assert {check["passed"] for check in kept["preflight"]["checks"]} == {True} and not kept["preflight"]["findings"]
    short = [trial for trial in document["trials"] if trial["stage"] == "short" and trial["outcome"]["kind"] != "same"]
    assert len(short) == 3
    assert all(trial["outcome"]["verdict"]["verdict"] for trial in short)
    assert set(document["locating"]) == {"proposals", "beta", "polish", "doubt"}
    assert ris("train", "run", "--config", "found/best.toml", "--quiet", "--no-preflight").code == 0


@pytest.mark.usefixtures("quick_workers")
def test_workers_of_a_cluster_join_a_search(ris: Run, folder: Path) -> None:
    found = ris("search", "found", "--trials", "2", "--cluster", "2", "--json", *SOON)
    assert found.code == 0, found
    assert found.json["complete"] and len(list(Path("found", "workers").iterdir())) <= 2
    short = [trial["outcome"]["kind"] for trial in found.json["trials"] if trial["stage"] == "short"]
    assert sum(kind in {"done", "pruned"} for kind in short) == 2
    nobody = ris("search", "other", "--cluster", "tcp://127.0.0.1:1", *SOON)
    assert nobody.code == 2 and "--workers N beside --cluster" in nobody.err and not Path("other").exists()


def test_a_base_that_ris_train_refuses_is_not_searched(ris: Run, folder: Path) -> None:
    """Without a weight for the source count, half of the head has no gradient."""
    network = Path("net.toml").read_text(encoding="utf-8")
    Path("net.toml").write_text(network + "[loss]\norder = 0.0\n", encoding="utf-8")
    refused = ris("search", "blind", "--trials", "1", *SOON)
    assert refused.code == 1 and "nothing was written; --no-preflight" in refused.err
    assert "FAIL  backward" in refused.out and "RT122 no-gradient" in refused.out
    alone = ris("search", "blind", "--trials", "1", *SOON, "--json")
    assert alone.code == 1 and not all(line["passed"] for line in alone.json["lines"])
    assert not Path("blind").exists()
    assert settings_of(parse(["search", "blind", "--no-preflight", *SOON])).base.training.loss.order == 0.0


def test_a_space_is_printed_to_begin_from(ris: Run) -> None:
    printed = ris("search", "--print-space", "--space", "wide")
    assert printed.code == 0
    assert tomllib.loads(printed.out)["optimisation"]["rate"] == {"low": 3e-4, "high": 3e-2, "log": True}


def test_stages_follow_the_preset() -> None:
    settings = settings_of(parse(["search", "x"]))
    assert (settings.trials, settings.epochs, settings.best, settings.long_epochs) == (12, 4, 3, 12)
    assert settings.base.training == training_preset("tiny")
    options = ("--long-epochs", "6", "--seed", "7", "--polish", "3", "--n-train", "64")
    changed = settings_of(parse(["search", "x", *options]))
    assert (changed.epochs, changed.base.training.plan.epochs, changed.seed) == (2, 6, 7)
    assert changed.base.locating.polish == 3
    assert changed.base.training.plan.n_train == 64


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "a folder for the search"),
        (("x", "--space", "smal"), "did you mean 'small'"),
        (("x", "--space", "none.toml"), "none.toml"),
        (("x", "--trials", "0"), "trials >= 1"),
        (("x", "--workers", "0"), "--workers"),
        (("x", "--polish", "-1"), "polish >= 0"),
        (("x", "--resume"), "to resume"),
        (("x", "--resume", "--epochs", "3"), "leave out --epochs"),
        (("x", "--storage", "trials.db"), "the URL of a database"),
        (("x", "--space", "idle.toml"), "in place of net.most_sources"),
        (("x", "--preset", "tinny"), "'tiny'"),
        (("net.toml",), "a folder"),
    ],
    ids=str,
)
def test_what_cannot_be_searched_is_refused(ris: Run, folder: Path, options: tuple[str, ...], words: str) -> None:
    Path("idle.toml").write_text("[net]\nmost_sources = {choices = [2, 3]}\n", encoding="utf-8")
    ris("search", *options).refused(words)
    assert not list(folder.rglob("experiment.toml"))


def test_without_the_extra_it_says_what_to_install(ris: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[:2] == ["ris_pytorch_pipeline", "search"]]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "ris_pytorch_pipeline.cli.commands.search")
    monkeypatch.setitem(sys.modules, "optuna", None)
    ris("search", "x").refused("pip install 'ris-pytorch-pipeline[search]'")


def test_a_folder_is_searched_by_one_command_at_a_time(ris: Run, folder: Path) -> None:
    from ris_pytorch_pipeline.files import Lock

    Path("busy").mkdir()
    with Lock(Path("busy")):
        ris("search", "busy", *SOON).refused("another run in the same folder")
