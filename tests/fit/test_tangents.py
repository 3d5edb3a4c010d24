"""Are the directions of small errors those in which the measurements really change, and is each error seen?"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.estimate.fit import groups_of, structure, tangents_of
from ris_pytorch_pipeline.estimate.fit.certainty.panel_error import error_power
from ris_pytorch_pipeline.estimate.fit.residual import tangents
from ris_pytorch_pipeline.estimate.fit.residual.code_errors import code_errors, neighbours
from ris_pytorch_pipeline.estimate.fit.residual.structure import STATISTICS, factors
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import (
    Array,
    Impairments,
    Line,
    Observation,
    Points,
    Scenes,
    measure,
    steering_at,
    to_cosines,
)
from ris_pytorch_pipeline.physics.array.steering import steering


def drifting(true: Scenes) -> Observation:
    """The same noise-free scenes with an azimuth that moves by 3 degrees while they are recorded."""
    seen, truth = true.observation, true.truth
    parts = []
    for late, shift in enumerate(torch.linspace(-0.026, 0.026, seen.codes.shape[1]).tolist()):
        at, moved = slice(late, late + 1), truth.positions + shift * truth.positions.new_tensor([1.0, 0.0, 0.0])
        vectors = steering_at(to_cosines(moved, seen.array), seen.array)
        parts.append(measure(vectors, truth.symbols[:, at], seen.codes[:, at], seen.channel))
    still = measure(steering(truth.positions, seen.array), truth.symbols, seen.codes, seen.channel)
    return replace(seen, measurements=seen.measurements + torch.cat(parts, dim=1) - still)


def two_carriers(true: Scenes) -> Observation:
    """The same noise with every wave at 95 % and, in quadrature, at 105 % of its frequency."""
    seen, truth = true.observation, true.truth
    clean = measure(steering(truth.positions, seen.array), truth.symbols, seen.codes, seen.channel)
    other = torch.zeros_like(clean)
    for shift, phase in ((0.95, 1), (1.05, 1j)):
        array = replace(seen.array, wavelengths=(seen.array.wavelength / shift,))
        vectors = steering_at(to_cosines(truth.positions, array), array)
        other += measure(vectors, truth.symbols * phase / 2**0.5, seen.codes, seen.channel)
    return replace(seen, measurements=seen.measurements - clean + other)


def p_values(observation: Observation, true: Scenes) -> torch.Tensor:
    """(scene, statistic): p-values one by one, in the order of `STATISTICS`."""
    seen, positions = scale(observation).observation, true.truth.positions
    groups = groups_of(seen, positions)
    return structure(seen, groups, tangents_of(seen, groups, positions)).each


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_a_drift_is_seen(name: str) -> None:
    true = scenes(name, count=8, snr_db=20.0)
    number = next(n for n, words in enumerate(STATISTICS) if "drift" in words)
    assert float(p_values(true.observation, true)[:, number].amin()) > 1e-3
    assert int((p_values(drifting(true), true)[:, number] < 1e-4).sum()) >= 7


def sent_otherwise(true: Scenes, sent: Callable[[torch.Tensor], torch.Tensor]) -> Observation:
    """The same noise with another field behind the panel: `sent` of what the codes say, (scene, snapshot, element)."""
    seen, truth = true.observation, true.truth
    waves = steering(truth.positions, seen.array).nan_to_num(0)
    stated = seen.codes * (truth.symbols.nan_to_num(0) @ waves)
    return replace(seen, measurements=seen.measurements + (sent(stated) - stated) @ seen.channel.mT)


def coupled(stated: torch.Tensor) -> torch.Tensor:
    """A tenth of what each element of 12 x 12 sends comes from its neighbours, too."""
    square = torch.nn.functional.pad(stated.unflatten(-1, (12, 12)), (1, 1, 1, 1))
    inner = slice(1, -1)
    near = square[..., :-2, inner] + square[..., 2:, inner] + square[..., inner, :-2] + square[..., inner, 2:]
    return stated + 0.1 * near.flatten(-2)


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_coupled_neighbours_and_wrong_states_are_seen(name: str) -> None:
    true = scenes(name, count=8, snr_db=20.0)
    number = next(n for n, said in enumerate(STATISTICS) if "neighbours couple" in said)
    assert float(p_values(true.observation, true)[:, number].amin()) > 1e-3
    codes = true.observation.codes
    weaker = torch.where(codes.real < -0.1, 2 / 3, 1.0)
    for sent in (coupled, lambda stated: stated * weaker):
        assert int((p_values(sent_otherwise(true, sent), true)[:, number] < 1e-4).sum()) >= 7


def test_the_direction_of_coupling_is_the_derivative_of_the_measurements() -> None:
    true = scenes("random", count=2, snr_db=20.0)
    seen, wave = true.observation, steering(true.truth.positions, true.observation.array).nan_to_num(0)
    field = (true.truth.symbols.nan_to_num(0) @ wave)[:, None]
    change = sent_otherwise(true, coupled).measurements - seen.measurements
    assert torch.allclose(change / 0.1, code_errors(seen, field)[:, :, 0], atol=1e-9)


@pytest.mark.parametrize("array", [Line(count=7, spacing=0.15).array(0.3), Points([[0.0, 0, 0]], 0.3)])
def test_neighbours_of_a_line_are_next_to_each_other_and_one_element_has_none(array: Array) -> None:
    assert neighbours(array).T.tolist() == [[k, k + 1] for k in range(len(array) - 1)]


def test_pilots_of_more_than_one_wavelength_are_seen() -> None:
    true = scenes("pilot", count=8, snr_db=20.0)
    number = next(n for n, words in enumerate(STATISTICS) if "more than one wavelength" in words)
    assert float(p_values(true.observation, true)[:, number].amin()) > 1e-3
    assert int((p_values(two_carriers(true), true)[:, number] < 1e-4).sum()) >= 7


def test_the_rows_of_a_band_are_those_of_its_likelihood_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slower truth: the covariance of the residual with 40 carriers of their own, r^T (2 - (I/2 + C C^T)⁻¹) r / 2."""
    monkeypatch.setattr(tangents, "_BAND", 0.05)  # where the third order is small
    true = scenes("pilot", sources=2, count=4, snr_db=30.0, horizontal=4, vertical=4)
    seen, positions = scale(true.observation).observation, true.truth.positions
    groups = groups_of(seen, positions)
    found = tangents_of(seen, groups, positions)
    noise = groups.residual(groups.measurements).abs().square().sum((1, 2)) / (groups.equations - 2)
    carriers = []
    for shift in (0.05 * (k / 40 - 0.5) for k in (0.5 + n for n in range(40))):
        array = replace(seen.array, wavelengths=(seen.array.wavelength * (1 + shift),))
        heard = seen.response(steering_at(to_cosines(positions, array), array)) * groups.amplitudes[:, :, :, None]
        carriers += [turn * heard.transpose(1, 2).flatten(2)[:, k, None] / 40**0.5 for k in (0, 1) for turn in (1, 1j)]
    left = found.without_fitted(groups.residual(torch.stack(carriers)).to(torch.complex64))
    size = (2 * noise).sqrt()[:, None, None]
    columns = torch.view_as_real(left).flatten(2).movedim(0, 2).double() / size  # (scene, real, carrier)
    half = torch.eye(columns.shape[1], dtype=torch.float64) / 2
    exact = (4 * half - torch.linalg.inv(half + columns @ columns.mT)) / 2
    assert found.wide is not None
    rows = found.wide.double()
    assert float((rows.mT @ rows - exact).norm()) < 0.01 * float(exact.norm())


