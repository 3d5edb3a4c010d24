"""Does a file of element positions make the scenes of `simulate`, `bound`, `bench` and suites, and nobody else's?"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from running import Run

from ris_pytorch_pipeline.data import load_scenes
from ris_pytorch_pipeline.physics import ARRAYS, array_from_file

SMALL = ("--antennas", "8", "--snapshots", "8", "--sources", "1", "--snr-db", "20")
TRAINED = "the array the network was trained for"
AROUND = ("--azimuth-deg", "[-180, 180]")


@pytest.fixture(autouse=True)
def names() -> Iterator[None]:
    """Arrays that a command names are forgotten after the test."""
    before = dict(ARRAYS)
    yield
    forget()
    ARRAYS.update(before)


def forget() -> None:
    """As in another process."""
    panel = ARRAYS["panel"]
    ARRAYS.clear()
    ARRAYS["panel"] = panel


@pytest.fixture
def cloud(tmp_path: Path) -> Path:
    """A file of 30 elements anywhere in a ball."""
    write(tmp_path / "cloud.toml", 0)
    return tmp_path / "cloud.toml"


def write(path: Path, seed: int) -> None:
    places = np.random.default_rng(seed).uniform(-0.4, 0.4, (30, 3)).round(4).tolist()
    path.write_text(f"elements = {places}\nwavelengths = 0.3\n")


def test_scenes_are_of_the_array_and_are_located_all_around(ris: Run, cloud: Path) -> None:
    said = ris(
        "simulate", "x", "--array", "cloud.toml", "--scenes", "6", "--symbols", "pilot", "--json", *SMALL, *AROUND
    )
    assert said.json["config"]["scenario"]["array"].startswith("cloud.toml@")
    assert "horizontal" not in said.json["config"]["scenario"]
    file = load_scenes("x")
    assert file.observation.array.same_as(array_from_file(cloud))
    forget()
    cloud.unlink()
    found = ris("locate", "x", "--scene", "all", "--sources", "1", "--json").json
    assert found["region"]["azimuth_deg"] == pytest.approx([-180, 180]) and found["summary"]["success"] == 1


def test_bound_and_bench_take_the_array(ris: Run, cloud: Path) -> None:
    bound = ris("bound", "--array", str(cloud), "--scenes", "5", "--json", *SMALL, *AROUND).json
    panel = ris("bound", "--scenes", "5", "--json", *SMALL).json
    assert 0 < bound["azimuth_deg"]["median"] and bound["azimuth_deg"] != panel["azimuth_deg"]
    words = ("--array", "cloud.toml", "--scenes", "6", "--symbols", "pilot", "--antennas", "8", "--snapshots", "8")
    cells = ris("bench", *words, *AROUND, "--sources", "1", "--snr-db", "20", "--json", "--methods", "pilot,genie").json
    assert [cell["success"] for cell in cells["cells"]] == [1, 1]
    assert cells["config"]["scenario"]["array"] == bound["config"]["scenario"]["array"]
    ris("bench", "--array", "cloud.toml", "--methods", "modified-music").refused("a lattice")


def test_positions_alone_as_csv_and_npy(ris: Run, cloud: Path) -> None:
    places = array_from_file(cloud).elements.numpy()
    np.save("cloud.npy", places)
    np.savetxt("cloud.csv", places, delimiter=",", fmt="%.17g")
    command = ("bound", "--scenes", "3", "--wavelength", "0.25", "--yaw-deg", "20", "--json", *SMALL, "--array")
    csv, npy = (ris(*command, f"cloud.{kind}").json for kind in ("csv", "npy"))
    assert csv["azimuth_deg"] == npy["azimuth_deg"] and csv["config"]["scenario"]["wavelength"] == 0.25
    np.save("codes.npy", np.ones((4, 30)) + 0j)
    ris(*command, "codes.npy").refused("real x, y and z", "codes or a channel")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--horizontal", "12"), ("without --horizontal", "two descriptions")),
        (("--bend-deg", "0"), ("without --bend-deg", "leave --bend-deg out")),
        (("--wavelength", "0.3"), ("without --wavelength",)),
        (("--codes", "lab", "--config", "c.toml"), ("(8, 30)", "(8, 36)", "another array")),
        (("--array", "flat.csv", "--azimuth-deg", "[100, 170]"), ("mirror image",)),
        (("--array", "line.csv", "--azimuth-deg", "[-100, 0]"), ("a cone",)),
        (("--array", "panel.csv"), ("panel.csv: No such file", "a mistyped path")),
        (("--array", "rof"), ("an array out of panel", "[arrays.rof]", "--array rof.toml")),
        (("--channel", "direct", "--codes", "ones"), ("as many antennas as elements, which are 30",)),
    ],
)  # fmt: skip
def test_what_does_not_go_together(ris: Run, cloud: Path, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    np.save("codes.npy", np.exp(2j * np.pi * np.random.default_rng(0).random((8, 36))))
    Path("c.toml").write_text('[codebooks.lab]\nfile = "codes.npy"\n')
    Path("flat.csv").write_text("0,0.1,0\n0,0,0.1\n0,-0.1,-0.1\n0,0.1,0.2\n")
    Path("line.csv").write_text("0,0.1,0\n0,0,0\n0,-0.15,0\n0,0.3,0\n")
    assert cloud.exists()
    ris("simulate", "x", "--array", "cloud.toml", "--scenes", "2", *SMALL, *words).refused(*said)


def test_shards_go_on_with_the_array_they_began_with_alone(ris: Run, cloud: Path) -> None:
    command = ("simulate", "--shards", "folder", "--split", "test=4", "--array", "cloud.toml", *SMALL)
    assert ris(*command).code == 0
    assert ris(*command).code == 0
    before = cloud.read_text()
    ris("simulate", "cloud.toml", "--array", "cloud.toml", "--force", *SMALL).refused("cloud.toml")
    assert cloud.read_text() == before
    write(cloud, 7)
    ris(*command).refused("scenario.array: cloud.toml@")


SUITE = """
seed = 0
scenes = 2
preset = "pilot"
[arrays.cloud]
file = "cloud.toml"
[scenario]
antennas = 8
snapshots = 8
sources = 1
snr_db = 20
[sweeps.arrays]
methods = ["pilot"]
[sweeps.arrays.variants.kind]
cloud = {array = "cloud", azimuth_deg = [-180, 180]}
small = {horizontal = 5, vertical = 5}
[sweeps.plain]
methods = ["pilot"]
[sweeps.plain.over]
array = ["panel", "cloud"]
"""


def test_a_suite_sweeps_over_arrays_and_goes_on_with_them_alone(ris: Run, cloud: Path) -> None:
    pytest.importorskip("pyarrow")
    Path("suite.toml").write_text(SUITE)
    rows = ris("bench", "suite.toml", "--out", "kept", "--json").json["cells"]
    assert [row["success"] for row in rows] == [1] * 4
    ris("bench", "suite.toml", "--array", "cloud.toml").refused("--array")
    write(cloud, 7)
    ris("bench", "suite.toml", "--out", "kept", "--resume").refused("arrays.cloud")


def test_a_network_refuses_another_array(ris: Run, cloud: Path, run_folder: Path) -> None:
    ris("evaluate", str(run_folder), "--array", str(cloud), "--scenes", "2").refused(TRAINED)
    assert ris("simulate", "x", "--array", "cloud.toml", "--scenes", "1", *SMALL).code == 0
    ris("locate", "x", "--model", str(run_folder)).refused(TRAINED)
    assert ris("simulate", "--shards", "s", "--split", "test=2", "--array", "cloud.toml", *SMALL).code == 0
    ris("evaluate", str(run_folder), "--shards", "s").refused(TRAINED)


NET = """
preset = "tiny"
[plan]
epochs = 1
n_train = 8
n_val = 8
batch = 4
[net]
width = 8
blocks = 1
[scenario]
sources = 1
antennas = 4
snapshots = 4
separation = 0.0
"""


def test_a_network_is_trained_for_an_array_and_knows_it_afterwards(ris: Run, cloud: Path) -> None:
    Path("net.toml").write_text(NET)
    assert ris("train", "run", "--config", "net.toml", "--array", str(cloud), "--no-preflight").code == 0
    many = ("--sources", "1", "--antennas", "4", "--snapshots", "4")
    assert ris("simulate", "x", "--array", str(cloud), "--scenes", "2", *many).code == 0
    cloud.unlink()  # the network has its numbers
    forget()
    found = ris("locate", "x", "--model", "run", "--sources", "1", "--scene", "all", "--json").json
    assert len(found["scenes"]) == 2
    cells = ris("evaluate", "run", "--scenes", "3", "--methods", "hybrid,genie", "--json").json["cells"]
    assert [cell["n"] for cell in cells] == [3, 3]
    ris("train", "again", "--array", "nowhere.toml").refused("nowhere.toml")
