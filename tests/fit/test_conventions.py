"""Does trying the usual conventions name the one that explains the data, and nothing where none is needed?"""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from fitted_scenes import conjugated, scenes
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.estimate import SearchRegion, Sml
from ris_pytorch_pipeline.estimate.fit import (
    NOISE_ESTIMATED,
    WIDER,
    better,
    channel_rank,
    conventions,
    explains,
    facts,
    grating_lobes,
    looks,
    notes,
    try_conventions,
)
from ris_pytorch_pipeline.estimate.fit.meaning import trying
from ris_pytorch_pipeline.physics import Line, Observation, Panel, Points, complex_normal, measure, steering
from ris_pytorch_pipeline.rng import stream

REGION = SearchRegion()
SMALL: dict[str, Any] = {"count": 1, "snr_db": 20.0, "antennas": 10, "snapshots": 8}
"""One scene, whose every convention is tried fast."""


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dozen searches a test, without the checks of shapes and types that the tests of the search have."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


def sml(_: Observation) -> Sml:
    return Sml()


def names_of_better(seen: Observation) -> list[str]:
    return [trial.name for trial in better(try_conventions(seen, sml, 1))]


def test_a_right_scene_is_explained_as_stated() -> None:
    trials = try_conventions(scenes(count=1, snr_db=20.0).observation, sml, 1)
    assert explains(trials)
    assert trials[0].name == "as stated"
    assert trials[0].explained > 0.9


def test_conjugated_codes_are_named() -> None:
    seen = conjugated(scenes(**SMALL).observation, "codes")
    trials = try_conventions(seen, sml, 1)
    assert not explains(trials)
    assert better(trials)[0].name == "codes conjugated"


def test_positions_listed_by_columns_are_named() -> None:
    seen = scenes(**SMALL, horizontal=12, vertical=6).observation
    order = torch.arange(72).reshape(6, 12).T.reshape(-1)
    wrong = replace(seen, array=replace(seen.array, elements=seen.array.elements[order]))
    assert names_of_better(wrong)[0] == "elements row by row"


@pytest.mark.parametrize("field", ["codes", "channel"])
@pytest.mark.parametrize("columns", [True, False])
def test_codes_or_a_channel_listed_otherwise_than_the_elements_are_named(field: str, columns: bool) -> None:
    """On a panel of 12 x 6, elements by rows and one of the others by columns, or the other way round."""
    seen = scenes(**SMALL, horizontal=12, vertical=6).observation
    order = torch.arange(72).reshape(6, 12).T.reshape(-1)
    if not columns:  # all by columns, but for this one
        seen = replace(
            seen, array=replace(seen.array, elements=seen.array.elements[order]), codes=seen.codes[..., order],
            channel=seen.channel[..., order],
        )  # fmt: skip
        order = order.argsort()
    wrong = replace(seen, **{field: vars(seen)[field][..., order]})
    assert names_of_better(wrong)[0] == f"elements of {field} {'column by column' if columns else 'row by row'}"


def test_conventions_that_explain_little_are_not_searched() -> None:
    seen = conjugated(scenes(**SMALL).observation, "codes")
    trials = try_conventions(seen, sml, 1)
    searched = [trial.name for trial in trials if trial.searched]
    assert {"as stated", "codes conjugated", "symbols pilot"} <= set(searched)
    assert len(searched) <= 10  # eight, the stated one and another kind of symbols
    left = [trial for trial in trials if not trial.searched]
    assert left and all(trial.evidence == 0 and 0 < trial.explained < 1 for trial in left)


@pytest.mark.parametrize(("factor", "name"), [(1000.0, "elements in millimetres"), (100.0, "elements in centimetres")])
def test_units_of_the_elements_are_named(factor: float, name: str) -> None:
    seen = scenes(**SMALL).observation
    wrong = replace(seen, array=replace(seen.array, elements=seen.array.elements * factor))
    assert name in names_of_better(wrong)


@pytest.mark.parametrize(
    ("factor", "name"), [(1e-3, "elements 1000 times larger"), (1e-2, "elements 100 times larger")]
)
def test_elements_in_too_small_a_unit_are_named(factor: float, name: str) -> None:
    seen = scenes(**SMALL).observation
    wrong = replace(seen, array=replace(seen.array, elements=seen.array.elements * factor))
    assert name in names_of_better(wrong)


def test_a_frequency_in_too_large_a_unit_is_named_first() -> None:
    seen = scenes(**SMALL).observation
    wrong = replace(seen, array=replace(seen.array, wavelengths=(seen.array.wavelength / 1e3,)))
    assert names_of_better(wrong)[0] == "wavelength 1000 times longer, frequency lower"


def test_a_noise_that_is_not_that_of_the_data_is_named() -> None:
    true = scenes(**SMALL)
    stated = replace(true.observation, noise_variance=true.truth.noise_variance)
    assert names_of_better(stated) == []
    assert names_of_better(replace(stated, noise_variance=true.truth.noise_variance / 100)) == [NOISE_ESTIMATED]


