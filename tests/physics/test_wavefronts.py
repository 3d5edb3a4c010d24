"""How far are the named approximations from the exact wave?"""

import math
from dataclasses import replace

import pytest
import torch
from scipy.optimize import minimize

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.physics import (
    Array,
    Panel,
    Wavefront,
    cosines_from_positions,
    fresnel,
    legacy_fresnel,
    planar,
    projections,
    spherical,
    steering_at,
)

ARRAY = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)


def excess_error(wavefront: Wavefront, q: float) -> float:
    cosines = torch.tensor([[0.5, 0.3, q], [-0.6, -0.2, q]], dtype=torch.float64)
    parts = projections(cosines, ARRAY.elements, flat=True)
    return float((wavefront.excess(*parts) - spherical.excess(*parts)).abs().max())


@pytest.mark.parametrize(("wavefront", "order"), [(fresnel, 2), (legacy_fresnel, 1), (planar, 1)])
def test_order_of_convergence_to_the_far_field(wavefront: Wavefront, order: int) -> None:
    rate = math.log2(excess_error(wavefront, 2e-3) / excess_error(wavefront, 1e-3))
    assert rate == pytest.approx(order, abs=0.02)


@pytest.mark.parametrize("wavefront", [fresnel, legacy_fresnel, planar, spherical])
def test_all_agree_in_the_far_field(wavefront: Wavefront) -> None:
    assert excess_error(wavefront, 0.0) < 1e-15


def fitted_distance(wavefront: Wavefront, azimuth_deg: float, elevation_deg: float, distance: float) -> float:
    """Distance at which the approximate steering vector best matches an exact wave."""
    position = torch.tensor([[math.radians(azimuth_deg), math.radians(elevation_deg), distance]], dtype=torch.float64)
    truth = cosines_from_positions(position)
    wave = steering_at(truth, ARRAY)

    def mismatch(x: list[float]) -> float:
        model = steering_at(torch.tensor([list(x)], dtype=torch.float64), replace(ARRAY, wavefront=wavefront))
        return 1 - float((model.conj() * wave).sum().abs() / len(ARRAY))

    options = {"xatol": 1e-7, "fatol": 1e-13}
    return 1 / float(minimize(mismatch, truth[0].tolist(), method="Nelder-Mead", options=options).x[2])


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "bias"), [(30.0, 10.0, 0.16), (50.0, 20.0, 0.46)]
)  # fmt: skip
def test_the_legacy_form_puts_sources_too_far(azimuth_deg: float, elevation_deg: float, bias: float) -> None:
    legacy = fitted_distance(legacy_fresnel, azimuth_deg, elevation_deg, 10.0)
    assert legacy / 10 - 1 == pytest.approx(bias, abs=0.01)
    assert fitted_distance(fresnel, azimuth_deg, elevation_deg, 10.0) == pytest.approx(10, rel=0.01)
    assert fitted_distance(spherical, azimuth_deg, elevation_deg, 10.0) == pytest.approx(10, rel=1e-4)


def test_an_array_takes_the_name_of_a_wavefront() -> None:
    assert Array(ARRAY.elements, 0.3, wavefront="fresnel").same_as(replace(ARRAY, wavefront=fresnel))
    with pytest.raises(ConfigurationError, match="did you mean 'fresnel'"):
        Array(ARRAY.elements, 0.3, wavefront="fresnl")
