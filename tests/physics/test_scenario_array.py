"""Does a scenario draw from any array, tell it by its numbers, and refuse two descriptions of one?"""

import math
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Experiment, experiment_from_toml, resolve, to_toml
from ris_pytorch_pipeline.experiment.stored_arrays import keep_array
from ris_pytorch_pipeline.experiment.strict import plain
from ris_pytorch_pipeline.physics import (
    ARRAYS,
    Array,
    Line,
    Panel,
    Points,
    Pose,
    Scenario,
    bent,
    draw,
    measure,
    preset,
    scenario_array,
    steering,
    to_cosines,
    toward,
)
from ris_pytorch_pipeline.rng import stream

AROUND = (-180.0, 180.0)


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    """Arrays that a test names are forgotten after it."""
    before = dict(ARRAYS)
    yield
    ARRAYS.clear()
    ARRAYS.update(before)


def scattered(elements: int = 20, **how: object) -> Array:
    """Elements anywhere in a ball of a metre."""
    places = torch.rand((elements, 3), generator=torch.Generator().manual_seed(3), dtype=torch.float64) - 0.5
    return Points(places, 0.3, **how)


ANY = {
    "points": scattered(),
    "line": Line(count=9, spacing=0.15).array(0.3),
    "cylinder": Points(bent(Panel(horizontal=8, vertical=3, spacing=0.15), math.pi), 0.3),
    "wideband": Points(scattered(12).elements, (0.3, 0.31, 0.35)),
    "aside": scattered(14, pose=Pose(position=(0.0, 2.0, 1.0))),
}


@pytest.mark.parametrize("name", ANY)
def test_measurements_are_those_of_the_array_that_was_handed_over(name: str) -> None:
    array = ANY[name]
    scenario = Scenario(array=array, sources=2, snapshots=5, antennas=3, snr_db=300.0, elevation_deg=0.0)
    scenes = draw(scenario, 3, stream(0, "any"))
    truth, seen = scenes.truth, scenes.observation
    assert scenario.elements == len(array) == seen.codes.shape[-1]
    assert scenario.wavelengths == array.wavelengths == seen.array.wavelengths
    clean = measure(steering(truth.positions, array), truth.symbols, truth.applied_codes, truth.applied_channel)
    assert torch.allclose(seen.measurements, clean, atol=1e-9)


def test_the_field_of_view_is_seen_from_the_centre_of_the_array() -> None:
    array = ANY["aside"]
    scenario = Scenario(
        array=array, sources=1, azimuth_deg=(20.0, 30.0), elevation_deg=(-5.0, 5.0), distance=(0.5, 2.0)
    )
    positions = draw(scenario, 40, stream(0, "aside")).truth.positions
    places = toward(positions) * positions[..., 2:] - array.frame.centre
    assert bool(((places.norm(dim=-1) > 0.5) & (places.norm(dim=-1) < 2.0)).all())
    azimuth = torch.atan2(places[..., 1], places[..., 0]).rad2deg()
    assert bool(((azimuth > 20) & (azimuth < 30)).all())
    assert not bool(((positions[..., 0].rad2deg() > 20) & (positions[..., 0].rad2deg() < 30)).all())


def test_an_array_is_told_by_its_numbers() -> None:
    one, same, other = scattered(), scattered(), scattered(pose=Pose(yaw=0.1))
    assert Scenario(array=one) == Scenario(array=same)
    assert len({str(Scenario(array=each).array) for each in (one, other, Points(one.elements, 0.31))}) == 3
    assert scenario_array(Scenario(array=other)).same_as(other)


def test_a_scenario_takes_its_array_to_another_process() -> None:
    scenario = Scenario(array=scattered(), sources=1)
    sent = pickle.dumps(scenario)
    del ARRAYS[str(scenario.array)]
    with pytest.raises(ConfigurationError, match="not read by this command"):
        draw(scenario, 1, stream(0, "sent"))
    there = pickle.loads(sent)
    assert there == scenario
    draw(there, 1, stream(0, "sent"))


def test_an_array_takes_the_place_of_the_panel_of_a_preset() -> None:
    scenario = preset("mmwave", array=scattered())
    assert (scenario.elements, scenario.wavelengths, scenario.distance) == (20, (0.3,), (1.0, 15.0))
    assert preset("mmwave", array="panel") == preset("mmwave")
    assert replace(Scenario(array=scattered()), array="panel") == Scenario()


@pytest.mark.parametrize(
    ("field", "value"),
    [("horizontal", 20), ("bend_deg", 90.0), ("spacing", 0.1), ("wavelength", 0.1), ("yaw_deg", 10.0)],
)
def test_two_descriptions_of_one_array_are_refused(field: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"without {field}.*{field} = {value}"):
        Scenario(array=scattered(), **{field: value})  # pyright: ignore[reportArgumentType]


