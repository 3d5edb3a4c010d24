"""Does `ris bound` print the documented JSON, with the numbers of the bound itself?"""

import pytest
from running import SMALL, Run

from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.data import config_digest, load_scenes


def test_the_json_is_the_documented_one(ris: Run) -> None:
    found = ris("bound", "--scenes", "4", "--json", *SMALL).json
    assert set(found) == {"azimuth_deg", "elevation_deg", "distance_m", "scenes", "config", "digest"}
    for key in ("azimuth_deg", "elevation_deg", "distance_m"):
        assert set(found[key]) == {"median", "p90"}
        assert 0 < found[key]["median"] <= found[key]["p90"]
    assert found["scenes"] == 4
    assert config_digest(found["config"]) == found["digest"]


def test_it_is_the_bound_of_the_scenes_that_simulate_writes(ris: Run) -> None:
    ris("simulate", "s", "--scenes", "4", "--seed", "3", *SMALL)
    scenes = load_scenes("s").scenes
    assert scenes is not None
    expected = scene_bound(scenes).azimuth.rad2deg().flatten().quantile(0.5).item()
    found = ris("bound", "--scenes", "4", "--seed", "3", "--json", *SMALL).json
    assert found["azimuth_deg"]["median"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("preset", "expected"), [("random", 0.16), ("pilot", 0.11)])
def test_the_expected_size(preset: str, expected: float, ris: Run) -> None:
    found = ris("bound", "--preset", preset, "--sources", "1", "--snr-db", "10", "--scenes", "60", "--json").json
    assert found["azimuth_deg"]["median"] == pytest.approx(expected, rel=0.15)


def test_the_table(ris: Run) -> None:
    out = ris("bound", "--scenes", "3", *SMALL).out
    assert "Cramér-Rao bound, 3 scenes" in out
    assert "azimuth" in out
    assert "configuration " in out