def test_wavelengths_from_the_other_end_are_named() -> None:
    seen = scenes(**SMALL, frequencies=3, bandwidth=0.2).observation
    wrong = replace(seen, array=replace(seen.array, wavelengths=seen.array.wavelengths[::-1]))
    assert names_of_better(wrong) == ["wavelengths reversed"]
    assert "wavelengths reversed" not in [way.name for way in conventions(scenes(count=1).observation)]


def test_a_frequency_in_place_of_a_wavelength_is_named() -> None:
    seen = scenes(**SMALL, wavelength=299_792_458.0 / 1e9).observation
    wrong = replace(seen, array=replace(seen.array, wavelengths=(1e9,)))
    assert names_of_better(wrong) == ["frequency as wavelength"]


def test_no_convention_is_tried_twice() -> None:
    found = conventions(scenes(count=1).observation)
    assert len({way.name for way in found}) == len(found)
    assert found[0].name == "as stated"


def test_what_is_real_or_symmetric_is_not_read_as_its_conjugate_or_transposed() -> None:
    measured = complex_normal((2, 5, 8), stream(0, "line"))
    seen = Observation(measurements=measured, array=Line(count=8, spacing=0.15).array(0.3), symbols="random")
    names = [way.name for way in conventions(seen)]
    assert [name for name in names if "conjugated" in name or "transposed" in name] == ["measurements conjugated"]


def test_rank_and_codes_are_noted() -> None:
    seen = scenes(count=2).observation
    assert channel_rank(seen).tolist() == [16, 16]
    assert not notes(seen, REGION)
    flat = replace(seen, channel=seen.channel[:, :1].expand(-1, 16, -1), codes=seen.codes[:, :1].expand(-1, 16, -1))
    told = " ".join(note.what for note in notes(flat, REGION))
    assert "rank one in 2 of 2" in told
    assert "do not vary" in told


@pytest.mark.parametrize(("antennas", "said"), [(1, "one number is"), (4, "4 numbers are"), (6, "6 numbers are")])
def test_codes_of_one_value_are_noted_with_what_is_heard_of_the_panel(antennas: int, said: str) -> None:
    (note,) = notes(scenes(count=2, codes="ones", antennas=antennas).observation, REGION)
    assert "do not vary in 2 of 2" in note.what and said in note.what
    assert ("no answer is to be trusted" in note.move) == (antennas <= 4)


def test_a_code_that_changes_by_a_factor_alone_does_not_vary() -> None:
    seen = scenes(count=1, codes="ones", antennas=4).observation
    turned = torch.exp(1j * torch.arange(seen.codes.shape[1], dtype=torch.float64))[:, None]
    (note,) = notes(replace(seen, codes=seen.codes * turned), REGION)
    assert "do not vary" in note.what


def test_antennas_that_hear_the_whole_panel_need_no_codes() -> None:
    seen = scenes(count=1, codes="ones", antennas=12, horizontal=4, vertical=3).observation
    assert not notes(seen, REGION)
    assert looks(seen).tolist() == [12] and facts(looks(seen), seen.array).tolist() == [22]


def test_codes_that_are_no_phases_are_noted() -> None:
    """States in place of exp(2πj state / 8); codes that can be switched off, and less their mean, are codes."""
    seen = scenes(count=1).observation
    states = (seen.codes.angle() / (2 * torch.pi) * 8).round() % 8
    (note,) = notes(replace(seen, codes=states.to(seen.codes)), REGION)
    assert "from 0 to 7" in note.what and "states" in note.cause
    switched = (states % 2).to(seen.codes)
    assert not notes(replace(seen, codes=switched), REGION)
    assert not notes(replace(seen, codes=seen.codes - seen.codes.mean(-2, keepdim=True)), REGION)


def test_a_row_of_the_positions_repeated_is_noted() -> None:
    seen = scenes(count=1).observation
    placed = seen.array.placed.clone()
    placed[7] = placed[6]
    (note,) = notes(replace(seen, array=Points(placed, 0.3)), REGION)
    assert f"1 of {len(placed)} elements are at the place of another one" in note.what


def test_grating_lobes_are_named_with_their_directions() -> None:
    seen = scenes(count=1).observation
    assert not len(grating_lobes(seen, REGION))
    sparse = replace(seen, array=Panel(horizontal=12, vertical=12, spacing=0.45).array(0.3))
    lobes = grating_lobes(sparse, REGION)
    level = lobes[lobes[:, 1].abs() < 0.02, 0].sin().abs()
    assert torch.allclose(level, torch.full_like(level, 0.3 / 0.45), atol=0.03)
    assert level.numel() >= 2
    assert "grating lobes" in notes(sparse, REGION)[0].cause


