"""Laws of the Cramér-Rao bounds: scaling, limits, closed forms and textbook arrays."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bounds import deterministic_bound, pilot_bound, scene_bound, stochastic_bound
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import Impairments, Line, Scenes, Sounding, direct, draw, preset, steering
from ris_pytorch_pipeline.rng import stream


def arguments(scenes: Scenes) -> dict:
    given = scenes.observation
    return {"sounding": Sounding(array=given.array, codes=given.codes, channel=given.channel)}


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return draw(preset("random", sources=3, snr_db=10.0), 6, stream(0, "bounds"))


def all_bounds(scenes: Scenes, noise: Tensor, snapshots: int = 16) -> dict[str, Tensor]:
    truth, rest = scenes.truth, arguments(scenes)
    rest["sounding"] = replace(rest["sounding"], codes=rest["sounding"].codes[:, :snapshots])
    found = {
        "deterministic": deterministic_bound(truth.positions, truth.symbols[:, :snapshots], noise, **rest),
        "pilot": pilot_bound(truth.positions, truth.symbols[:, 0], noise, **rest),
        "stochastic": stochastic_bound(truth.positions, truth.powers, noise, **rest),
    }
    return {name: bound.deviations for name, bound in found.items()}


@pytest.mark.parametrize("name", ["deterministic", "pilot"])
def test_deviation_scales_exactly_with_the_noise_amplitude(scenes: Scenes, name: str) -> None:
    noise = scenes.truth.noise_variance
    torch.testing.assert_close(
        all_bounds(scenes, noise * 100)[name], 10 * all_bounds(scenes, noise)[name], rtol=1e-8, atol=0
    )


@pytest.mark.parametrize("name", ["deterministic", "pilot", "stochastic"])
def test_more_snapshots_never_raise_the_bound(scenes: Scenes, name: str) -> None:
    noise = scenes.truth.noise_variance
    half, full = (all_bounds(scenes, noise, snapshots)[name] for snapshots in (8, 16))
    assert (full <= half * (1 + 1e-9)).all()


@pytest.mark.parametrize("name", ["deterministic", "pilot", "stochastic"])
def test_more_noise_never_lowers_the_bound(scenes: Scenes, name: str) -> None:
    noise = scenes.truth.noise_variance
    assert (all_bounds(scenes, 2 * noise)[name] >= all_bounds(scenes, noise)[name]).all()


def test_stochastic_bound_meets_the_deterministic_one_at_high_snr() -> None:
    one = draw(preset("random", sources=1, snr_db=50.0), 4, stream(0, "high"))
    unit = torch.ones_like(one.truth.symbols) * one.truth.powers.sqrt()[:, None, :]
    rest = arguments(one)
    sharp = deterministic_bound(one.truth.positions, unit, one.truth.noise_variance, **rest).deviations
    random = stochastic_bound(one.truth.positions, one.truth.powers, one.truth.noise_variance, **rest).deviations
    torch.testing.assert_close(random, sharp, rtol=1e-3, atol=0)


@pytest.mark.parametrize("distance", [3.0, 5.0, 10.0])
def test_distance_deviation_has_the_closed_form_near_broadside(distance: float) -> None:
    """σ_r ≈ 2.135 λ r² / (D² sqrt(L M SNR)) for a square aperture of side D and a constant symbol."""
    scenario = preset("pilot", sources=1, azimuth_deg=2.0, elevation_deg=2.0, distance=distance, snr_db=10.0)
    got = scene_bound(draw(scenario, 40, stream(0, "closed form"))).distance.median()
    side = 12 * 0.15
    closed = 2.135 * 0.3 * distance**2 / (side**2 * math.sqrt(16 * 16 * 10))
    assert float(got) == pytest.approx(closed, rel=0.15)


def linear_array(sources: list[float], snapshots: int) -> dict:
    """A full-digital half-wavelength line of 8 elements that looks at the far field: H = I, codes 1."""
    sounding = direct(Line(count=8, spacing=0.15).array(0.3), 1, snapshots)
    azimuth = torch.tensor(sources, dtype=torch.float64)
    return {
        "positions": torch.stack([azimuth, 0 * azimuth, torch.full_like(azimuth, torch.inf)], dim=-1)[None],
        "sounding": sounding,
        "known": ("elevation", "distance"),
    }  # fmt: skip


def textbook_matrices(array: dict) -> tuple[Tensor, Tensor]:
    """A and D = ∂A/∂φ of the linear array, (element, source)."""
    a = steering(array["positions"], array["sounding"].array)[0].T
    azimuth, h = array["positions"][0, :, 0], array["sounding"].elements[:, 1]
    return a, 2j * math.pi / 0.3 * h[:, None] * azimuth.cos() * a


def test_far_field_full_digital_array_has_the_textbook_deterministic_bound() -> None:
    """Stoica and Nehorai 1989: C = σ²/2 {Σ_t Re[(D^H P⊥ D) ∘ (s s^H)^T]}⁻¹."""
    array = linear_array([-0.2, 0.25], 20)
    a, d = textbook_matrices(array)
    symbols = torch.randn(20, 2, generator=stream(0, "s"), dtype=torch.complex128)
    inner = d.mH @ (torch.eye(8, dtype=a.dtype) - a @ torch.linalg.solve(a.mH @ a, a.mH)) @ d
    information = (inner * (symbols.T @ symbols.conj()).T).real * 2 / 0.1
    want = torch.linalg.inv(information).diagonal().sqrt()
    positions = array.pop("positions")
    got = deterministic_bound(positions, symbols[None], torch.tensor([0.1], dtype=torch.float64), **array)
    torch.testing.assert_close(got.azimuth[0], want, rtol=1e-8, atol=0)
    assert (got.elevation == 0).all()
    assert (got.distance == 0).all()


def test_far_field_full_digital_array_has_the_textbook_stochastic_bound() -> None:
    """Stoica and Nehorai 1990, exact for K = 1: C = σ²/(2 L) {Re[(D^H P⊥ D) ∘ (P A^H R⁻¹ A P)^T]}⁻¹.

    With K = 2 the textbook leaves the source covariance free; knowing that it is diagonal can only help.
    """
    for sources, exact in (([0.3], True), ([-0.2, 0.25], False)):
        array = linear_array(sources, 20)
        a, d = textbook_matrices(array)
        powers = torch.arange(1, 1 + len(sources), dtype=torch.float64)
        r = (a * powers) @ a.mH + 0.1 * torch.eye(8, dtype=a.dtype)
        inner = d.mH @ (torch.eye(8, dtype=a.dtype) - a @ torch.linalg.solve(a.mH @ a, a.mH)) @ d
        signal = powers[:, None] * (a.mH @ torch.linalg.solve(r, a)) * powers
        want = torch.linalg.inv((inner * signal.T).real * 2 * 20 / 0.1).diagonal().sqrt()
        positions = array.pop("positions")
        got = stochastic_bound(positions, powers[None], torch.tensor([0.1], dtype=torch.float64), **array).azimuth[0]
        if exact:
            torch.testing.assert_close(got, want, rtol=1e-8, atol=0)
        else:
            assert (got <= want * (1 + 1e-9)).all()
            torch.testing.assert_close(got, want, rtol=0.02, atol=0)


@pytest.mark.parametrize("name", ["deterministic", "pilot", "stochastic"])
def test_a_bound_of_single_precision_is_that_of_double(scenes: Scenes, name: str) -> None:
    truth, single = scenes.truth, scenes.observation.to(dtype=torch.complex64)
    positions, noise = truth.positions.float(), truth.noise_variance.float()
    found = {
        "deterministic": lambda: deterministic_bound(positions, truth.symbols.to(torch.complex64), noise, single),
        "pilot": lambda: pilot_bound(positions, truth.symbols[:, 0].to(torch.complex64), noise, single),
        "stochastic": lambda: stochastic_bound(positions, truth.powers.float(), noise, single),
    }[name]()
    torch.testing.assert_close(
        found.deviations, all_bounds(scenes, truth.noise_variance)[name].to(found.deviations), rtol=1e-3, atol=0
    )


def test_scene_bound_matches_the_expected_sizes() -> None:
    """Median azimuth deviations at 10 dB, in degrees, within 15 %."""
    for name, expected in {"random": {1: 0.16, 3: 0.39, 5: 0.64}, "pilot": {1: 0.11, 3: 0.21, 5: 0.34}}.items():
        for sources, degrees in expected.items():
            bound = scene_bound(draw(preset(name, sources=sources, snr_db=10.0), 60, stream(0, "expected")))
            assert math.degrees(float(bound.azimuth.median())) == pytest.approx(degrees, rel=0.15)


def test_scene_bound_pads_and_does_not_depend_on_other_scenes() -> None:
    mixed = draw(preset("random", snr_db=10.0), 8, stream(3, "mixed"))
    bound = scene_bound(mixed)
    assert torch.equal(bound.azimuth.isnan(), ~mixed.truth.present)
    alone = scene_bound(mixed[[5]])
    torch.testing.assert_close(alone.covariance[0], bound.covariance[5], equal_nan=True)


def test_two_sources_at_one_place_are_not_identifiable(scenes: Scenes) -> None:
    positions = scenes.truth.positions.clone()
    positions[:, 1] = positions[:, 0]
    with pytest.raises(InputError, match="full rank"):
        stochastic_bound(positions, scenes.truth.powers, scenes.truth.noise_variance, **arguments(scenes))


def test_a_source_behind_the_panel_is_refused(scenes: Scenes) -> None:
    positions = scenes.truth.positions.clone()
    positions[0, 0, 0] = 2.0
    with pytest.raises(InputError, match="azimuth"):
        stochastic_bound(positions, scenes.truth.powers, scenes.truth.noise_variance, **arguments(scenes))


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_the_bound_knows_where_the_elements_are(kind: str) -> None:
    """Scene by scene that of an array whose elements are there; near that of the array that estimators believe in."""
    moved = Impairments(position_error_wavelengths=0.1)
    scenes = draw(preset(kind, sources=(1, 2), snr_db=10.0, impairments=moved), 4, stream(3, "displaced"))
    found = scene_bound(scenes).deviations
    told = replace(scenes.truth, applied_elements=scenes.observation.elements.expand(4, -1, -1))
    believed = scene_bound(replace(scenes, truth=told)).deviations
    assert not torch.allclose(found, believed, rtol=1e-3, equal_nan=True)
    torch.testing.assert_close(found, believed, rtol=0.5, atol=0, equal_nan=True)
    for number in range(4):
        one = scenes[[number]]
        there = replace(one.observation.array, elements=one.truth.applied_elements[0])
        alone = replace(one, observation=replace(one.observation, array=there))
        torch.testing.assert_close(scene_bound(alone).deviations, found[[number]], equal_nan=True)
