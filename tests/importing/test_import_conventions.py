"""Does a convention named in a mapping undo what was done to the data?"""

from pathlib import Path

import numpy as np
import pytest
import torch
from captures import CHANNEL, CODES, HEAD, MEASURED, arrays, capture, given, mapped, same, write

from ris_pytorch_pipeline.data import truth_at
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.importing import doubts_of, import_scenes, summary_of

Y, C = capture().observation.measurements.numpy(), capture().observation.codes.numpy()
H = capture().observation.channel.numpy()
STORED = {
    "conjugated": ({"Y": Y.conj()}, 'axes = ["scene", "snapshot", "antenna"]\nconjugate = true'),
    "real and imaginary": ({"Y": np.stack([np.real(Y), np.imag(Y)])},
                           'axes = ["part", "scene", "snapshot", "antenna"]\nform = "parts"'),
    "interleaved": ({"Y": np.stack([np.real(Y), np.imag(Y)], -1).reshape(3, 6, 10)},
                    'axes = ["scene", "snapshot", "antenna"]\nform = "interleaved"'),
    "two arrays": ({"Y": np.real(Y), "Q": np.imag(Y)}, 'axes = ["scene", "snapshot", "antenna"]\nimaginary = "Q"'),
    "decibels and degrees": ({"Y": 20 * np.log10(np.abs(Y)), "P": np.angle(Y, deg=True)},
                             'axes = ["scene", "snapshot", "antenna"]\nphase = "P"\nunit = "dB"\nphase_unit = "deg"'),
    "polar": ({"Y": np.stack([np.abs(Y), np.angle(Y)], -1)},
              'axes = ["scene", "snapshot", "antenna", "part"]\nform = "polar"\nphase_unit = "rad"'),
    "unsigned counts": ({"Y": np.real(Y) * 500 + 2048, "Q": np.imag(Y) * 500 + 2048},
                        'axes = ["scene", "snapshot", "antenna"]\nimaginary = "Q"\nscale = 0.002\noffset = -4.096'),
    "counts in turns": ({"Y": 8 + 4 * np.stack([np.real(Y), np.imag(Y)], -1).reshape(3, 6, 10)},
                        'axes = ["scene", "snapshot", "antenna"]\nform = "interleaved"\nscale = 0.25\noffset = -2'),
    "an amplifier's decibels": ({"Y": 20 * np.log10(np.abs(Y)) + 30, "P": np.angle(Y)},
                                'axes = ["scene", "snapshot", "antenna"]\nphase = "P"\nunit = "dB"\noffset = -30\n'
                                'phase_unit = "rad"'),
    "backwards": ({"Y": Y[:, ::-1]}, 'axes = ["scene", "snapshot", "antenna"]\nreverse = ["snapshot"]'),
    "repeats": ({"Y": np.stack([Y + 1, Y - 1])}, 'axes = ["repeat", "scene", "snapshot", "antenna"]'),
    "one of many": ({"Y": np.stack([0 * Y, Y], 1)},
                    'axes = ["scene", "frequency", "snapshot", "antenna"]\npick = { frequency = 1 }'),
    "flat": ({"Y": Y.ravel()}, 'shape = [3, 6, 5]\naxes = ["scene", "snapshot", "antenna"]'),
}  # fmt: skip


@pytest.mark.parametrize("how", STORED)
def test_measurements_stored_otherwise(tmp_path: Path, how: str) -> None:
    changed, lines = STORED[how]
    assert same(given(tmp_path, changed, f'[measurements]\narray = "Y"\n{lines}\n', CODES, CHANNEL))


def test_parts_that_are_complex_themselves_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two real parts of measurements"):
        given(
            tmp_path,
            {"Y": np.stack([Y, Y])},
            f'[measurements]\narray = "Y"\n{STORED["real and imaginary"][1]}\n',
            CODES,
            CHANNEL,
        )


def test_the_other_time_convention(tmp_path: Path) -> None:
    values = {"Y": Y.conj().transpose(2, 1, 0), "C": C.conj(), "H": H.conj().transpose(1, 2, 0)}
    assert same(given(tmp_path, values, "conjugate = true", MEASURED, CODES, CHANNEL))
    assert not same(given(tmp_path, values, MEASURED, CODES, CHANNEL))


