"""Is the NMSE of factored covariances that of the matrices they stand for?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import LowRank, nmse
from ris_pytorch_pipeline.rng import stream


def factored(name: str, rank: int, floor: float) -> LowRank:
    generator = stream(0, name)
    factor = torch.randn(3, 7, rank, dtype=torch.complex128, generator=generator)
    return LowRank(factor, torch.full((3,), floor, dtype=torch.float64))


@pytest.mark.parametrize(("one", "two"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.2), (0.3, 0.2)])
def test_it_is_that_of_the_matrices(one: float, two: float) -> None:
    found, true = factored("found", 2, one), factored("true", 4, two)
    error, scale = (x.abs().square().sum(dim=(-1, -2)) for x in (found.dense() - true.dense(), true.dense()))
    torch.testing.assert_close(nmse(found, true), error / scale)


def test_it_vanishes_at_the_truth_and_is_one_for_nothing() -> None:
    true = factored("true", 4, 0.1)
    nothing = LowRank(torch.zeros_like(true.factor), torch.zeros_like(true.floor))
    assert float(nmse(true, true).max()) < 1e-12
    torch.testing.assert_close(nmse(nothing, true), torch.ones(3, dtype=torch.float64))