def test_transposed_measurements_are_named_where_shapes_do_not_show_it() -> None:
    seen = scenes(**{**SMALL, "snapshots": 10}).observation
    assert names_of_better(replace(seen, measurements=seen.measurements.mT)) == ["measurements transposed"]
    ways = {way.name for way in conventions(scenes(count=1, snapshots=12).observation)}
    assert not any("transposed" in name for name in ways), "shapes that disagree are refused"


def test_values_listed_in_another_order_are_put_back() -> None:
    seen = scenes(**{**SMALL, "count": 2}).observation
    count, snapshots, antennas = seen.measurements.shape
    listed = seen.measurements.mT.reshape(-1)  # scene, antenna, snapshot, the last first
    ways = {way.name: way for way in conventions(seen)}
    each, whole = (
        listed.reshape(count, snapshots, antennas),
        listed.reshape(snapshots, antennas, count).permute(2, 0, 1),
    )
    for wrong, read in ((each, "scene, snapshot, antenna"), (whole, "snapshot, antenna, scene")):
        mended = ways[f"values in the order scene, antenna, snapshot read as {read}"]
        assert torch.equal(mended.change(replace(seen, measurements=wrong)).measurements, seen.measurements)
    assert sum(name.startswith("values") for name in ways) == 12
    assert sum(way.name.startswith("values") for way in conventions(scenes(**SMALL).observation)) == 2


def fresnel_scene() -> Observation:
    seen = scenes(count=1).observation
    wave = steering(torch.tensor([[0.4, 0.2, 0.8]]), replace(seen.array, wavefront="fresnel"))
    sent = complex_normal((1, seen.codes.shape[1], 1), stream(3, "sent"))
    clean = measure(wave[None].to(seen.codes.dtype), sent.to(seen.codes.dtype), seen.codes, seen.channel)
    return replace(seen, measurements=clean + 1.0 * complex_normal(tuple(clean.shape), stream(3, "noise")).to(clean))


@pytest.fixture
def waves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the stated convention and other wavefronts are tried: each is a search."""
    monkeypatch.setattr(
        trying,
        "conventions",
        lambda seen: [w for w in conventions(seen) if w.name.startswith(("as stated", "wavefront"))],
    )


@pytest.mark.usefixtures("waves_alone")
def test_a_fresnel_wave_is_named_and_locates_its_data() -> None:
    seen = fresnel_scene()
    trials = try_conventions(seen, sml, 1)
    assert trials[0].good == 0
    assert better(trials)[0].name == "wavefront fresnel"
    assert better(trials)[0].places[0] == pytest.approx((0.4, 0.2, 0.8), rel=0.05)


@pytest.mark.usefixtures("waves_alone")
def test_a_source_outside_the_field_is_found_in_a_wider_one() -> None:
    seen = scenes(**SMALL, azimuth_deg=(40.0, 50.0), horizontal=6, vertical=6).observation
    narrow = SearchRegion(azimuth=(-0.2, 0.2), elevation=(-0.6, 0.6))
    trials = try_conventions(seen, lambda _: Sml(region=narrow), 1, lambda _: Sml(region=REGION))
    assert better(trials)[0].name == WIDER
    assert math.radians(39) < trials[-1].places[0][0] < math.radians(51)


def test_a_wider_field_holds_the_stated_one() -> None:
    flat = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3)
    assert REGION.wider(flat).ahead and REGION.wider(flat).distance == pytest.approx((0.5 / 3, 100.0))
    assert SearchRegion(elevation=(0.0, 0.0)).wider(flat).fixed == ("elevation",)
    assert not SearchRegion(azimuth=(-math.pi, math.pi)).wider(flat).ahead


def test_a_wider_field_of_an_array_with_depth_reaches_behind_it() -> None:
    deep = Points(complex_normal((40, 3), stream(0, "deep")).real, 0.3)
    assert deep.deep
    assert REGION.wider(deep).azimuth == (-math.pi, math.pi)


def test_a_wider_field_of_a_panel_on_the_floor_is_all_around() -> None:
    panel = Panel(horizontal=8, vertical=8, spacing=0.15).elements()
    assert REGION.wider(Points(panel[:, [1, 2, 0]], 0.3)).azimuth == (-math.pi, math.pi)
    assert REGION.wider(Points(panel, 0.3)).azimuth == (-0.499 * math.pi, 0.499 * math.pi)


def test_codes_that_run_ahead_and_antennas_in_reverse_are_named() -> None:
    seen = scenes(**SMALL).observation
    assert names_of_better(replace(seen, codes=seen.codes.roll(-1, dims=1))) == ["codes one snapshot later"]
    assert names_of_better(replace(seen, measurements=seen.measurements.flip(-1))) == ["antennas reversed"]


def test_positions_in_wavelengths_are_named() -> None:
    seen = scenes(**SMALL, wavelength=0.01, horizontal=6, vertical=6).observation
    wrong = replace(seen, array=replace(seen.array, elements=seen.array.elements / 0.01))
    assert "elements in wavelengths" in names_of_better(wrong)