def test_elements_counted_down_columns(tmp_path: Path) -> None:
    columns = C.reshape(3, 6, 3, 4).transpose(0, 1, 3, 2).reshape(3, 6, 12)
    assert same(given(tmp_path, {"C": columns}, MEASURED, CODES + 'order = "columns"\n', CHANNEL))


def test_codes_by_number_in_a_codebook(tmp_path: Path) -> None:
    values = {"order": np.arange(18).reshape(3, 6) + 1, "book": C.reshape(18, 12)}
    text = '[codes]\narray = "order"\naxes = ["scene", "snapshot"]\nform = "index"\ncodebook = "book"\n'
    assert same(given(tmp_path, values, "base = 1", MEASURED, text, CHANNEL))
    with pytest.raises(ConfigurationError, match="base = 1"):
        given(tmp_path, values, MEASURED, text, CHANNEL)


@pytest.mark.parametrize(
    ("stored", "how"),
    [
        (-np.angle(C, deg=True) + 90, 'form = "phase"\nphase_unit = "deg"\nscale = -1\noffset = 90'),
        (np.round(np.angle(C) / (2 * np.pi) * 4) % 4 * 2 + 3, 'form = "state"\nlevels = 4\nscale = 0.5\noffset = -1.5'),
    ],
    ids=["phases", "states"],
)
def test_a_scale_is_that_of_the_stored_numbers_in_every_form(tmp_path: Path, stored: np.ndarray, how: str) -> None:
    codes = f'[codes]\narray = "C"\naxes = ["scene", "snapshot", "element"]\n{how}'
    assert same(given(tmp_path, {"C": stored}, MEASURED, codes, CHANNEL))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("levels = 8", "codes.levels with form 'state'; got form 'complex'"),
        ('phase_unit = "deg"', "codes.phase_unit with form 'phase' or 'polar' or 'index'; got form 'complex'"),
        ('form = "phase"\nphase_unit = "rad"\nunit = "deg"', "codes.unit with form 'complex' or 'polar'"),
        ('form = "phase"\nphase_unit = "rad"\nimaginary = "Q"', "codes.imaginary with form 'complex'"),
        ('form = "state"\ncodebook = "H"', "codes.codebook with form 'index'"),
        ('imaginary = "Q"\nphase = "P"', "codes.imaginary or codes.phase; got both"),
        ('unit = "dB"', "magnitudes of codes"),
    ],
)
def test_an_option_that_the_form_does_not_use_is_refused(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        given(tmp_path, {}, MEASURED, CODES + line, CHANNEL)
    assert words in str(refused.value)


def test_a_phase_without_a_unit_names_the_key_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"codes\.phase_unit out of rad, deg; got none"):
        given(tmp_path, {"C": np.angle(C)}, MEASURED, CODES + 'form = "phase"', CHANNEL)


@pytest.mark.parametrize("how", ['"phase"\nphase_unit = "rad"', '"state"\nlevels = 4', '"index"\ncodebook = "C"'])
def test_complex_numbers_are_no_phases_states_or_indices(tmp_path: Path, how: str) -> None:
    with pytest.raises(InputError, match="an array that holds codes themselves"):
        given(tmp_path, {}, MEASURED, f"{CODES}form = {how}", CHANNEL)


def test_an_order_of_elements_beside_axes_that_say_it_is_refused(tmp_path: Path) -> None:
    codes = '[codes]\narray = "states"\naxes = ["snapshot", "vertical", "horizontal", "scene"]\norder = "columns"\n'
    with pytest.raises(ConfigurationError, match="vertical and horizontal, which say the order"):
        given(tmp_path, {}, MEASURED, codes + 'form = "state"\nlevels = 4', CHANNEL)


def test_the_mean_over_the_codes_removes_what_no_code_changes(tmp_path: Path) -> None:
    got = given(tmp_path, {"Y": (Y + 7).transpose(2, 1, 0)}, "remove_mean = true", MEASURED, CODES, CHANNEL)
    assert np.allclose(got.measurements.numpy(), Y - Y.mean(1, keepdims=True))
    assert np.allclose(got.codes.numpy(), C - C.mean(1, keepdims=True))


