"""Is the steering vector the phase of the true distance, near and far, and are its derivatives its derivatives?"""

import math
from decimal import Decimal, localcontext

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Panel,
    cosines_from_positions,
    projections,
    spherical,
    steering,
    steering_at,
    steering_with_derivatives,
)

WAVELENGTH = 0.3
PANEL = Panel(horizontal=12, vertical=12, spacing=0.15)
DIRECTIONS = [(0.0, 0.0), (0.5, 0.2), (-0.8, 0.3), (0.1, -0.55)]
DISTANCES = [0.3, 0.5, 1.0, 3.0, 10.0, 1e3, 1e6, math.inf]


def slow_excess(cosines: torch.Tensor, elements: torch.Tensor) -> torch.Tensor:
    """|p - q_n| - |p| from coordinates with 60 digits, for (u, w, q) exactly as given; -t at q = 0."""
    u, w, q = (Decimal(float(c)) for c in cosines)
    excess = []
    with localcontext() as context:
        context.prec = 60
        for _, h, v in elements.tolist():
            dh, dv = Decimal(h), Decimal(v)
            if q == 0:
                excess.append(float(-(dh * u + dv * w)))
                continue
            x, y, z = (1 - u * u - w * w).sqrt() / q, u / q, w / q
            excess.append(float((x * x + (y - dh) ** 2 + (z - dv) ** 2).sqrt() - 1 / q))
    return torch.tensor(excess, dtype=torch.float64)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize(("dtype", "tolerance_rad"), [(torch.float64, 1e-13), (torch.float32, 3e-5)])
def test_exact_wave_against_slow_distances(distance: float, dtype: torch.dtype, tolerance_rad: float) -> None:
    array = PANEL.array(WAVELENGTH).to(dtype=dtype)
    for u, w in DIRECTIONS:
        cosines = torch.tensor([[u, w, 1 / distance]], dtype=dtype)
        phase = slow_excess(cosines[0], array.elements) * (-2 * math.pi / WAVELENGTH)
        slow = torch.polar(torch.ones_like(phase), phase)
        error = (steering_at(cosines, array)[0].to(torch.complex128) - slow).abs().max()
        assert float(error) < tolerance_rad * max(1, float(phase.abs().max()) / 10)


def test_the_obvious_form_would_not_have_passed() -> None:
    elements, q = PANEL.elements(torch.float32), torch.tensor(1e-3)
    h, v = elements[:, 1], elements[:, 2]
    naive = (1 - 2 * q * (0.5 * h + 0.2 * v) + q.square() * (h.square() + v.square())).sqrt() / q - 1 / q
    cosines = torch.stack([torch.tensor(0.5), torch.tensor(0.2), q])
    error_rad = (naive - slow_excess(cosines, elements)).abs().max() * 2 * math.pi / WAVELENGTH
    assert float(error_rad) > 1e-3


@given(
    st.floats(-0.8, 0.8), st.floats(-0.5, 0.5), st.floats(0, 1 / 0.3), st.floats(0.01, 1.0), st.integers(1, 5)
)  # fmt: skip
def test_the_norm_is_the_number_of_elements(u: float, w: float, q: float, wavelength: float, size: int) -> None:
    array = Panel(horizontal=size, vertical=3, spacing=wavelength / 2).array(wavelength)
    a = steering_at(torch.tensor([[u, w, q]], dtype=torch.float64), array)
    torch.testing.assert_close(a.abs(), torch.ones_like(a.real), rtol=1e-14, atol=0)


@settings(max_examples=15)
@given(st.floats(-0.8, 0.8), st.floats(-0.5, 0.5), st.sampled_from([0.0, 1e-6, 0.1, 1.0, 2.0, 1 / 0.3]))
def test_derivatives_against_autograd(u: float, w: float, q: float) -> None:
    array = Panel(horizontal=4, vertical=3, spacing=0.15).array(WAVELENGTH)
    cosines = torch.tensor([[u, w, q]], dtype=torch.float64)
    a, derivatives = steering_with_derivatives(cosines, array)

    def parts(c: torch.Tensor) -> torch.Tensor:
        return torch.view_as_real(steering_at(c, array))

    jacobian = torch.as_tensor(torch.autograd.functional.jacobian(parts, cosines))
    slow = torch.view_as_complex(jacobian[0, :, :, 0].movedim(-1, 0).contiguous())
    torch.testing.assert_close(a, steering_at(cosines, array), rtol=0, atol=1e-13)
    torch.testing.assert_close(derivatives[:, 0], slow, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("q", [0.05, 0.5, 2.0])
def test_derivatives_against_finite_differences(q: float) -> None:
    array = PANEL.array(WAVELENGTH)
    centre = torch.tensor([[0.4, -0.3, q]], dtype=torch.float64)
    _, derivatives = steering_with_derivatives(centre, array)
    for axis in range(3):
        step = torch.zeros(3, dtype=torch.float64)

        def difference(width: float, axis: int = axis, step: torch.Tensor = step) -> torch.Tensor:
            step = step.clone()
            step[axis] = width
            ahead, behind = (steering_at(centre + sign * step, array) for sign in (1, -1))
            return (ahead - behind)[0] / (2 * width)

        richardson = (4 * difference(1e-4) - difference(2e-4)) / 3
        scale = derivatives[axis, 0].abs().max()
        assert float((derivatives[axis, 0] - richardson).abs().max() / scale) < 1e-8


def test_the_taper_is_one_over_the_distance_ratio() -> None:
    array = PANEL.array(WAVELENGTH)
    cosines = torch.tensor([[0.4, -0.3, 1.0], [0.4, -0.3, 0.0]], dtype=torch.float64)
    tapered = steering_at(cosines, array, taper=True)
    ratio = 1 + spherical.excess(*projections(cosines, array.elements, flat=True)) * cosines[:, 2:]
    torch.testing.assert_close(tapered * ratio, steering_at(cosines, array), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(tapered[1].abs(), torch.ones(144).double())


def test_positions_and_cosines_steer_alike() -> None:
    where = torch.tensor([[[0.5, -0.2, 3.0], [-0.7, 0.1, math.inf]]], dtype=torch.float64)
    a = steering(where, PANEL.array(WAVELENGTH))
    assert a.shape == (1, 2, 144)
    torch.testing.assert_close(a, steering_at(cosines_from_positions(where), PANEL.array(WAVELENGTH)))


def test_no_steering_behind_the_panel() -> None:
    with pytest.raises(InputError, match="looks along"):
        steering(torch.tensor([[2.0, 0.0, 1.0]]), PANEL.array(WAVELENGTH))


def test_a_wrong_shape_fails_in_the_tests() -> None:
    with pytest.raises(TypeError, match="cosines"):
        steering_at(torch.zeros(1, 2), PANEL.array(WAVELENGTH))
    with pytest.raises(TypeError, match="array"):
        steering_at(torch.zeros(1, 3), PANEL.elements())  # pyright: ignore[reportArgumentType]
