"""Does `ris simulate --calibration` write the scenes that one's own panel would measure, and say so?"""

import json
import re
from pathlib import Path

import pytest
import torch
from running import SMALL, Run, hardware

from ris_pytorch_pipeline.calibrate import save_calibration
from ris_pytorch_pipeline.cli import memory
from ris_pytorch_pipeline.cli.arguments import build
from ris_pytorch_pipeline.cli.options.scenes.held_out import drawer_of
from ris_pytorch_pipeline.data import SceneSource, config_digest, load_scenes, open_shards
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.experiment import TrainingExperiment
from ris_pytorch_pipeline.experiment.optimisation import Plan
from ris_pytorch_pipeline.files import read_tensors
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.train import shard_scenes

PILOTS = (*SMALL, "--preset", "pilot")
DRAW = (
    "simulate",
    "--shards",
    "s",
    "--split",
    "train=8",
    "val=4",
    "--batch",
    "4",
    "--per-shard",
    "8",
    *PILOTS,
    "--calibration",
)


@pytest.fixture
def panel() -> str:
    """The hardware in a file, as `ris calibrate` writes it."""
    save_calibration("panel", hardware())
    return "panel"


def drawn(ris: Run, name: str, *words: str) -> str:
    done = ris("simulate", name, "--json", *PILOTS, *words)
    assert done.code == 0, done.err
    return name


def located(ris: Run, *words: str) -> tuple[list[str], list[float], float]:
    """Statuses and azimuths of the scenes of a file, one source each, and the share of scenes that succeeded."""
    done = ris("locate", *words, "--scene", "all", "--sources", "1", "--json")
    assert done.code == 0, done.err
    scenes, success = done.json["scenes"], done.json["summary"]["success"]
    azimuths = [each["sources"][0]["azimuth_deg"] for each in scenes]
    return [each["status"].split(":")[0] for each in scenes], azimuths, success


def test_from_a_measured_panel_to_scenes_that_are_told_of_it_or_not(ris: Run) -> None:
    panel = "panel"
    save_calibration(panel, hardware())
    drawn(ris, "measured", "--scenes", "30", "--calibration", panel, "--untold")
    assert ris("calibrate", "measured", "gains").code == 0
    again = ("--scenes", "4", "--seed", "5", "--calibration", "gains")
    told, untold = drawn(ris, "told", *again), drawn(ris, "untold", *again, "--untold")
    right, places, success = located(ris, told)
    assert right == ["converged"] * 4 and success == 1
    wrong, _, fewer = located(ris, untold)
    assert "converged" not in wrong and wrong.count("misfit") > 2 and fewer < 1
    mended, same, success = located(ris, untold, "--calibration", "gains")
    assert mended == right and same == pytest.approx(places, abs=1e-3) and success == 1


@pytest.mark.parametrize("command", [("locate", "told"), ("check", "told"), ("calibrate", "told", "gains")])
def test_scenes_that_are_told_take_no_calibration_on_top(ris: Run, panel: str, command: tuple[str, ...]) -> None:
    drawn(ris, "told", "--scenes", "3", "--calibration", panel)
    ris(*command, "--calibration", panel).refused("scenes told of panel@", "leave --calibration out here")
    assert not Path("gains").exists()


def test_shards_that_are_told_take_no_calibration_on_top(ris: Run, panel: str) -> None:
    assert ris(*DRAW, panel).code == 0
    with pytest.raises(InputError, match="scenes told of panel@"):
        drawer_of(open_shards("s"), hardware())


def test_the_file_has_the_measurements_of_the_hardware_and_names_it(ris: Run, panel: str) -> None:
    words = ("--scenes", "3", "--calibration", panel)
    told, untold = drawn(ris, "told", *words), drawn(ris, "untold", *words, "--untold")
    real, hidden, nominal = (load_scenes(name) for name in (told, untold, drawn(ris, "nominal", "--scenes", "3")))
    assert real.truth is not None and hidden.truth is not None and nominal.truth is not None
    torch.testing.assert_close(real.observation.channel, hardware().applied(nominal.observation).channel)
    assert torch.equal(hidden.observation.channel, nominal.observation.channel)
    assert torch.equal(hidden.truth.applied_channel, real.observation.channel)
    assert torch.equal(hidden.observation.measurements, real.observation.measurements)
    assert not torch.allclose(hidden.observation.measurements, nominal.observation.measurements, rtol=0.1)
    assert torch.equal(hidden.truth.positions, nominal.truth.positions)
    torch.testing.assert_close(hidden.truth.source_snr_db, nominal.truth.source_snr_db)
    with read_tensors(Path(told)) as file:
        assert not [name for name in file.names if name.startswith("truth.applied")]
    for header, is_told in ((real.header, True), (hidden.header, False)):
        assert header.config is not None and nominal.header.config is not None
        behind = header.config["behind"]
        assert behind["told"] is is_told and behind["calibration"].startswith("panel@")
        assert header.note == f"simulated behind {behind['calibration']}{'' if is_told else ', untold'}"
        assert header.digest == config_digest(header.config)
        assert {**header.config, "behind": None} == {**nominal.header.config, "behind": None}
    assert nominal.header.note == "simulated" and len({x.header.digest for x in (real, hidden, nominal)}) == 3
    said = ris("simulate", "said", *PILOTS, *words, "--untold").out.splitlines()
    assert said[0].startswith("3 scenes of 1 to 1 sources behind panel@") and ", untold in said (" in said[0]
    assert said[2].removeprefix("configuration ") == hidden.header.digest


