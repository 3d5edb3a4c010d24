"""Does `ris demo` train, compare and write one page that needs nothing beside it, and go on after an interruption?"""

import re
import sys
from pathlib import Path

import pytest
from running import NETWORK, Run

from ris_pytorch_pipeline import report
from ris_pytorch_pipeline.cli.commands import demo


@pytest.fixture
def options(tmp_path: Path) -> tuple[str, ...]:
    """A demonstration of two updates on a small panel."""
    (tmp_path / "net.toml").write_text(NETWORK, encoding="utf-8")
    return ("demo", "--out", "here/demo", "--scenes", "4", "--config", "net.toml")


def test_the_demonstration(ris: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    done = ris(*options)
    assert done.code == 0, done.err
    folder = tmp_path / "here" / "demo"
    assert {path.name for path in folder.iterdir()} == {"run", "scene.safetensors", "report.html"}
    for word in (
        "preflight: 17 of 17 checks passed",
        "Epoch 001/001",
        "hybrid-raw",
        "NMSE of R_pred",
        "scene 0, hybrid (candidates that explain) + search below 0.7",
        "Verdict: healthy",
    ):
        assert word in done.out
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|img|link)[^>]* (src|href)=\"(?!data:)", page), "nothing is loaded from elsewhere"
    for word in ("unseen scenes", "hybrid-raw", "sml", "The training is healthy", "ris evaluate here/demo/run",
                 "Loss by epoch", "scene 0 of K = 1..2", "ris demo, in"):  # fmt: skip
        assert word in page, word
    located = ris("locate", "here/demo/scene.safetensors", "--model", "here/demo/run", "--sources", "2")
    assert located.code == 0, located.err


def test_it_goes_on_after_an_interruption(
    ris: Run, tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(demo, "_epochs_alone", _interrupted)
        assert ris(*options).code == 130
    assert not (tmp_path / "here" / "demo" / "report.html").exists()
    done = ris(*options)
    assert done.code == 0 and "going on with the training" in done.out
    again = ris(*options)
    assert again.code == 0 and "Epoch" not in again.out, "what is trained is not trained again"
    other = ris(*options, "--seed", "5")
    assert other.code == 2 and "wanted the experiment of the checkpoint; got seed: 0, 5" in other.err


def test_a_network_is_shown_without_training(ris: Run, tmp_path: Path) -> None:
    done = ris("demo", "--model", "reference", "--out", "shown", "--scenes", "2")
    assert done.code == 0, done.err
    assert {path.name for path in (tmp_path / "shown").iterdir()} == {"evaluation", "scene.safetensors", "report.html"}
    page = (tmp_path / "shown" / "report.html").read_text(encoding="utf-8")
    assert "ris locate shown/scene.safetensors --model reference" in page and "ris diagnose" not in page


def test_the_extra_is_missed_before_anything_is_trained(
    ris: Run, tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(report, "report_page")
    monkeypatch.delitem(sys.modules, "ris_pytorch_pipeline.report.pages.templating")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    ris(*options).refused("jinja2 and plotly", "pip install 'ris-pytorch-pipeline[report]'")
    assert not (tmp_path / "here").exists()


def _interrupted(line: str) -> None:
    if line.startswith("Epoch"):
        raise KeyboardInterrupt


def test_a_folder_that_cannot_be_made(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ris("demo", "--out", "file/demo").refused("a folder to write to")
    ris("demo", "--epochs", "0").refused("epochs >= 1")
    ris("demo", "--scenes", "0").refused("at least one scene", "--scenes 200")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
