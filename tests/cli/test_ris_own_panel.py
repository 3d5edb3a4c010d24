"""Do `ris doctor`, `overfit`, `search` and `demo` draw their scenes behind one's own panel, and refuse another one?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from running import NETWORK, Run

from ris_pytorch_pipeline.bench import calibrated_scenes
from ris_pytorch_pipeline.calibrate import load_calibration
from ris_pytorch_pipeline.cli.options.scenes.hardware import calibration_name
from ris_pytorch_pipeline.data import load_scenes
from ris_pytorch_pipeline.experiment import training_from_toml
from ris_pytorch_pipeline.files import sealed_document, unsealed_document
from ris_pytorch_pipeline.search import FixedScenes
from ris_pytorch_pipeline.search.kept.names import RESULTS_FORM
from ris_pytorch_pipeline.search.settings import settings_from_plain
from ris_pytorch_pipeline.train import overfit, read_ledger, scenes_behind

SPACE = "[locating]\npolish = {choices = [0, 1]}\n"
NET = ("--config", "net.toml")
SEARCH = ("search", "found", *NET, "--space", "space.toml", "--scenes", "2", "--best", "1", "--trials", "1")
OTHER_PANEL = NETWORK.replace("horizontal = 6", "horizontal = 7")


@pytest.mark.parametrize(
    "command", [("doctor",), ("overfit", "--scenes", "16"), ("demo", "--out", "shown"), SEARCH[:2]]
)
def test_a_panel_of_other_elements_is_refused_before_anything_is_written(
    ris: Run, panel: str, command: tuple[str, ...]
) -> None:
    Path("net.toml").write_text(OTHER_PANEL, encoding="utf-8")
    before = set(Path().iterdir())
    ris(*command, *NET, "--calibration", panel).refused("a calibration of other hardware")
    ris(*command, *NET, "--calibration", "gone").refused("gone")
    assert set(Path().iterdir()) == before


def test_the_doctor_checks_the_scenes_of_the_panel(ris: Run, panel: str) -> None:
    behind, nominal = ris("doctor", *NET, "--calibration", panel, "--json"), ris("doctor", *NET, "--json")
    assert behind.code == nominal.code == 0
    assert behind.json != nominal.json  # losses and rates of other scenes


@pytest.mark.parametrize("words", [("--scenes", "16", "--epochs", "1"), ("--one-batch", "1")])
def test_scenes_of_the_panel_are_learned_by_heart(ris: Run, panel: str, words: tuple[str, ...]) -> None:
    found = ris("overfit", *NET, *words, "--calibration", panel, "--json").json
    training = training_from_toml(Path("net.toml"))
    data = scenes_behind(load_calibration(panel).hardware(told=True), panel)
    assert found["nmse_first"] == overfit(training, 16, data=data).nmse_first
    assert found["nmse_first"] != overfit(training, 16).nmse_first


def test_fixed_scenes_of_a_search_are_those_of_the_panel(panel: str) -> None:
    scenario, gains = training_from_toml(Path("net.toml")).scenario, load_calibration(panel)
    behind = FixedScenes(scenario, 2, 0, "validation", hardware=gains.hardware(told=True)).blocks[0].scenes
    nominal = FixedScenes(scenario, 2, 0, "validation").blocks[0].scenes
    assert torch.allclose(behind.truth.positions, nominal.truth.positions, rtol=0.0, equal_nan=True)
    wanted = gains.applied(nominal.observation)
    assert torch.allclose(behind.observation.codes, wanted.codes)
    assert torch.allclose(behind.observation.channel, wanted.channel)
    assert not torch.allclose(behind.observation.measurements, nominal.observation.measurements, rtol=1e-2)


@pytest.mark.usefixtures("quick_python")
def test_a_search_behind_a_panel_keeps_its_name_and_goes_on_behind_no_other(ris: Run, panel: str) -> None:
    Path("space.toml").write_text(SPACE, encoding="utf-8")
    begun = ris(*SEARCH, "--calibration", panel)
    assert begun.code == 0, begun
    assert "train it with: ris train RUN --config found/best.toml --calibration panel\n" in begun.out
    name = calibration_name(Path(panel))
    kept = Path("found/search.json").read_text(encoding="utf-8")
    assert json.loads(kept)["settings"]["calibration"] == name
    best = Path("found/best.toml").read_text(encoding="utf-8")
    assert f"# It learned behind calibration {name}: pass it to `ris train`." in best
    (ledger, *_) = Path("found").rglob("ledger.jsonl")
    assert read_ledger(ledger)[0]["data"].endswith(f"behind calibration {name}")
    on = ("search", "found", "--resume", "--trials", "2")
    ris(*on).refused(f"began with: calibration {name}", "got no calibration")
    ris(*on, "--calibration", "other").refused("got calibration other@", "the same file")
    assert Path("found/search.json").read_text(encoding="utf-8") == kept
    resumed = ris(*on, "--workers", "2", "--calibration", panel)
    assert resumed.code == 0, resumed
    train = ("train", "run", "--config", "found/best.toml", "--calibration", panel, "--no-preflight", "--quiet")
    assert ris(*train).code == 0
    assert ris("report", "found", "--page", "page.html").code == 0


def test_a_search_that_an_older_version_began_was_behind_a_nominal_panel(ris: Run, panel: str) -> None:
    Path("space.toml").write_text(SPACE, encoding="utf-8")
    assert ris(*SEARCH, "--no-preflight").code == 0
    ris("search", "found", "--resume", "--calibration", panel).refused("began with: no calibration")
    kept = Path("found/search.json")
    document = unsealed_document(kept.read_bytes(), RESULTS_FORM)
    older = {name: value for name, value in document["settings"].items() if name != "calibration"}
    plain = {name: value for name, value in older.items() if name != "trials"}
    assert settings_from_plain(plain, older["trials"]).calibration is None
    kept.write_bytes(sealed_document(document | {"settings": older}, RESULTS_FORM))
    assert ris("report", "found").code == 0


def test_a_demonstration_behind_a_panel_goes_on_behind_no_other(ris: Run, panel: str) -> None:
    shown = ris("demo", *NET, "--out", "shown", "--scenes", "2", "--calibration", panel)
    assert shown.code in (0, 1), shown
    name = calibration_name(Path(panel))
    assert f"2 unseen scenes a cell behind {name}, seed 0" in shown.out
    training = training_from_toml(Path("net.toml"))
    drawn = calibrated_scenes(load_calibration(panel))(
        replace(training.scenario, sources=2, snr_db=10.0), 1, training.seed, 0
    )
    kept = load_scenes("shown/scene.safetensors").observation
    assert torch.allclose(kept.measurements, drawn.observation.measurements.to(kept.measurements.dtype))
    ris("locate", "shown/scene.safetensors", "--calibration", panel).refused(f"scenes told of {name}")  # once is enough
    ris("demo", *NET, "--out", "shown", "--scenes", "2").refused(f"began with: calibration {name}")
    page = Path("shown/report.html").read_text(encoding="utf-8")
    assert f"--snr-db 5,10,20 --calibration {panel}" in page
    again = ris("demo", "--model", "shown/run", "--out", "again", "--scenes", "2", "--calibration", panel)
    assert again.code == 0 and f"2 unseen scenes a cell behind {name}, seed 0" in again.out
