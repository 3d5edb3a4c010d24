"""Does `ris locate` find the sources of any scene file, and put truth and bound beside them where they are known?"""

import math
from pathlib import Path

import pytest
import torch
from running import Run, around_file
from safetensors.torch import load_file

from ris_pytorch_pipeline.data import load_scenes, save_scenes
from ris_pytorch_pipeline.files import read_tensors, write_tensors
from ris_pytorch_pipeline.physics import (
    Observation,
    Panel,
    cosines_from_positions,
    measure,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream

COORDINATES = ("azimuth_deg", "elevation_deg", "distance_m")


def measured_file(path: Path) -> None:
    """A pilot block of one source at azimuth 20°, elevation 0, 8 m, seen by one antenna without noise to speak of."""
    generator = stream(3, "measured")
    array = Panel(horizontal=8, vertical=8, spacing=0.05).array(0.1)
    codes = (1 - 2 * torch.randint(2, (1, 24, 64), generator=generator)).to(torch.complex128)
    channel = torch.polar(torch.ones(1, 1, 64).double(), 7 * torch.rand(1, 1, 64, generator=generator).double())
    position = torch.tensor([[[math.radians(20), 0.0, 8.0]]], dtype=torch.float64)
    vectors = steering_at(cosines_from_positions(position), array)
    clean = measure(vectors, torch.ones(1, 24, 1, dtype=torch.complex128), codes, channel)
    noise = 1e-2 * torch.randn(1, 24, 1, dtype=torch.complex128, generator=generator)
    seen = Observation(measurements=clean + noise, codes=codes, channel=channel, array=array,
                       symbols="pilot")  # fmt: skip
    save_scenes(path, seen, note="one horn")


def test_an_array_with_depth_sees_what_is_behind_it(ris: Run, tmp_path: Path) -> None:
    around_file(tmp_path / "around.safetensors")
    command = ("locate", "around.safetensors", "--sources", "1")
    found = ris(*command, "--azimuth-deg", "[-180, 180]", "--json").json["scenes"][0]["sources"][0]
    assert (found["azimuth_deg"], found["elevation_deg"]) == pytest.approx((150, 20), abs=0.5)
    ris(*command, "--azimuth-deg", "[-180, 190]").refused("within [-180, 180]")
    ris(*command, "--azimuth-deg", "150").refused("a fixed direction")


def test_found_true_error_and_bound(ris: Run, small_file: str, tmp_path: Path) -> None:
    found = ris("locate", small_file, "--scene", "all", "--sources", "1", "--json").json
    assert set(found) == {"file", "estimator", "region", "scenes", "summary", "config", "digest"}
    assert found["estimator"] == "sml"
    assert found["region"] == {"azimuth_deg": [-60, 60], "elevation_deg": [-30, 30], "distance_m": [0.5, 10]}
    assert found["digest"] == load_scenes(tmp_path / small_file).header.digest
    assert [scene["scene"] for scene in found["scenes"]] == [0, 1, 2]
    for scene in found["scenes"]:
        assert (scene["order"], scene["missed"], scene["success"]) == (1, [], True)
        (source,) = scene["sources"]
        for key in COORDINATES:
            assert source[key] - source["truth"][key] == pytest.approx(source["error"][key])
            assert abs(source["error"][key]) < 5 * source["bound"][key]
            assert source["std"][key] == pytest.approx(source["bound"][key], rel=1.0)
    assert found["summary"] == {"scenes": 3, "orders": {"1": 3}, "success": 1.0}


def test_a_scene_that_tells_no_place_has_no_bound(ris: Run, tmp_path: Path) -> None:
    """One antenna behind one code hears one number: the answer is shown, the bound is a question mark."""
    file = str(tmp_path / "still.safetensors")
    ris("simulate", file, "--codes", "ones", "--antennas", "1", "--sources", "1", "--scenes", "2")
    told = ris("locate", file, "--sources", "1", "--scene", "0").out
    assert "(?)" in told
    missed = ris("locate", file, "--sources", "1", "--json").json["scenes"][0]
    bounds = [source["bound"] for source in (*missed["missed"], *missed["sources"]) if source["bound"]]
    assert bounds and all(value is None for bound in bounds for value in bound.values())


def test_one_scene_is_the_same_as_in_all(ris: Run, small_file: str) -> None:
    every = ris("locate", small_file, "--scene", "all", "--json").json["scenes"]
    one = ris("locate", small_file, "--scene", "2", "--json").json["scenes"]
    assert one[0]["scene"] == 2
    assert one[0]["sources"][0]["azimuth_deg"] == pytest.approx(every[2]["sources"][0]["azimuth_deg"], abs=1e-6)


def test_the_table_says_it_in_words(ris: Run, small_file: str) -> None:
    out = ris("locate", small_file, "--scene", "all", "--sources", "1").out
    for word in ("scene 0, sml: ", "azimuth °", "±", "truth", "error (bound)", "3 scenes; sources found: 3 with 1"):
        assert word in out


def test_a_measured_file_without_truth(ris: Run, tmp_path: Path) -> None:
    measured_file(tmp_path / "m")
    done = ris("locate", "m", "--json", "--sources", "1", "--elevation-deg", "0", "--distance", "8")
    found = done.json
    assert found["estimator"] == "pilot"
    assert found["region"]["distance_m"] == [8, 8]
    assert found["config"] is None
    (scene,) = found["scenes"]
    assert set(scene) == {
        "scene", "status", "findings", "fit", "order", "order_probability", "noise_variance", "sources"
    }  # fmt: skip
    assert set(scene["fit"]) == {"explained", "expected", "p_value", "striking", "modes"}
    (source,) = scene["sources"]
    assert set(source) == {*COORDINATES, "std", "std_sandwich", "interval_90", "existence", "power_db", "evidence"} | {
        "symbols"
    }
    assert abs(source["azimuth_deg"] - 20) < 0.1
    assert (source["elevation_deg"], source["distance_m"]) == (pytest.approx(0, abs=1e-6), pytest.approx(8))
    table = ris("locate", "m", "--sources", "1", "--elevation-deg", "0", "--distance", "8").out
    assert "truth" not in table


def test_the_field_of_view_of_the_options_wins(ris: Run, small_file: str) -> None:
    region = ris(
        "locate", small_file, "--sources", "1", "--json", "--preset", "mmwave", "--azimuth-deg", "[-50, 50]"
    ).json["region"]
    assert region == {"azimuth_deg": [-50, 50], "elevation_deg": [-30, 30], "distance_m": [1, 15]}


def test_what_the_file_lacks_is_refused(ris: Run, small_file: str) -> None:
    ris("locate", small_file, "--scene", "3").refused("a scene in 0..2", "counted from 0")
    ris("locate", small_file, "--scene", "first").refused("scene as an integer")
    ris("locate", small_file, "--sources", "1.5").refused("a fraction where a count belongs")
    ris("locate", small_file, "--sources", "1000").refused("not identifiable")
    ris("locate", small_file, "--sources", "0").refused("between 1 and")
    ris("locate", small_file, "--estimator", "pliot").refused("did you mean 'pilot'")
    ris("locate", small_file, "--estimator", "genie").refused("told the truth")
    ris("locate", small_file, "--azimuth-deg", "3").refused("an azimuth span")
    ris("locate", small_file, "--distance", "[-1, 3]").refused("a positive, finite distance")
    ris("locate", small_file, "--azimuth-deg", "[-30, 100]").refused("behind the panel")
    ris("locate", small_file, "--plot", "x.docx").refused("name it x.png")
    ris("locate", small_file, "--snr-db", "3").refused("got --snr-db")


def test_a_file_that_is_none_is_refused(ris: Run, small_file: str, tmp_path: Path) -> None:
    ris("locate", "no.safetensors").refused("no file no.safetensors")
    whole = (tmp_path / small_file).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    ris("locate", "cut", "--plot", "x.png").refused("cut short")
    (tmp_path / "foreign").write_text("azimuth,elevation\n" * 99)
    ris("locate", "foreign", "--plot", "x.png").refused("a file of another kind")
    assert not (tmp_path / "x.png").exists()


def test_a_scene_that_is_not_finite_is_named(ris: Run, small_file: str, tmp_path: Path) -> None:
    tensors = load_file(tmp_path / small_file)
    tensors["measurements"][1, 0, 0, 0] = torch.nan
    with read_tensors(tmp_path / small_file) as file:
        header = file.metadata["header"]
    write_tensors(tmp_path / "bad", tensors, header)
    ris("locate", "bad", "--plot", "x.png").refused("finite measurements; got bad: ", "the first of them scene 1")
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize("name", ["p.png", "p.svg"])
def test_the_picture_is_drawn(name: str, ris: Run, small_file: str, tmp_path: Path) -> None:
    assert ris("locate", small_file, "--sources", "1", "--plot", name).code == 0
    assert (tmp_path / name).stat().st_size > 5000


@pytest.mark.filterwarnings("default:a back-projected covariance")
def test_a_share_of_the_sampled_covariance(ris: Run, run_folder: Path, small_file: str) -> None:
    network = ("locate", small_file, "--model", str(run_folder), "--sources", "1", "--polish", "0", "--json")
    blended = ris(*network, "--proposals", "mvdr", "--beta", "0.3")
    assert blended.code == 0 and "uninformative" in blended.err
    assert blended.json["estimator"] == "hybrid (mvdr on R_blend, β=0.3)"
    predicted = ris(*network, "--proposals", "mvdr", "--beta", "0").json
    assert predicted["estimator"] == "hybrid (mvdr on R_pred)"
    assert predicted["scenes"] != blended.json["scenes"]


def test_a_share_that_cannot_be_is_refused(ris: Run, run_folder: Path, small_file: str) -> None:
    network = ("locate", small_file, "--model", str(run_folder))
    ris(*network, "--beta", "0.3").refused("got --beta 0.3 beside explaining", "--proposals music")
    ris(*network, "--proposals", "music", "--beta", "30").refused("a share of R_samp in [0, 1]", "a percentage")
    ris("locate", small_file, "--beta", "0.3").refused("no --model")


def test_the_network_of_the_package_locates_and_refuses(ris: Run, small_file: str) -> None:
    assert ris("simulate", "usual.safetensors", "--scenes", "2", "--sources", "2", "--snr-db", "15").code == 0
    model = ("--model", "reference")
    found = ris("locate", "usual.safetensors", *model, "--sources", "2", "--scene", "all", "--json").json
    assert found["estimator"].startswith("reference (candidates that explain)")
    assert [scene["order"] for scene in found["scenes"]] == [2, 2]
    assert found["scenes"][0]["fit"] is not None
    ris("locate", small_file, *model).refused("trained for", "classical estimator")
    ris("locate", "usual.safetensors", *model, "--sources", "6").refused("at most 5 sources")


@pytest.mark.filterwarnings("ignore:a back-projected covariance")
@pytest.mark.parametrize("name", ["pilot", "omp", "bp-bartlett"])
def test_every_estimator_says_that_a_panel_with_phase_errors_is_another_one(
    ris: Run, tmp_path: Path, name: str
) -> None:  # fmt: skip
    (tmp_path / "wrong.toml").write_text('preset = "pilot"\n[scenario.impairments]\nphase_error_rad = 0.4\n')
    ris("simulate", "wrong", "--config", "wrong.toml", "--sources", "1", "--snr-db", "20", "--scenes", "2", "--json")
    (tmp_path / "right.toml").write_text('preset = "pilot"\n')
    ris("simulate", "right", "--config", "right.toml", "--sources", "1", "--snr-db", "20", "--scenes", "2", "--json")
    said = {}
    for kind in ("right", "wrong"):
        found = ris("locate", kind, "--estimator", name, "--sources", "1", "--scene", "all", "--json").json["scenes"]
        assert all(scene["fit"]["expected"] > 0.9 for scene in found)
        said[kind] = [(scene["status"].split(":")[0], scene["fit"]["p_value"] < 0.005) for scene in found]
    assert said == {"right": [("converged", False)] * 2, "wrong": [("misfit", True)] * 2}
    assert "explained" in ris("locate", "wrong", "--estimator", name, "--sources", "1").out