def test_what_is_no_array_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)  # as a user is, without checks of types
    with pytest.raises(ConfigurationError, match="element positions alone"):
        Scenario(array=torch.zeros(4, 3))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match="hundredth of the wavelength"):
        Scenario(array=Points([[0.0, 0.0, 0.0], [0.0, 1e-4, 0.0], [1e-4, 0.0, 0.0]], 0.3), sources=1)
    with pytest.raises(ConfigurationError, match="as many antennas as elements, which are 20"):
        Scenario(array=scattered(), channel="direct", codes="ones")


@pytest.mark.parametrize("kind", ["csv", "npy"])
def test_positions_alone_take_wavelengths_and_turns_of_the_scenario(kind: str, tmp_path: Path) -> None:
    elements = scattered().elements.numpy()
    file = tmp_path / f"places.{kind}"
    if kind == "csv":
        np.savetxt(file, elements, delimiter=",", fmt="%.17g")
    else:
        np.save(file, elements)
    scenario = Scenario(array=keep_array("places", file), wavelength=0.2, frequencies=2, bandwidth=0.1, yaw_deg=30.0)
    wanted = Points(elements, scenario.wavelengths, pose=Pose(yaw=math.radians(30)))
    assert scenario_array(scenario).same_as(wanted, tolerance=1e-12)
    assert scenario.unused == ("horizontal", "vertical", "spacing", "bend_deg")
    assert preset("sub6", array="places").wavelength == preset("sub6").wavelength


ROOF = "elements = [[0,0,0],[0,0.2,0.1],[0.1,-0.2,0],[0.2,0,0.3]]\nwavelengths = 0.4\n"
CONFIG = '[arrays.roof]\nfile = "roof.toml"\n[scenario]\narray = "roof"\nsources = 1\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose array is a file beside it."""
    (tmp_path / "roof.toml").write_text(ROOF)
    (tmp_path / "c.toml").write_text(CONFIG)
    return tmp_path / "c.toml"


def test_a_configuration_brings_its_array_along(config: Path) -> None:
    experiment = experiment_from_toml(config)
    name = str(experiment.scenario.array)
    assert name.startswith("roof@") and experiment.scenario.elements == 4
    values = plain(experiment)["scenario"]
    assert values["array"] == name and not {"horizontal", "wavelength", "bend_deg"} & set(values)
    (config.parent / "again.toml").write_text(to_toml(experiment) + '[arrays.roof]\nfile = "roof.toml"\n')
    assert experiment_from_toml(config.parent / "again.toml") == experiment


def test_other_numbers_are_another_scenario_and_the_former_keeps_its_own(config: Path) -> None:
    before = experiment_from_toml(config).scenario
    (config.parent / "roof.toml").write_text(ROOF.replace("0.4", "0.5"))
    after = experiment_from_toml(config).scenario
    assert before.array != after.array and Experiment(scenario=before).digest != Experiment(scenario=after).digest
    assert (before.wavelengths, after.wavelengths) == ((0.4,), (0.5,))
    (config.parent / "roof.toml").write_text("# the same numbers\n" + ROOF)
    assert experiment_from_toml(config).scenario == before


def test_a_named_array_wins_over_the_panel_of_a_preset_and_not_over_one_beside_it(config: Path) -> None:
    experiment_from_toml(config)
    own = {"presets": {"lab": {"preset": "sub6", "array": "roof", "sources": 2}}, "preset": "lab"}
    beside = {"preset": "sub6", "scenario": {"array": "roof", "sources": 2}}
    assert resolve(own) == resolve(beside) and resolve(own).scenario.elements == 4
    with pytest.raises(ConfigurationError, match="two descriptions of one array"):
        resolve({"scenario": {"array": "roof", "sources": 1, "vertical": 4}})
    with pytest.raises(ConfigurationError, match=r"an array out of panel, roof.*\[arrays.rof\]"):
        resolve({"scenario": {"array": "rof", "sources": 1}})


def test_codes_of_an_array_have_one_row() -> None:
    """A list of elements is no lattice, even if it has as many elements as the panel of the defaults."""
    scenario = Scenario(array=scattered(144), codes="dft", code_bits=None, sources=1, snapshots=8)
    codes = draw(scenario, 1, stream(0, "row")).observation.codes[0]
    turns = torch.polar(torch.ones(144).double(), 2 * math.pi * torch.arange(144).double() / 144)
    assert torch.allclose(codes[1] / codes[0], turns)


def test_sources_behind_are_drawn_all_around() -> None:
    scenario = preset("pilot", bend_deg=180.0, sources=2, azimuth_deg=AROUND, horizontal=6, vertical=4)
    positions = draw(scenario, 200, stream(0, "around")).truth.positions
    behind = (positions[..., 0].abs() > math.pi / 2).double().mean()
    assert 0.4 < float(behind) < 0.6
    gap = (toward(positions[:, 0]) - toward(positions[:, 1])).norm(dim=-1)
    assert float(gap.min()) >= scenario.separation
    flat = to_cosines(positions, scenario_array(scenario))[..., 1:3]
    assert float((flat[:, 0] - flat[:, 1]).norm(dim=-1).min()) < scenario.separation  # one in front, one behind
