"""Factors that are written out entry by entry against those of LAPACK."""

import pytest
import torch

from ris_pytorch_pipeline.covariance import factored
from ris_pytorch_pipeline.rng import stream


def positive(size: int, dtype: torch.dtype) -> torch.Tensor:
    root = torch.randn((7, 4, size, size + 2), dtype=dtype, generator=stream(0, "factoring", size))
    return root @ root.mH + 0.1 * torch.eye(size, dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.complex128, torch.float64, torch.complex64])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
def test_factors_are_those_of_lapack(size: int, dtype: torch.dtype) -> None:
    matrices = positive(size, dtype)
    columns = torch.randn((7, 4, size, 5), dtype=dtype, generator=stream(1, "factoring", size))
    lower, mine = torch.linalg.cholesky(matrices), factored(matrices)
    relative, absolute = (1e-4, 1e-5) if dtype == torch.complex64 else (1e-10, 1e-12)
    torch.testing.assert_close(mine.diagonal, lower.diagonal(dim1=-2, dim2=-1).real, rtol=relative, atol=absolute)
    torch.testing.assert_close(lower @ mine.forward(columns), columns, rtol=relative, atol=absolute)
    torch.testing.assert_close(lower.mH @ mine.backward(columns), columns, rtol=relative, atol=absolute)


@pytest.mark.parametrize("size", [1, 3, 4])
@pytest.mark.parametrize("wrong", [-1.0, float("nan")])
def test_a_matrix_that_is_not_positive_definite_is_refused(size: int, wrong: float) -> None:
    matrices = positive(size, torch.complex128)
    matrices[3, 2, -1, -1] = wrong
    with pytest.raises(torch.linalg.LinAlgError):  # pyright: ignore[reportPrivateImportUsage]
        factored(matrices)
