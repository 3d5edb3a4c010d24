"""Are positions, direction cosines and coordinates the same place, and is the panel where it says?"""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Panel,
    cartesian_from_positions,
    check_positions,
    cosines_from_positions,
    position_jacobian,
    positions_from_cartesian,
    positions_from_cosines,
)


@st.composite
def positions(draw: st.DrawFn) -> torch.Tensor:
    """One source in front of the panel, (1, 3)."""
    azimuth = draw(st.floats(-85, 85).map(math.radians))
    elevation = draw(st.floats(-80, 80).map(math.radians))
    distance = draw(st.floats(-1, 6).map(lambda x: 10**x))
    return torch.tensor([[azimuth, elevation, distance]], dtype=torch.float64)


@given(positions())
def test_cosines_and_back(position: torch.Tensor) -> None:
    torch.testing.assert_close(
        positions_from_cosines(cosines_from_positions(position)), position, rtol=1e-12, atol=1e-12
    )


@given(positions())
def test_cartesian_and_back(position: torch.Tensor) -> None:
    torch.testing.assert_close(
        positions_from_cartesian(cartesian_from_positions(position)), position, rtol=1e-12, atol=1e-12
    )


@given(positions())
def test_cosines_are_the_unit_vector_seen_along_the_panel(position: torch.Tensor) -> None:
    xyz, cosines = cartesian_from_positions(position), cosines_from_positions(position)
    distance = position[..., 2]
    torch.testing.assert_close(xyz[..., 1] / distance, cosines[..., 0], rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(xyz[..., 2] / distance, cosines[..., 1], rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(xyz.norm(dim=-1), distance, rtol=1e-12, atol=0)
    assert bool((xyz[..., 0] > 0).all()), "a source in front of the panel has x > 0"


@given(positions())
def test_jacobian_is_that_of_the_change_of_variables(position: torch.Tensor) -> None:
    cosines = cosines_from_positions(position)
    slow = torch.as_tensor(torch.autograd.functional.jacobian(positions_from_cosines, cosines))
    torch.testing.assert_close(position_jacobian(cosines)[0], slow[0, :, 0], rtol=1e-9, atol=1e-12)


def test_named_directions() -> None:
    quarter = math.pi / 4
    where = torch.tensor([[0.0, 0.0, 2.0], [quarter, 0.0, 1.0], [0.0, quarter, 1.0]], dtype=torch.float64)
    half = math.sqrt(0.5)
    xyz = torch.tensor([[2.0, 0.0, 0.0], [half, half, 0.0], [half, 0.0, half]], dtype=torch.float64)
    torch.testing.assert_close(cartesian_from_positions(where), xyz)
    expected = torch.tensor([[0.0, 0.0, 0.5], [half, 0.0, 1.0], [0.0, half, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(cosines_from_positions(where), expected)


def test_the_far_field_is_a_point_like_any_other() -> None:
    far = torch.tensor([[0.3, -0.2, math.inf]], dtype=torch.float64)
    cosines = cosines_from_positions(far)
    assert cosines[0, 2] == 0
    torch.testing.assert_close(positions_from_cosines(cosines), far)


@pytest.mark.parametrize("horizontal", [1, 2, 5, 12])
@pytest.mark.parametrize("vertical", [1, 3, 8])
def test_the_panel_is_centred_for_even_and_odd_sizes(horizontal: int, vertical: int) -> None:
    elements = Panel(horizontal=horizontal, vertical=vertical, spacing=0.15).elements()
    assert elements.shape == (horizontal * vertical, 3)
    torch.testing.assert_close(elements.flip(0), -elements, rtol=0, atol=0)
    grid = elements.reshape(vertical, horizontal, 3)
    assert bool((grid[..., 0] == 0).all())
    torch.testing.assert_close(grid[0, -1, 1] - grid[0, 0, 1], torch.tensor(0.15 * (horizontal - 1)).double())
    torch.testing.assert_close(grid[-1, 0, 2] - grid[0, 0, 2], torch.tensor(0.15 * (vertical - 1)).double())


@pytest.mark.parametrize("bad", [{"horizontal": 0}, {"vertical": -1}, {"spacing": 0.0}, {"spacing": math.nan}])
def test_no_panel_without_size(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match="wanted a panel"):
        Panel(**{"horizontal": 2, "vertical": 2, "spacing": 0.1, **bad})  # pyright: ignore[reportArgumentType]


def test_the_first_offending_source_is_named() -> None:
    good, behind = [0.1, 0.1, 2.0], [2.0, 0.1, 3.0]
    with pytest.raises(InputError, match=r"\(2 rad, 0\.1 rad, 3 m\)"):
        check_positions(torch.tensor([good, behind]))
