"""Sums over pairs of elements with the same difference, by pairs and by Fourier transforms."""

import pytest
import torch

from ris_pytorch_pipeline.data import energy_lags
from ris_pytorch_pipeline.data.energy import correlated, paired
from ris_pytorch_pipeline.physics import Array, Line, Panel, Points, complex_normal, lags_of
from ris_pytorch_pipeline.rng import stream

BLOCK = Points(torch.cartesian_prod(*[0.07 * torch.arange(n).double() for n in (2, 3, 4)]), 0.3)
ARRAYS = {
    "panel": Panel(horizontal=5, vertical=3, spacing=0.15).array(0.3),
    "oblong": Panel(horizontal=4, vertical=6, spacing=(0.15, 0.1)).array(0.3),
    "line": Line(count=9, spacing=0.15).array(0.3),
    "block": BLOCK,
    "shuffled": Points(BLOCK.local[torch.randperm(24, generator=stream(1, "order"))], 0.3),
}


def drawn(array: Array, dtype: torch.dtype = torch.complex128) -> list[torch.Tensor]:
    shapes = [(2, 2, 7, len(array)), (2, 2, 3, len(array)), (2, 2, 3, len(array))]
    return [complex_normal(shape, stream(2, str(number))).to(dtype) for number, shape in enumerate(shapes)]


@pytest.mark.parametrize("name", ARRAYS)
def test_correlations_are_the_sums_over_pairs(name: str) -> None:
    lags = lags_of(ARRAYS[name])
    assert all(axis.even for axis in lags.along) and lags.axes
    codes, channel, whitened = drawn(ARRAYS[name])
    torch.testing.assert_close(
        correlated(codes, channel, whitened, lags), paired(codes, channel, whitened, lags), rtol=0, atol=1e-11
    )


def test_unevenly_spaced_rows_are_no_lattice_of_correlations() -> None:
    rows = torch.tensor([0.0, 0.1, 0.25, 0.3])
    array = Points(torch.cartesian_prod(torch.zeros(1), rows, rows).double(), 0.3)
    assert not all(axis.even for axis in lags_of(array).along)


def test_a_panel_of_many_elements_has_the_same_sums() -> None:
    array = Panel(horizontal=32, vertical=32, spacing=0.15).array(0.3)
    codes, channel, whitened = (each.to(torch.complex64) for each in drawn(array))
    lags = lags_of(array)
    slow = paired(codes.to(torch.complex128), channel.to(torch.complex128), whitened.to(torch.complex128), lags)
    wanted = torch.view_as_real(slow.flatten(1) / slow[..., lags.zero].real.sum(1, keepdim=True)).movedim(-1, 1)
    found = energy_lags(codes, channel, whitened, lags)
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=5e-6 * float(wanted.abs().max()))
