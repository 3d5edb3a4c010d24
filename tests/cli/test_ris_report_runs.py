"""Does `ris report` make pages, figures and tables of trainings and searches, and name the extra that it lacks?"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from running import Run

from ris_pytorch_pipeline import report, search
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.cli.forms import reported
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.files import Format, sealed_document, unsealed_document
from ris_pytorch_pipeline.search import (
    Judged,
    Settings,
    Task,
    new_studies,
    open_storage,
    results_of,
    work,
    write_results,
)

EVALUATED = ("--methods", "hybrid,genie", "--sources", "1,2", "--snr-db", "10,20", "--scenes", "4")


@pytest.fixture(scope="module")
def evaluated(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a training, evaluated once."""
    folder = tmp_path_factory.mktemp("evaluated") / "run"
    shutil.copytree(run_folder, folder, ignore=shutil.ignore_patterns("evaluation"))
    assert main(["evaluate", str(folder), *EVALUATED]) == 0
    return folder


@pytest.fixture
def trained(ris: Run, evaluated: Path, tmp_path: Path) -> str:
    """A copy of it that a test may change."""
    shutil.copytree(evaluated, tmp_path / "run")
    return "run"


def of_width(task: Task, report: Any) -> Judged:
    value = abs(task.recipe.training.net.width - 30) / 10 + task.recipe.training.optimisation.rate
    if task.number == 2:
        raise ValueError("<b>no</b>")
    report(1, value)
    return Judged(value=value, epoch=1)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search whose objective trains nothing."""
    folder = tmp_path_factory.mktemp("searches") / "widths"
    studies = new_studies(open_storage(folder), folder.name, Settings(trials=9, epochs=1, best=0))
    work(studies, of_width, folder, say=lambda line: None)
    write_results(folder, studies, results_of(studies, complete=True))
    return folder


def page_at(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_training_has_a_page_beside_it(ris: Run, trained: str, tmp_path: Path) -> None:
    done = ris("report", trained)
    assert done.code == 0 and done.out == "page written to run/report.html\n", done
    page = page_at(tmp_path / "run" / "report.html")
    for words in ("Run run", "The training is ", "Loss by epoch", "K = 2, success", "RMSE (degrees)",
                  "ris diagnose run", "Does the stated", "MUSIC on R_pred", "scene 3 of K = 1"):  # fmt: skip
        assert words in page, words
    assert len(page.encode()) < 6_000_000
    same = ris("report", "run/ledger.jsonl", "--page", "other.html")
    assert same.code == 0 and page_at(tmp_path / "other.html") == page


def test_what_is_missing_is_said_and_the_rest_shown(ris: Run, run_folder: Path, trained: str, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "run" / "evaluation")
    assert ris("report", trained).code == 0
    assert "Not evaluated. <code>ris evaluate run</code>" in page_at(tmp_path / "run" / "report.html")
    assert ris("evaluate", trained, *EVALUATED).code == 0
    (tmp_path / "run" / "best.safetensors").write_bytes(b"damaged")
    assert ris("report", trained).code == 0
    page = page_at(tmp_path / "run" / "report.html")
    assert "Its scenes are not shown: wanted" in page and "K = 2, success" in page and 'id="scenes-' not in page
    ris("report", trained, "--latex", "tex")
    (tmp_path / "run" / "ledger.jsonl").write_text("no record\n")
    ris("report", trained).refused("JSON")


def test_scenes_of_an_evaluation_cut_short_are_not_shown_as_those_of_the_one_before(
    ris: Run, trained: str, tmp_path: Path
) -> None:
    cells = tmp_path / "run" / "evaluation" / "cells.json"
    before = cells.read_bytes()
    options = ("--methods", "hybrid,genie", "--sources", "2,1", "--snr-db", "10,20", "--scenes", "4")
    assert ris("evaluate", trained, *options).code == 0
    cells.write_bytes(before)  # as a kill before the new cells leaves it
    assert ris("report", trained).code == 0
    page = page_at(tmp_path / "run" / "report.html")
    assert "Its scenes are not shown: wanted the scenes that run/evaluation/cells.json was kept with" in page
    assert "K = 2, success" in page and "scene 3 of K = " not in page
    ris("report", trained, "--figures", "figures").refused("evaluation that did not come to its end")


@pytest.mark.filterwarnings("default:.* holds no digests of its scenes")
def test_an_evaluation_of_an_earlier_version_is_shown_with_a_word(ris: Run, trained: str, tmp_path: Path) -> None:
    cells, form = tmp_path / "run" / "evaluation" / "cells.json", Format("ris-evaluation", 1)
    values = unsealed_document(cells.read_bytes(), form, not_finite=True)
    assert len(values["digests"]) == 4
    cells.write_bytes(sealed_document(values | {"digests": values["digests"][:3]}, form, not_finite=True))
    ris("report", trained).refused("3 digests of 4 files of scenes")
    del values["digests"]
    cells.write_bytes(sealed_document(values, form, not_finite=True))
    done = ris("report", trained)
    assert done.code == 0 and "nothing vouches that scenes-1.safetensors and the others belong" in done.err
    assert "scene 3 of K = 1" in page_at(tmp_path / "run" / "report.html")


def test_a_search_is_left_as_it_is_by_what_reads_it(ris: Run, searched: Path, tmp_path: Path) -> None:
    folder = tmp_path / "widths"
    shutil.copytree(searched, folder)
    (folder / ".journal.jsonl.held").unlink()
    with (folder / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"op_code":4,"worker')
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    folder.chmod(0o555)
    assert ris("report", str(folder), "--page", "page.html").code == 0
    (folder / "journal.jsonl").chmod(0o444)
    assert ris("report", str(folder), "--page", "page.html").code == 0
    folder.chmod(0o755)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_trainings_and_searches_go_on_one_page(ris: Run, trained: str, searched: Path, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "run", tmp_path / "two" / "run")
    done = ris("report", "run", "two/run", str(searched))
    assert done.code == 0 and done.out == "page written to report.html\n", done
    page = page_at(tmp_path / "report.html")
    for words in ("Side by side", f"{tmp_path.name}/run", "two/run", "Their configurations are the same",
                  "Search widths"):  # fmt: skip
        assert words in page, words


def test_a_search_has_a_page_from_its_journal_or_its_results(ris: Run, searched: Path, tmp_path: Path) -> None:
    done = ris("report", str(searched / "journal.jsonl"), "--page", "journal.html")
    assert done.code == 0, done
    page = page_at(tmp_path / "journal.html")
    for words in ("The search is complete: 8 short done; 1 short failed.", "Importance of knobs", "net.width",
                  "&lt;b&gt;no&lt;/b&gt;", "best.toml", "Value by trial"):  # fmt: skip
        assert words in page, words
    assert "<b>no" not in page
    (tmp_path / "copy").mkdir()
    shutil.copy(searched / "search.json", tmp_path / "copy")
    assert ris("report", "copy").code == 0
    assert "Search copy" in page_at(tmp_path / "copy" / "report.html")
    document = json.loads((searched / "search.json").read_text())
    for name in ("seal", "schema", "version"):
        document.pop(name)
    form = Format("ris-search", 1)
    (tmp_path / "copy" / "search.json").write_bytes(sealed_document(document | {"trials": 3}, form))
    ris("report", "copy").refused("the results of a search", "trials = 3")
    (tmp_path / "copy" / "search.json").write_bytes(sealed_document(document, replace(form, version=9)))
    ris("report", "copy").refused("version 9, where ris-search version 1 is read")
    (tmp_path / "copy" / "search.json").write_text(json.dumps(document))
    ris("report", "copy").refused("another text than was written")
    (tmp_path / "copy" / "search.json").write_text("{")
    ris("report", "copy").refused("the results of a search")


def first_with(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    first, *rest = document["trials"]
    return document | {"trials": [first | changes, *rest]}


ODD = {
    "a field too many": (lambda d: d | {"mine": 1}, "mine too many"),
    "a field too few": (lambda d: {k: v for k, v in d.items() if k != "counts"}, "without counts"),
    "a text for a count": (lambda d: d | {"counts": {"short done": "8"}}, "counts"),
    "a best that is no trial": (lambda d: d | {"best": {"stage": "short", "trial": 99}}, "short trial 99"),
    "settings without a space": (lambda d: d | {"settings": {"trials": 9}}, "settings without base"),
    "a value of no knob": (lambda d: first_with(d, values={"mine": 1}), "which its space does not have"),
    "a report that is a list": (lambda d: first_with(d, reports={"1": [0]}), "reports"),
    "checks without names": (lambda d: d | {"preflight": {"checks": [{}], "findings": []}}, "preflight = "),
    "a verdict without codes": (
        lambda d: first_with(d, outcome=d["trials"][0]["outcome"] | {"verdict": {"verdict": "x", "findings": [3]}}),
        "lacks its word or codes",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_results_of_a_search_are_held_against_one_schema(searched: Path, tmp_path: Path, name: str) -> None:
    document = json.loads((searched / "search.json").read_text())
    for key in ("seal", "schema", "version"):
        document.pop(key)
    change, told = ODD[name]
    (tmp_path / "search.json").write_bytes(sealed_document(change(document), Format("ris-search", 1)))
    with pytest.raises(InputError, match=f"the results of a search.*{told}"):
        reported.search_at(tmp_path)


def test_an_error_of_our_own_is_not_called_a_file_of_another_version(
    searched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> NoReturn:
        raise KeyError("ours")

    monkeypatch.setattr(reported, "search_report", fails)
    with pytest.raises(KeyError, match="ours"):
        reported.search_at(searched)


def test_figures_and_tables_go_into_a_paper(ris: Run, trained: str, searched: Path, tmp_path: Path) -> None:
    done = ris("report", trained, str(searched), "--figures", "figures", "--as", "svg", "--latex", "tex")
    assert done.code == 0, done
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "run-evaluation-maps.svg", "run-evaluation.svg", "run-training.svg", "run-worst-scene.svg",
        "run-worst-spectrum.svg", "widths-history.svg",
    ]  # fmt: skip
    table = (tmp_path / "tex" / "run.tex").read_text()
    assert r"\begin{tabular}{lllrrrrr}" in table and "hybrid & 1 & 10 & " in table and "n = 4 scenes a cell" in table
    trials = (tmp_path / "tex" / "widths.tex").read_text()
    assert "stage & trial & state & value" in trials and "failed" in trials


def test_results_of_one_name_do_not_write_over_each_other(ris: Run, trained: str, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / trained, tmp_path / "other" / "run")
    done = ris("report", trained, "other/run", "--figures", "figures", "--as", "svg", "--latex", "tex")
    assert done.code == 0, done
    assert len(list((tmp_path / "figures").iterdir())) == 10 and len(list((tmp_path / "tex").iterdir())) == 2


def test_the_extra_of_pages_is_named(ris: Run, searched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(report, "report_page")
    monkeypatch.delitem(sys.modules, "ris_pytorch_pipeline.report.pages.templating")
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    ris("report", str(searched)).refused("pip install 'ris-pytorch-pipeline[report]'")


def test_a_search_without_optuna_is_shown_as_it_was_written(
    ris: Run, searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reported, "_of_journal", lambda folder: optuna_is_missing())
    monkeypatch.setattr(search, "importances_of", lambda *_: optuna_is_missing())
    assert ris("report", str(searched), "--page", "page.html").code == 0
    page = page_at(tmp_path / "page.html")
    assert "Not judged: wanted the package optuna" in page and "9" in page and "best.toml" in page
    (tmp_path / "one").mkdir()
    shutil.copy(searched / "journal.jsonl", tmp_path / "one")
    ris("report", "one").refused("pip install 'ris-pytorch-pipeline[search]'")


def optuna_is_missing() -> NoReturn:
    raise ConfigurationError("the package optuna", "none", "no extra", "pip install 'ris-pytorch-pipeline[search]'")


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_history_of_a_search_is_drawn(ris: Run, searched: Path, tmp_path: Path, kind: str) -> None:
    done = ris("report", str(searched), "--figures", "figures", "--as", kind)
    assert done.code == 0 and f"widths-history.{kind}" in done.out
    assert [path.name for path in (tmp_path / "figures").iterdir()] == [f"widths-history.{kind}"]
    assert (tmp_path / "figures" / f"widths-history.{kind}").stat().st_size > 1000


def test_a_search_without_a_value_has_no_history(ris: Run, tmp_path: Path) -> None:
    folder = tmp_path / "none"
    studies = new_studies(open_storage(folder), folder.name, Settings(trials=1, epochs=1, best=0))
    write_results(folder, studies, results_of(studies, complete=False))
    ris("report", "none", "--figures", "figures").refused("a trial that has a value", "--resume")