def test_what_does_not_fit_is_refused_and_nothing_is_written(ris: Run, panel: str) -> None:
    ris("simulate", "x", *PILOTS, "--untold").refused("--calibration beside --untold")
    behind = ("--calibration", panel)
    for other in (("--horizontal", "5"), ("--antennas", "7")):
        for form in (("x", "--scenes", "2"), ("--shards", "x", "--split", "train=4", "--batch", "4")):
            ris("simulate", *form, *PILOTS, *other, *behind).refused("calibration of other hardware")
    ris("simulate", "x", *PILOTS, "--wavelength", "0.2", "--spacing", "0.15", *behind).refused("another frequency")
    ris("simulate", "x", *PILOTS, "--calibration", "none").refused("none", "check the path")
    before = Path(panel).read_bytes()
    ris("simulate", panel, "--force", *PILOTS, *behind).refused("which is read")
    assert Path(panel).read_bytes() == before and [path.name for path in Path().iterdir()] == [panel]


def test_the_help_shows_a_command_that_runs(ris: Run, panel: str) -> None:
    text = " ".join(build()[1]["simulate"].format_help().split())
    (shown,) = re.findall(r"; or: ris (simulate own\.safetensors .* --untold)", text)
    small = ris(*shown.replace("gains.safetensors", panel).split(), *SMALL, "--scenes", "2")
    assert small.code == 0 and "2 scenes of 1 to 1 sources behind panel@" in small.out, small.err


def test_space_and_memory_are_asked_for_before_the_calibration_is_read(
    ris: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("there").write_text("precious")
    ris("simulate", "there", *PILOTS, "--calibration", "none").refused("which exists")
    monkeypatch.setattr(memory, "free_bytes", lambda: 10**6)
    ris("simulate", "x", *PILOTS, "--scenes", "10000", "--calibration", "none").refused("10000 scenes in one file")


def test_shards_are_drawn_behind_the_hardware_and_go_on_with_no_other(ris: Run, panel: str) -> None:
    assert "12 scenes behind panel@" in ris(*DRAW, panel, "--untold").out
    held = open_shards("s").scenes("train", 0, 8)
    seen, real = held.observation, hardware().applied(held.observation)
    torch.testing.assert_close(held.truth.applied_channel, real.channel)
    assert not torch.allclose(seen.channel, real.channel, rtol=0.1)
    config = json.loads(Path("s/manifest.json").read_text())["config"]
    assert load_scenes("s/train-00000.safetensors").header.config == {**config, "split": "train", "shard": 0}
    assert config["behind"]["told"] is False and config["behind"]["calibration"].startswith("panel@")
    again = ris(*DRAW, panel, "--untold", "--json").json
    assert (again["kept"], again["written"]) == (2, 0)
    ris(*DRAW, panel).refused("behind.told: False, True")
    ris(*DRAW[:-1]).refused("behind: {'calibration': 'panel@", "None (there, asked for)")
    save_calibration("other", hardware())
    ris(*DRAW, "other", "--untold").refused("behind.calibration: panel@", "other@")
    assert open_shards("s").manifest.digest == again["digest"]


def test_a_training_from_such_shards_names_the_hardware(ris: Run, panel: str) -> None:
    assert ris(*DRAW, panel).code == 0
    scenario = preset("pilot", horizontal=6, vertical=6, antennas=8, snapshots=8, sources=1, snr_db=20.0)
    plan = Plan(epochs=1, n_train=8, n_val=4, batch=4, fresh=False)
    data = shard_scenes("s")(TrainingExperiment(scenario=scenario, plan=plan))
    assert f"shards of s behind {open_shards('s').manifest.config['behind']['calibration']}, manifest" in data.note
    real = hardware().hardware(told=True)
    fresh = SceneSource(scenario=scenario, split="validation", seed=0, scenes=4, batch=4, hardware=real)
    assert torch.equal(data.validation[0][0].observation.channel, fresh[0][0].observation.channel)
    assert torch.equal(data.validation[0][0].images, fresh[0][0].images)
