"""Does `ris simulate` write the scenes its configuration names, and nothing else?"""

from pathlib import Path

import torch
from running import SMALL, Run

from ris_pytorch_pipeline.data import config_digest, load_scenes


def test_the_file_holds_the_scenes_and_their_configuration(ris: Run, tmp_path: Path) -> None:
    done = ris("simulate", "s.safetensors", "--scenes", "5", "--seed", "2", "--json", *SMALL)
    assert (done.code, done.err) == (0, "")
    file = load_scenes(tmp_path / "s.safetensors")
    assert done.json == {
        "file": "s.safetensors",
        "scenes": 5,
        "sources": {"least": 1, "most": 1},
        "source_snr_db": {key: done.json["source_snr_db"][key] for key in ("least", "median", "most")},
        "bytes": (tmp_path / "s.safetensors").stat().st_size,
        "config": file.header.config,
        "digest": file.header.digest,
    }
    assert abs(done.json["source_snr_db"]["median"] - 20) < 1e-3
    assert config_digest(done.json["config"]) == done.json["digest"]
    assert file.header.config is not None
    assert file.header.config["scenario"]["horizontal"] == 6
    assert file.observation.measurements.shape == (5, 8, 8)
    assert file.truth is not None
    assert [path.name for path in tmp_path.iterdir()] == ["s.safetensors"]


def test_equal_configurations_write_equal_scenes(ris: Run, tmp_path: Path) -> None:
    for name, scenes in {"a": "4", "b": "4", "c": "2"}.items():
        assert ris("simulate", name, "--scenes", scenes, *SMALL).code == 0
    a, b, c = (load_scenes(tmp_path / name).observation.measurements for name in "abc")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert torch.equal(a, b)
    assert torch.equal(a[:2], c)


def test_double_keeps_double(ris: Run, tmp_path: Path) -> None:
    ris("simulate", "s", "--scenes", "1", "--double", *SMALL)
    assert load_scenes(tmp_path / "s").observation.measurements.dtype == torch.complex128


def test_a_file_is_not_overwritten_unless_forced(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")
    ris("simulate", "s", "--scenes", "1", *SMALL).refused("which exists", "--force")
    assert (tmp_path / "s").read_text() == "precious"
    assert ris("simulate", "s", "--scenes", "1", "--force", *SMALL).code == 0
    assert len(load_scenes(tmp_path / "s").observation) == 1


def test_the_summary_names_what_was_written(ris: Run) -> None:
    out = ris("simulate", "s", "--scenes", "2", *SMALL).out.splitlines()
    assert out[0].startswith("2 scenes of 1 to 1 sources in s (")
    assert out[1].startswith("SNR of a source: 20.0 to 20.0 dB")
    assert len(out[2].removeprefix("configuration ")) == 64
