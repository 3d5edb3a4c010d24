"""Does `ris demo` leave the scenes, the configuration and the figures where it says, and print both methods?"""

from pathlib import Path

import pytest
from running import Run

from ris_pytorch_pipeline.data import load_scenes
from ris_pytorch_pipeline.experiment import experiment_from_toml


@pytest.mark.filterwarnings("default:a back-projected covariance")
def test_the_demonstration(ris: Run, tmp_path: Path) -> None:
    done = ris("demo", "--out", "here/demo", "--scenes", "2", "--seed", "3")
    assert done.code == 0, done.err
    folder = tmp_path / "here" / "demo"
    assert {path.name for path in folder.iterdir()} == {
        "config.toml", "scenes.safetensors", "geometry.png", "spectrum.png", "sweep.png",
    }  # fmt: skip
    for path in folder.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
    assert (
        load_scenes(folder / "scenes.safetensors").header.digest == experiment_from_toml(folder / "config.toml").digest
    )
    assert done.err.count("ris: warning: a back-projected covariance") == len(done.err.splitlines())
    for word in ("scene 0, sml", "scene 0, bp-music", "error (bound)", "RMSE/CRB"):
        assert word in done.out


def test_a_folder_that_cannot_be_made(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ris("demo", "--out", "file/demo").refused("a folder to write to")
    ris("demo", "--seed", "x").refused("seed as an integer")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
