"""Does `ris calibrate` lead from a scene file to a calibration that `ris locate` takes?"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from running import SMALL, Run

from ris_pytorch_pipeline.calibrate import Calibration, load_calibration, save_calibration
from ris_pytorch_pipeline.data import load_scenes, save_scenes
from ris_pytorch_pipeline.rng import stream


@pytest.fixture
def files(ris: Run) -> tuple[str, str]:
    """Scenes to learn from and others to locate, through a panel whose phases are off by 0.6 rad."""
    phase = 0.6 * torch.randn(36, generator=stream(0, "panel"), dtype=torch.float64)
    gains = torch.polar(torch.ones_like(phase), phase - phase.mean())
    for name, seed, scenes in (("learn", "1", "24"), ("new", "2", "20")):
        assert (
            ris("simulate", "raw", "--preset", "pilot", "--scenes", scenes, "--seed", seed, "--force", *SMALL).code == 0
        )
        file = load_scenes("raw")
        seen = replace(file.observation, channel=file.observation.channel / gains.to(torch.complex64))
        save_scenes(name, seen, file.truth)
    save_scenes("bare", load_scenes("learn").observation)
    return "learn", "new"


def rmse(ris: Run, *options: str) -> float:
    scenes = ris("locate", "new", "--scene", "all", "--sources", "1", "--json", *options).json["scenes"]
    errors = torch.tensor(
        [scene["sources"][0]["error"]["azimuth_deg"] if scene["sources"][0]["error"] else 10.0 for scene in scenes]
    )
    return float(errors.square().mean().sqrt())


def test_known_positions_and_blind(ris: Run, files: tuple[str, str]) -> None:
    done = ris("calibrate", "learn", "gains", "--json")
    assert done.code == 0, done.err
    said = done.json
    assert said["model"] == "elements" and not said["blind"] and said["scenes"] == 24
    assert said["explained_share"]["elements"] > said["explained_share"]["nominal"]
    assert any("common scale and phase" in sentence for sentence in said["unidentified"])
    blind = ris("calibrate", "bare", "blind", "--blind", "--sources", "1")
    assert blind.code == 0, blind.err
    assert "not identified: a phase linear over the array" in blind.out
    plain, known = rmse(ris), rmse(ris, "--calibration", "gains")
    assert known < 0.4 * plain


def test_positions_of_other_scenes_are_doubted(ris: Run, files: tuple[str, str]) -> None:
    """Azimuths of the wrong sign: gains are fitted all the same, and explain little of what they have not seen."""
    file = load_scenes("learn")
    assert file.truth is not None
    wrong = file.truth.positions * torch.tensor([-1.0, 1.0, 1.0], dtype=file.truth.positions.dtype)
    save_scenes("wrong", file.observation, replace(file.truth, positions=wrong))
    done = ris("calibrate", "wrong", "doubted")
    assert done.code == 0, done.err
    assert "doubt: the gains taken explain 0." in done.out and "a sign" in done.out
    told = ris("calibrate", "learn", "sound", "--json").json["doubts"]
    assert len(told) == 1 and "from 24 positions" in told[0] and "fewer than 29" in told[0]


def test_blind_gains_that_explain_less_are_doubted_and_not_written(ris: Run) -> None:
    """Phases drawn anew for each scene; what was learned is told apart from the earlier calibration it is joined to."""
    Path("own.toml").write_text('preset = "pilot"\n[scenario]\nimpairments = {phase_error_rad = 0.4}\n')
    assert ris("simulate", "anew", "--config", "own.toml", "--scenes", "12", *SMALL).code == 0
    array = load_scenes("anew").observation.array
    nominal = Calibration.nominal(array, load_scenes("anew").observation.channel.shape[-2])
    turned = replace(nominal, elements=nominal.elements * 1j)
    save_calibration("earlier", turned)
    done = ris("calibrate", "anew", "kept", "--blind", "--sources", "1", "--calibration", "earlier")
    assert done.code == 0, done.err
    assert "nominal (taken)" in done.out and "elements (taken)" not in done.out
    assert "doubt: gains of elements explain 0." in done.out
    torch.testing.assert_close(load_calibration("kept").elements, turned.elements)


def test_an_earlier_calibration_is_gone_on_from(ris: Run, files: tuple[str, str]) -> None:
    assert ris("calibrate", "learn", "first", "--model", "elements").code == 0
    again = ris("calibrate", "learn", "second", "--calibration", "first", "--json")
    assert again.code == 0, again.err
    assert set(again.json["explained_share"]) == {"nominal", "elements"}
    first, second = (load_calibration(Path(name)).elements for name in ("first", "second"))
    torch.testing.assert_close(second, first, rtol=0, atol=0.2)
    assert rmse(ris, "--calibration", "second") < 0.4 * rmse(ris)


def test_what_is_refused(ris: Run, files: tuple[str, str]) -> None:
    ris("calibrate", "bare", "out").refused("--blind")
    ris("calibrate", "learn", "out", "--folds", "0").refused("at least two parts", "folds = 0")
    ris("calibrate", "bare", "out", "--blind", "--folds", "1").refused("at least two parts", "folds = 1")
    ris("calibrate", "bare", "out", "--blind", "--model", "codes").refused("--model elements with --blind")
    ris("calibrate", "learn", "out", "--sources", "1").refused("--sources beside --blind")
    assert not Path("out").exists()
    ris("calibrate", "learn", "new").refused("which exists")
    ris("locate", "new", "--calibration", "learn").refused("ris-calibration")
    assert not Path("out").exists()
