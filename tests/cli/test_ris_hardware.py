"""Are drawn scenes behind a calibration those of the real hardware, and what does it cost not to be told of it?"""

from pathlib import Path

import pytest
import torch
from running import SMALL, SMALL_TOML, Run, hardware

from ris_pytorch_pipeline.bench import calibrated_scenes, cell_scenes
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.calibrate import Calibration, save_calibration
from ris_pytorch_pipeline.data import config_digest
from ris_pytorch_pipeline.physics import Scenario, measure, preset, steering

GEOMETRY = {"horizontal": 6, "vertical": 6, "antennas": 8, "snapshots": 8, "sources": 1, "snr_db": 20.0}
WORDS = (*SMALL, "--symbols", "pilot", "--scenes", "20", "--methods", "pilot", "--json")


@pytest.fixture
def gains(tmp_path: Path) -> str:
    """The calibration in a file."""
    save_calibration(tmp_path / "gains", hardware())
    return "gains"


def test_measurements_are_those_of_the_hardware_and_the_bound_is_its() -> None:
    real, scenario = hardware(), preset("pilot", **GEOMETRY)
    told, untold = (calibrated_scenes(real, told=told)(scenario, 4, 0, 0) for told in (True, False))
    nominal = cell_scenes(scenario, 4, 0, 0)
    truth, seen = untold.truth, untold.observation
    channel = real.antennas[0, :, None] * nominal.observation.channel * real.elements[0]
    clean = measure(steering(truth.positions, seen.array), truth.symbols, seen.codes, channel)
    noise = (seen.measurements - clean).abs().square().mean(dim=(-1, -2))
    assert torch.allclose(noise, truth.noise_variance, rtol=0.6)
    assert torch.equal(seen.channel, nominal.observation.channel) and torch.equal(seen.codes, nominal.observation.codes)
    torch.testing.assert_close(told.observation.channel, channel)
    assert torch.equal(told.observation.measurements, seen.measurements)
    torch.testing.assert_close(truth.snr_db, nominal.truth.snr_db)
    torch.testing.assert_close(truth.source_snr_db[:, 0], truth.snr_db)
    torch.testing.assert_close(scene_bound(told).azimuth, scene_bound(untold).azimuth)
    assert not torch.allclose(scene_bound(told).azimuth, scene_bound(nominal).azimuth, rtol=1e-3)


def test_a_bench_shows_what_the_calibration_is_worth(ris: Run, gains: str) -> None:
    told = ris("bench", *WORDS, "--calibration", gains).json
    untold = ris("bench", *WORDS, "--calibration", gains, "--untold").json
    (good,), (poor,) = told["cells"], untold["cells"]
    assert good["success"] == 1 and good["rmse_over_crb"]["azimuth"] < 1.5
    assert poor["success"] < 1 or poor["rmse_over_crb"]["azimuth"] > 2
    assert told["config"]["bench"]["calibration"].startswith("gains@") and told["digest"] != untold["digest"]
    assert config_digest(told["config"]) == told["digest"]


SUITE = f"""
scenes = 20
{SMALL_TOML}symbols = "pilot"
[sweeps.told]
methods = ["pilot"]
calibration = "gains"
[sweeps.untold]
methods = ["pilot"]
calibration = "gains"
untold = true
[sweeps.nominal]
methods = ["pilot"]
"""


def test_a_suite_has_the_numbers_of_the_bench_behind_the_same_hardware(ris: Run, gains: str) -> None:
    pytest.importorskip("pyarrow")
    Path("suite.toml").write_text(SUITE)
    done = ris("bench", "suite.toml", "--out", "kept", "--json").json
    words = {"told": ("--calibration", gains), "untold": ("--calibration", gains, "--untold"), "nominal": ()}
    for cell in done["cells"]:
        (alone,) = ris("bench", *WORDS, *words[cell["sweep"]]).json["cells"]
        assert alone["success"] == cell["success"]
        assert alone["rmse_over_crb"]["azimuth"] == cell["rmse_over_crb_azimuth"]
    save_calibration(Path("gains"), Calibration.nominal(hardware().array, antennas=8), overwrite=True)
    ris("bench", "suite.toml", "--out", "kept", "--resume").refused("the suite that the folder was begun with")


def test_a_suite_behind_unfit_hardware_is_refused_before_its_first_cell(ris: Run, gains: str) -> None:
    pytest.importorskip("pyarrow")
    Path("alone.toml").write_text(SUITE.replace('calibration = "gains"\nuntold', "untold"))
    ris("bench", "alone.toml", "--out", "kept").refused("calibration beside sweeps.untold.untold")
    Path("other.toml").write_text(SUITE.replace("horizontal = 6", "horizontal = 5"))
    ris("bench", "other.toml", "--out", "kept").refused("calibration of other hardware")
    Path("none.toml").write_text(SUITE.replace('"gains"', '"none"'))
    ris("bench", "none.toml", "--out", "kept").refused("none", "check the path")
    assert not Path("kept").exists() and Path(gains).exists()


def test_the_bound_is_that_of_the_hardware(ris: Run, gains: str) -> None:
    command = ("bound", "--scenes", "5", "--json", *SMALL)
    nominal, real = ris(*command).json, ris(*command, "--calibration", gains).json
    assert real["calibration"].startswith("gains@") and "calibration" not in nominal
    assert real["azimuth_deg"]["median"] == pytest.approx(nominal["azimuth_deg"]["median"], rel=0.5)
    assert real["azimuth_deg"]["median"] != nominal["azimuth_deg"]["median"]


def test_a_network_is_evaluated_behind_the_hardware(ris: Run, gains: str, run_folder: Path) -> None:
    words = ("--scenes", "4", "--sources", "1", "--methods", "sml,genie", "--calibration", gains)
    command = ("evaluate", str(run_folder), *words)
    assert "4 unseen scenes a cell behind gains@" in ris(*command).out
    assert ", untold, seed 0" in ris(*command, "--untold").out


def test_what_does_not_go_together(ris: Run, gains: str) -> None:
    ris("bench", "--untold").refused("--calibration beside --untold", "nominal hardware")
    ris("bench", "--calibration", gains, "--horizontal", "5", "--scenes", "2").refused("calibration of other hardware")
    ris("bound", "--calibration", "none").refused("none")
    Path("suite.toml").write_text('[sweeps.one]\nmethods = ["sml"]\n')
    pytest.importorskip("pyarrow")
    ris("bench", "suite.toml", "--calibration", gains).refused("a suite alone", "--calibration")


def test_learned_codes_are_those_of_the_scenario() -> None:
    scenario = Scenario(**GEOMETRY, codes="dft")
    nominal = cell_scenes(scenario, 1, 0, 0).observation
    intended = nominal.codes[0]
    turned = intended * torch.polar(torch.ones(36).double(), torch.linspace(0, 1, 36).double())
    real = Calibration(**{**vars(Calibration.nominal(nominal.array, 8)), "codes": turned[None], "intended": intended})
    drawn = calibrated_scenes(real)(scenario, 2, 0, 0)
    torch.testing.assert_close(drawn.observation.codes, turned.expand(2, -1, -1))
    torch.testing.assert_close(drawn.truth.applied_codes, turned.expand(2, -1, -1))