def test_pilots_of_several_wavelengths_have_a_quarter_of_the_level() -> None:
    single = factors(torch.ones(1, 10))
    several, known_noise = factors(torch.ones(1, 11)), factors(torch.ones(1, 13), 11)
    assert single.tolist() == [10] * 10
    assert several.tolist() == pytest.approx([40 / 3] * 10 + [4])
    assert known_noise.tolist() == pytest.approx([16] * 10 + [4] + [16] * 2)
    for found in (single, several, known_noise):
        assert float((1 / found).sum()) == pytest.approx(1)


def test_random_symbols_are_not_asked_for_a_wavelength_that_all_snapshots_share() -> None:
    true = scenes("random", count=2)
    assert p_values(true.observation, true).shape[1] == len(STATISTICS) - 1


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_phase_errors_follow_the_elements_whatever_the_symbols(name: str) -> None:
    true = scenes(name, count=8, sources=2, snr_db=20.0, impairments=Impairments(phase_error_rad=0.5))
    number = next(n for n, words in enumerate(STATISTICS) if "elements" in words)
    assert float(p_values(true.observation, true)[:, number].amax()) < 1e-4


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_the_power_of_errors_is_theirs(name: str) -> None:
    true = scenes(name, count=24, snr_db=25.0, impairments=Impairments(phase_error_rad=0.2))
    seen, positions = scale(true.observation).observation, true.truth.positions
    groups = groups_of(seen, positions)
    power, unequal = error_power(groups, tangents_of(seen, groups, positions))
    assert float(power.mean()) == pytest.approx(0.2**2, rel=0.15)
    assert bool((unequal >= 1).all())


def test_what_moves_of_the_sources_take_up_is_no_residual() -> None:
    true = scenes("random", count=3, sources=2)
    seen, positions = scale(true.observation).observation, true.truth.positions
    groups = groups_of(seen, positions)
    found = tangents_of(seen, groups, positions)
    eye = torch.eye(6).expand(3, 6, 6)
    assert torch.allclose(found.fitted @ found.fitted.mT, eye, atol=1e-4)
    assert torch.allclose(found.drifting @ found.fitted.mT, 0 * eye, atol=1e-4)
    left = groups.residual(groups.measurements)[None]
    once = found.without_fitted(left.to(torch.complex64))
    assert torch.allclose(found.without_fitted(once), once, atol=1e-5)
    assert float((once - left).abs().max()) > 1e-3


def test_a_scene_alone_has_the_directions_that_it_has_among_others() -> None:
    true = scenes("random", count=3, sources=2)
    seen, positions = scale(true.observation).observation, true.truth.positions.clone()
    positions[0, 1] = torch.nan
    one, all_of = (
        tangents_of(s, groups_of(s, p), p) for s, p in ((seen[[0]], positions[:1, :1]), (seen, positions))
    )  # fmt: skip
    assert torch.allclose((one.fitted.mT @ one.fitted)[0], (all_of.fitted.mT @ all_of.fitted)[0], atol=1e-4)
    assert torch.allclose(one.elements[0], all_of.elements[0], atol=1e-5)


def test_a_channel_of_rank_one_leaves_nothing_to_test() -> None:
    true = scenes("random", count=6, snr_db=20.0)
    seen = true.observation
    one = seen.channel[:, :, :1] @ seen.channel[:, :1] / seen.channel[:, :1, :1]
    clean = measure(steering(true.truth.positions, seen.array), true.truth.symbols, seen.codes, one)
    noise = seen.measurements - measure(
        steering(true.truth.positions, seen.array), true.truth.symbols, seen.codes, seen.channel
    )
    p_value = p_values(replace(seen, channel=one, measurements=clean + noise), true)
    assert float(p_value[:, 5:].amin()) > 1e-3
