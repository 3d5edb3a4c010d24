"""Does the measured example find the receivers of a synthetic capture with the same file layout?"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from ris_pytorch_pipeline.physics import Panel, steering
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.units import wavelength_of

SCRIPT = Path(__file__).parents[2] / "examples" / "measured_openris.py"
ANGLES = np.arange(12, 171, 6)
SPACING, DISTANCE, TRANSMITTER = 0.03, 8.3, 120


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measured_openris", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["measured_openris"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def write_capture(path: Path, gains: np.ndarray | None = None, noise: float = 0.02) -> Path:
    """A capture of a 16 x 16 tile: exact waves, a strong path that no code changes, noise, one gain per column.

    Columns of the codes are numbered as seen from the front, so the first belongs to the largest y.
    """
    generator = np.random.default_rng(0)
    codes = generator.choice([-1, 1], size=(11, 16, 16)).astype(np.int8)
    frequencies = np.array([3.54e9, 3.58e9, 3.62e9])
    panel = Panel(horizontal=16, vertical=16, spacing=SPACING)
    columns = np.ones(16) if gains is None else gains

    def wave(angles: np.ndarray, frequency: float) -> np.ndarray:
        azimuth = torch.deg2rad(torch.from_numpy(angles.astype(float) - 90))
        rest = torch.tensor([0.0, DISTANCE], dtype=torch.float64).expand(len(azimuth), 2)
        positions = torch.cat([azimuth[:, None], rest], dim=1)
        return steering(positions, panel.array(wavelength_of(frequency))).numpy().reshape(-1, 16, 16)

    transfer = np.stack(
        [
            np.einsum(
                "cvh,h,vh,pvh->pc", codes[:, :, ::-1], columns, wave(np.array([TRANSMITTER]), f)[0], wave(ANGLES, f)
            )
            / 16
            for f in frequencies
        ],
        axis=-1,
    )
    amplitude = np.exp(2j * np.pi * generator.random((len(ANGLES), 1, 3)))
    disturbed = transfer * amplitude + 5 + noise * generator.standard_normal((*transfer.shape, 2)) @ [1, 1j]
    np.savez(
        path, s43=disturbed.astype(np.complex64), rx_angle_deg=ANGLES, tx_angle_deg=TRANSMITTER, codes=codes,
        frequency_hz=frequencies, element_spacing_m=SPACING, distance_m=DISTANCE,
    )  # fmt: skip
    return path


def run(example: ModuleType, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, float]:
    assert example.main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("options", [[], ["--frequency-ghz", "3.58"]])
def test_it_locates_every_receiver_in_the_window(example, tmp_path, capsys, options) -> None:
    result = run(example, capsys, str(write_capture(tmp_path / "capture.npz")), *options)
    assert result.keys() == {"n", "median_deg", "rmse_deg", "p90_deg", "coverage", "wrong", "unmarked"}
    assert result["n"] == ((ANGLES >= 15) & (ANGLES <= 165)).sum()
    assert result["median_deg"] < 0.1 and result["rmse_deg"] < 0.2
    assert result["wrong"] == result["unmarked"] == 0


def test_an_answer_is_wrong_by_degrees_or_by_its_deviations_and_unmarked_without_a_finding(example) -> None:
    true, off = torch.tensor([30.0, 60.0, 90.0, 120.0]), torch.tensor([3.5, -0.6, 0.4, 2.9])
    located = example.Located(true + off, torch.tensor([1.0, 0.1, 0.1, 1.0]), torch.tensor([True, False, False, False]))
    result = example.figures(true, located)
    assert result["wrong"] == 2 and result["unmarked"] == 1


def test_calibration_learns_gains_from_other_positions(example, tmp_path, capsys) -> None:
    phase = torch.randn(16, generator=stream(0, "columns"), dtype=torch.float64).numpy()
    path = str(write_capture(tmp_path / "capture.npz", gains=np.exp(0.5j * phase)))
    plain = run(example, capsys, path, "--frequency-ghz", "3.58")
    learnt = run(example, capsys, path, "--frequency-ghz", "3.58", "--calibrate")
    assert learnt["median_deg"] < 0.6 * plain["median_deg"]
    assert learnt["coverage"] >= 0.8 > plain["coverage"]


def test_held_out_positions_do_not_teach_their_own_gains(example, tmp_path) -> None:
    path = write_capture(tmp_path / "capture.npz")
    before = example.locate_calibrated(example.load(path, 3.58)).angle
    with np.load(path) as file:
        fields = dict(file)
    fields["s43"][5] *= np.exp(1j * np.arange(11))[:, None]  # 5 is scene 4 of the window, which even scenes share
    np.savez(path, **fields)
    after = example.locate_calibrated(example.load(path, 3.58)).angle
    even = torch.arange(len(before)) % 2 == 0
    even[4] = False
    assert torch.equal(before[even], after[even]) and not torch.equal(before[~even], after[~even])


def test_table_and_picture(example, tmp_path, capsys) -> None:
    path = write_capture(tmp_path / "capture.npz")
    assert example.main([str(path), "--frequency-ghz", "3.58", "--plot", str(tmp_path / "angles.png")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 25 and lines[-1].startswith("n 25, median_deg")
    assert (tmp_path / "angles.png").read_bytes()[:4] == b"\x89PNG"


def test_bad_input_is_a_clear_error(example, tmp_path, capsys) -> None:
    capture = write_capture(tmp_path / "capture.npz")
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "short.npz").write_bytes(capture.read_bytes()[:2000])
    np.savez(tmp_path / "foreign.npz", s43=np.zeros(3))
    plot = tmp_path / "never.png"
    for name in ("absent.npz", "text.npz", "short.npz", "foreign.npz"):
        assert example.main([str(tmp_path / name), "--plot", str(plot)]) == 2
        assert "Likely cause" in capsys.readouterr().err
    assert example.main([str(capture), "--frequency-ghz", "2.4", "--plot", str(plot)]) == 2
    assert "3.54 to 3.62 GHz" in capsys.readouterr().err
    assert not plot.exists()
