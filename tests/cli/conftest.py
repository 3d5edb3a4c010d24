"""How the tests of the command line run it: in this process, as a user would, in an empty folder."""

from dataclasses import replace
from pathlib import Path

import pytest
from jaxtyping import config as jaxtyping_config
from running import NETWORK, SMALL, Outcome, Run, hardware

from ris_pytorch_pipeline.calibrate import save_calibration
from ris_pytorch_pipeline.cli import main


@pytest.fixture
def ris(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`ris` with some arguments, in an empty folder, without the tests' own checks of shapes and types."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Outcome:
        code = main(arguments)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def panel(ris: Run) -> str:
    """Calibrations of a panel of unequal elements and antennas and of another one, and a network for either."""
    save_calibration("panel", hardware())
    save_calibration("other", replace(hardware(), elements=hardware().elements.conj()))
    Path("net.toml").write_text(NETWORK, encoding="utf-8")
    return "panel"


@pytest.fixture
def small_file(ris: Run) -> str:
    """A scene file of three small scenes of one source each."""
    assert ris("simulate", "scenes.safetensors", "--scenes", "3", "--seed", "4", *SMALL).code == 0
    return "scenes.safetensors"


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training run of two updates on a small panel."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "net.toml").write_text(NETWORK, encoding="utf-8")
    assert main(["train", str(folder / "run"), "--config", str(folder / "net.toml"), "--quiet"]) == 0
    return folder / "run"
