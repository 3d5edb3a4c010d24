"""Does the factored form agree with the N x N matrix it stands for?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import LowRank, eigenpairs, load, shrink, trace, trace_normalise
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import complex_normal
from ris_pytorch_pipeline.rng import stream


@pytest.fixture
def few() -> LowRank:
    """Three scenes, nine elements, rank four, a floor."""
    factor = complex_normal((3, 9, 4), stream(0, "low rank"))
    return LowRank(factor, torch.tensor([0.1, 0.2, 0.0], dtype=torch.float64))


def test_trace_loading_scaling_and_shrinkage(few: LowRank) -> None:
    torch.testing.assert_close(few.trace, trace(few.dense()))
    torch.testing.assert_close(few.normalised().dense(), trace_normalise(few.dense()))
    torch.testing.assert_close(few.loaded(0.3).dense(), load(few.dense(), 0.3))
    torch.testing.assert_close(few.loaded().dense(), load(few.dense()))
    intensity = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)
    torch.testing.assert_close(few.shrunk(intensity).dense(), shrink(few.dense(), intensity))


def test_eigenpairs_of_both_forms(few: LowRank) -> None:
    thin, full = eigenpairs(few), eigenpairs(few.dense())
    torch.testing.assert_close(thin.spectrum, full.spectrum)
    torch.testing.assert_close(thin.floor, full.floor, atol=1e-12, rtol=0)
    projector = thin.vectors @ thin.vectors.mH
    torch.testing.assert_close(projector, full.vectors[..., :4] @ full.vectors[..., :4].mH)
    torch.testing.assert_close(few.dense() @ thin.vectors, thin.vectors * thin.values[:, None])


def test_a_rank_deficient_factor_has_no_made_up_directions() -> None:
    column = complex_normal((1, 6, 1), stream(1, "low rank"))
    pairs = LowRank(torch.cat([column, 2 * column], -1), torch.zeros(1, dtype=torch.float64)).eigenpairs()
    assert pairs.vectors[0, :, 1].abs().max() == 0
    torch.testing.assert_close(pairs.vectors[0, :, 0].norm(), torch.tensor(1.0, dtype=torch.float64))


def test_no_energy_is_refused() -> None:
    with pytest.raises(InputError, match="trace"):
        LowRank(torch.zeros(1, 4, 2, dtype=torch.complex64), torch.zeros(1)).normalised()