def test_antennas_in_place_of_a_channel(tmp_path: Path) -> None:
    text = """
[antennas]
azimuth = { value = [10, 20, 30, 40, 50], unit = "deg" }
distance = { value = [200, 180, 160, 140, 120], unit = "cm" }
"""
    got = given(tmp_path, {}, MEASURED, CODES, text).channel[0].numpy()
    for row, (angle, far) in enumerate(zip(np.deg2rad([10, 20, 30, 40, 50]), [2, 1.8, 1.6, 1.4, 1.2], strict=True)):
        place = far * np.array([np.cos(angle), np.sin(angle), 0])
        path = np.linalg.norm(capture().observation.elements.numpy() - place, axis=1)
        assert np.allclose(got[row], np.exp(-2j * np.pi * path / 0.3)), "the path counts from the antenna on"


@pytest.mark.parametrize("symbols", ["pilot", "random"])
@pytest.mark.parametrize("antennas", [1, 5])
def test_what_is_fitted_to_positions_is_near_the_truth(symbols: str, antennas: int) -> None:
    sources = 1 if (symbols, antennas) == ("random", 1) else 2  # the mean power of one antenna tells no two apart
    scenes = capture(symbols, 20, antennas=antennas, snapshots=32, sources=[1, sources], separation=0.3)
    got = truth_at(scenes.observation, scenes.truth.positions)
    assert torch.equal(got.sources, scenes.truth.sources)
    assert (got.snr_db - scenes.truth.snr_db).abs().median() < (2 if antennas > 1 or symbols == "pilot" else 30)
    ratio = (got.powers / scenes.truth.powers)[scenes.truth.present]
    slack = 1.6 if antennas > 1 or symbols == "pilot" else 3
    assert 1 / slack < float(ratio.median()) < slack


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('axes = ["antena", "snapshot", "scene"]', "did you mean 'antenna'"),
        ('axes = ["antenna", "snapshot"]', "measurements.axes with a name for each of 3 axes"),
        ('axes = ["antenna", "snapshot", "element"]', "measurements.axes out of scene, frequency, snapshot, antenna"),
        ('axes = ["antenna", "snapshot", "scene"]\npick = { scene = 3 }', r"measurements.pick.scene in 0\.\.2"),
        ('axes = ["antenna", "snapshot", "scene"]\nform = "interleved"', "did you mean 'interleaved'"),
        ('axes = ["antenna", "snapshot", "scene"]\nshape = [7, 7]', "measurements.shape of 90 entries"),
    ],
)
def test_errors_name_the_key(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        given(tmp_path, {}, f'[measurements]\narray = "Y"\n{line}\n', CODES, CHANNEL)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unit = "m"', 'unit = "meter"', "panel.unit out of m, cm"),
        (', unit = "m"', "", "panel.unit out of m, cm.*got none"),
        ('symbols = "pilot"', "", "symbols"),
        ('file = "capture.npz"', "", "measurements.file"),
        ('file = "capture.npz"', 'file = "capture.xlsx"', "InputError|beside the mapping"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    write(tmp_path, "npz", arrays(capture()))
    text = HEAD.replace(old, new) + MEASURED + CHANNEL
    with pytest.raises((ConfigurationError, InputError), match=words):
        import_scenes(mapped(tmp_path, text))


def test_a_wrong_unit_is_doubted(tmp_path: Path) -> None:
    write(tmp_path, "npz", {**arrays(capture()), "C": C})
    text = HEAD.replace('0.15, unit = "m"', '0.15, unit = "mm"') + MEASURED + CODES + CHANNEL
    imported = import_scenes(mapped(tmp_path, text))
    assert any("0.0005 wavelengths apart" in doubt for doubt in doubts_of(imported))
    assert {row.what: row.value for row in summary_of(imported)}["scenes"] == "3"
    assert not doubts_of(import_scenes(mapped(tmp_path, HEAD + MEASURED + CODES + CHANNEL)))


def doubted(folder: Path, changed: dict[str, np.ndarray], *parts: str) -> str:
    """Doubts about a capture in which some arrays are not what the mapping says."""
    write(folder, "npz", {**arrays(capture()), "C": C, **changed})
    return " | ".join(doubts_of(import_scenes(mapped(folder, "\n".join([HEAD, *parts])))))


POLAR = '[measurements]\narray = "Y"\naxes = ["scene", "snapshot", "antenna"]\nphase = "P"\n'
TURNS = np.exp(0.25j * np.pi * np.arange(8))[:, None, None, None]


def test_numbers_in_another_unit_are_doubted(tmp_path: Path) -> None:
    size, phase, level = np.abs(Y), np.angle(Y), 20 * np.log10(np.abs(Y))
    right = POLAR + 'phase_unit = "rad"\n'
    assert not doubted(tmp_path, {"Y": size, "P": phase}, right, CODES, CHANNEL)
    assert "look like degrees" in doubted(tmp_path, {"Y": size, "P": np.degrees(phase)}, right, CODES, CHANNEL)
    said = doubted(tmp_path, {"Y": size, "P": phase}, right.replace("rad", "deg"), CODES, CHANNEL)
    assert "look like radians" in said
    assert "look like decibels" in doubted(tmp_path, {"Y": level, "P": phase}, right, CODES, CHANNEL)
    assert not doubted(tmp_path, {"Y": level, "P": phase}, right + 'unit = "dB"\n', CODES, CHANNEL)
    small = {"Y": size / size.max(), "P": phase}
    assert "look linear" in doubted(tmp_path, small, right + 'unit = "dB"\n', CODES, CHANNEL)


def test_levels_of_which_half_occur_are_doubted(tmp_path: Path) -> None:
    states = {"C": np.round(np.angle(C) / (2 * np.pi) * 4) % 4}
    form = CODES + 'form = "state"\nlevels = '
    assert not doubted(tmp_path, states, MEASURED, form + "4", CHANNEL)
    assert "0 to 3 of 8 levels only" in doubted(tmp_path, states, MEASURED, form + "8", CHANNEL)


def test_repeats_that_do_not_add_up_are_doubted(tmp_path: Path) -> None:
    """A phase that runs over the repeats leaves nothing of their mean; noise alone has nothing in common."""
    form = '[measurements]\narray = "Y"\naxes = ["repeat", "scene", "snapshot", "antenna"]\n'
    noise = np.random.default_rng(0).standard_normal((8, *Y.shape))
    assert not doubted(tmp_path, {"Y": Y + 0.1 * noise * np.abs(Y).mean()}, form, CODES, CHANNEL)
    assert not doubted(tmp_path, {"Y": noise + 1j * noise[::-1]}, form, CODES, CHANNEL)
    noisy = Y * TURNS + 0.1 * noise * np.abs(Y).mean()
    assert "runs from repeat to repeat" in doubted(tmp_path, {"Y": noisy}, form, CODES, CHANNEL)


def test_a_part_of_the_numbers_is_doubted(tmp_path: Path) -> None:
    form = '[measurements]\narray = "Y"\naxes = ["scene", "snapshot", "antenna"]\n'
    assert "phases are missing" in doubted(tmp_path, {"Y": np.real(Y)}, form, CODES, CHANNEL)


def test_a_wavefront_is_that_of_the_array(tmp_path: Path) -> None:
    seen = given(tmp_path, {}, MEASURED, CODES, CHANNEL)
    assert seen.array.wavefront.name == "spherical"
    near = import_scenes(mapped(tmp_path, 'wavefront = "fresnel"\n' + "\n".join([HEAD, MEASURED, CODES, CHANNEL])))
    assert near.observation.array.wavefront.name == "fresnel"
    with pytest.raises(ConfigurationError, match="did you mean 'fresnel'"):
        import_scenes(mapped(tmp_path, 'wavefront = "fresnell"\n' + "\n".join([HEAD, MEASURED, CODES, CHANNEL])))


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((0, 3), None),
        ((1, 4), r"states of codes in 0\.\.3; got 1 to 4.*another base.*write base = 1"),
        ((0, 7), r"states of codes in 0\.\.3; got 0 to 7.*another number of bits.*codes\.levels"),
        ((-1, 1), r"got -1 to 1.*other numbers than states"),
    ],
)
def test_states_that_the_levels_do_not_have_are_refused(
    tmp_path: Path, states: tuple[int, int], said: str | None
) -> None:
    """exp(2πj x / levels) would take them for others in silence."""
    numbers = np.arange(C.size).reshape(C.shape) % (states[1] - states[0] + 1) + states[0]
    codes = CODES + 'form = "state"\nlevels = 4\n'
    parts = (MEASURED, codes, CHANNEL)
    if said is None:
        assert given(tmp_path, {"C": numbers}, *parts).codes.shape == C.shape
        return
    with pytest.raises(InputError, match=said):
        given(tmp_path, {"C": numbers}, *parts)
