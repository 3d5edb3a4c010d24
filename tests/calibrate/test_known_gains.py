"""Are gains recovered from scenes with known positions, and only where there is something to recover?"""

from dataclasses import replace

import pytest
import torch
from detuned import detuned, phases, relative_error

from ris_pytorch_pipeline.calibrate import Calibration, calibrate, fit_gains, known_scenes, unidentified
from ris_pytorch_pipeline.calibrate.fitting import explained, no_gains
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import Scenes


def learnt(scenes: Scenes, **how):
    return calibrate(known_scenes(scenes.observation, scenes.truth.positions), **how)


@pytest.mark.parametrize(
    ("symbols", "fields"),
    [
        ("pilot", {}),
        ("random", {}),
        ("pilot", {"sources": [1, 2], "separation": 0.3}),
        ("pilot", {"frequencies": 2, "bandwidth": 0.1}),
    ],
)
def test_gains_of_elements_are_recovered(symbols: str, fields: dict) -> None:
    gains = phases(36, 0.4)
    got = learnt(detuned(gains, 24, symbols, **fields))
    assert got.choice.model == "elements"
    for each in got.gains:
        assert relative_error(torch.ones_like(gains), gains) > 0.3
        assert relative_error(each.element, gains) < 0.06
    assert min(got.identified) > 34


def test_gains_of_antennas_are_recovered() -> None:
    scenes = detuned(phases(36, 0.0), 12)
    antennas = phases(6, 0.8, seed=1) * torch.linspace(0.5, 1.5, 6)
    seen = replace(scenes.observation, channel=scenes.observation.channel / antennas[:, None])
    got = calibrate(known_scenes(seen, scenes.truth.positions))
    assert relative_error(got.gains[0].antenna, antennas) < 0.04
    assert got.choice.shares["elements"] > 0.98 > got.choice.shares["nominal"] + 0.1


@pytest.mark.parametrize("seed", range(4))
def test_sound_hardware_stays_nominal(seed: int) -> None:
    assert learnt(detuned(phases(36, 0.0), 16, seed=seed)).choice.model == "nominal"


def test_codes_that_are_not_what_they_should_be() -> None:
    """Every element also shows a part of its neighbour's code, which no gain of an element can do."""
    scenes = detuned(phases(36, 0.0), 40, snr_db=30.0)
    seen = replace(scenes.observation, codes=scenes.observation.codes[:1].expand(40, -1, -1))
    real = seen.codes + 0.4j * seen.codes.roll(1, -1)
    vectors = known_scenes(seen, scenes.truth.positions)[0].waves[:, 0]
    clean = torch.einsum("pmn,pln,pn->plm", seen.channel, real, vectors)
    seen = replace(seen, measurements=clean)
    got = calibrate(known_scenes(seen, scenes.truth.positions))
    assert got.choice.model == "codes"
    assert got.choice.shares["codes"] > 0.97 > got.choice.shares["elements"] + 0.02
    corrected = Calibration.of(got, seen).applied(seen)
    assert relative_error(corrected.codes[0].flatten(), real[0].flatten()) < 0.1
    shuffled = replace(seen, codes=seen.codes.flip(1), measurements=seen.measurements.flip(1))
    assert torch.allclose(Calibration.of(got, seen).applied(shuffled).codes, corrected.codes.flip(1))
    with pytest.raises(InputError, match="--model elements"):
        Calibration.of(got, seen).applied(replace(seen, codes=seen.codes.roll(1, -1)))


def test_what_positions_do_not_tell_is_said() -> None:
    """Sources and antennas on the horizon see sums over columns: 6 of 36 dimensions, and the rest stays nominal."""
    scenes = detuned(phases(36, 0.0), 30, antennas=1, elevation_deg=0.0, distance=50.0, snapshots=20)
    codes = scenes.observation.codes.unflatten(-1, (6, 6))[..., :1, :].expand(-1, -1, 6, -1).flatten(-2)
    level = replace(scenes.observation, channel=torch.ones_like(scenes.observation.channel), codes=codes)
    known = known_scenes(level, scenes.truth.positions)
    columns = phases(6, 0.5).repeat(6)
    clean = torch.einsum("pmn,pln,pn->plm", level.channel, level.codes * columns, known[0].waves[:, 0])
    level = replace(level, measurements=clean)
    got = calibrate(known_scenes(level, scenes.truth.positions))
    assert got.identified[0] < 8
    assert relative_error(got.gains[0].element, columns) < 0.05
    assert any("of 36 dimensions" in sentence for sentence in unidentified(got, level))
    assert any("only antenna" in sentence for sentence in unidentified(got, level))


def test_less_pull_explains_more_of_what_it_learned_from() -> None:
    scenes = detuned(phases(36, 0.4), 10)
    known = known_scenes(scenes.observation, scenes.truth.positions)[0]
    shares = [float(explained(known, fit_gains(known, ridge)).mean()) for ridge in (100.0, 1.0, 0.01)]
    assert float(explained(known, no_gains(known)).mean()) < shares[0] < shares[1] < shares[2] <= 1


def test_what_cannot_teach_is_refused() -> None:
    scenes = detuned(phases(36, 0.1), 3)
    with pytest.raises(InputError, match="a position in each of 3 scenes"):
        known_scenes(scenes.observation, scenes.truth.positions[:2])
    with pytest.raises(InputError, match="at least two scenes"):
        learnt(scenes[:1])
    for folds in (1, 0, -3):
        with pytest.raises(InputError, match="at least two parts"):
            calibrate(known_scenes(scenes.observation, scenes.truth.positions), folds)
    with pytest.raises(InputError, match="more antennas than sources"):
        single = detuned(phases(36, 0.1), 3, "random", antennas=1)
        known_scenes(single.observation, single.truth.positions)


def test_a_position_known_in_part_is_refused() -> None:
    """A NaN distance beside an azimuth is a gap in the log, no empty slot: the source would be left out."""
    scenes = detuned(phases(36, 0.0), 4)
    positions = scenes.truth.positions.clone()
    positions[1, 0, 2] = torch.nan
    with pytest.raises(InputError, match="1 of 4 positions"):
        known_scenes(scenes.observation, positions)
