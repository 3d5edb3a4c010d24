"""Is what no wave and no noise leaves in a capture named, and nothing in sound ones?"""

from dataclasses import replace

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.estimate.fit import capture_notes
from ris_pytorch_pipeline.physics import Observation, complex_normal
from ris_pytorch_pipeline.rng import stream


def told(seen: Observation) -> str:
    return " | ".join(note.what for note in capture_notes(seen))


@pytest.mark.parametrize("name", ["random", "pilot", "seed", "hard"])
def test_presets_are_sound(name: str) -> None:
    assert not told(scenes(name, count=64, sources=2).observation)


def test_other_sound_captures_are_sound() -> None:
    """Wideband, one antenna, one code for all, a converter of two bits, codes that can be off."""
    assert not told(scenes("pilot", count=8, frequencies=3, bandwidth=0.1).observation)
    assert not told(scenes("pilot", count=64, antennas=1, snapshots=12).observation)
    seen = scenes("pilot", count=4).observation
    assert not told(replace(seen, codes=seen.codes[:, :1].expand_as(seen.codes)))
    y = torch.view_as_real(seen.measurements)
    coarse = ((y / y.std()).floor() + 0.5).clamp(-1.5, 1.5)
    assert not told(replace(seen, measurements=torch.view_as_complex(coarse)))
    off = seen.codes.clone()
    off[:, 3] = 0
    quiet = seen.measurements.clone()
    quiet[:, 3] *= 0.1
    assert not told(replace(seen, codes=off, measurements=quiet))


def altered(seen: Observation, how: str) -> Observation:
    y = seen.measurements.clone()
    if how == "real":
        return replace(seen, measurements=y.real + 0j)
    if how == "moduli":
        return replace(seen, measurements=y.abs() + 0j)
    if how == "dead":
        y[..., 3] = 0
    if how == "lost":
        y[:, 7] = 0
    if how == "twice":
        y[:, 8:] = y[:, :8]
    if how == "clipped":
        parts = torch.view_as_real(y)
        y = torch.view_as_complex(parts.clamp(-(end := parts.std()), end))
    if how == "offset":
        y += 2 * y.abs().square().mean().sqrt()
    if how == "beside":
        y += 2 * y.abs().square().mean().sqrt() * complex_normal((1, 1, 16), stream(0, "beside")).to(y)
    codes = seen.codes.clone()
    if how == "no code":
        codes[:, 2] = 0
    return replace(seen, measurements=y, codes=codes)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("real", "real numbers"),
        ("moduli", "magnitudes"),
        ("dead", "antennas 3 are zero in 4 of 4 scenes"),
        ("lost", "snapshots 7 are zero"),
        ("twice", "8 of 16 snapshots repeat"),
        ("clipped", "same largest size"),
        ("offset", "the same in all snapshots"),
        ("beside", "the same in all snapshots"),
        ("no code", "the codes of snapshots 2 are zero"),
    ],
)
def test_what_is_wrong_is_named(how: str, words: str) -> None:
    notes = capture_notes(altered(scenes(count=4).observation, how))
    assert len(notes) == 1 and words in notes[0].what
    assert notes[0].cause and notes[0].move


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_an_antenna_that_hears_noise_alone_is_named(symbols: str) -> None:
    seen = scenes(symbols, count=1).observation
    y = seen.measurements.clone()
    y[..., 3] = 0.2 * y.abs().square().mean().sqrt() * complex_normal(y[..., 3].shape, stream(1, "deaf")).to(y)
    notes = capture_notes(replace(seen, measurements=y))
    assert [note.what.split(" hear ")[0] for note in notes] == ["antennas 3"] and "amplifier" in notes[0].cause


def test_a_loud_antenna_of_a_loud_channel_is_no_odd_one() -> None:
    seen = scenes(count=4).observation
    gains = torch.ones(16).index_fill(0, torch.arange(8), 20.0)
    louder = replace(seen, measurements=seen.measurements * gains, channel=seen.channel * gains[:, None])
    assert not told(louder)


def test_an_offset_is_named_where_many_antennas_show_it() -> None:
    """Antennas that hear something else average what chance leaves in the mean: less of it is told."""
    for factor, words in ((0.01, "the same in all snapshots"), (10.0, "")):
        seen = scenes(count=4, rician_factor=factor).observation
        y = seen.measurements + 0.6 * seen.measurements.abs().square().mean().sqrt()
        assert words in told(replace(seen, measurements=y)) and bool(told(replace(seen, measurements=y))) == bool(words)
