"""Does the room refuse what is no covariance, and is its loading relative to the mean eigenvalue?"""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.covariance import check_covariance, default_jitter, hermitise, load, trace, trace_normalise
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import complex_normal
from ris_pytorch_pipeline.rng import stream


def wishart(scenes: int, size: int, seed: int = 0) -> torch.Tensor:
    x = complex_normal((scenes, size, 2 * size), stream(seed, "wishart"))
    return x @ x.mH / (2 * size)


@settings(derandomize=True, deadline=None, max_examples=20)
@given(scale=st.floats(1e-12, 1e12), size=st.integers(1, 9), seed=st.integers(0, 99))
def test_normalised_trace_is_n_at_every_scale(scale: float, size: int, seed: int) -> None:
    matrix = trace_normalise(wishart(3, size, seed) * scale)
    torch.testing.assert_close(trace(matrix), torch.full((3,), float(size), dtype=torch.float64))


@settings(derandomize=True, deadline=None, max_examples=20)
@given(scale=st.floats(1e-9, 1e9), jitter=st.floats(0, 10), seed=st.integers(0, 99))
def test_loading_scales_with_the_matrix(scale: float, jitter: float, seed: int) -> None:
    matrix = wishart(2, 5, seed)
    torch.testing.assert_close(load(matrix * scale, jitter), load(matrix, jitter) * scale)
    lifted = torch.linalg.eigvalsh(load(matrix, jitter)) - torch.linalg.eigvalsh(matrix)
    torch.testing.assert_close(lifted, (jitter * trace(matrix) / 5)[:, None].expand(-1, 5))


@pytest.mark.parametrize(("dtype", "jitter"), [(torch.complex64, 1e-4), (torch.complex128, 1e-10)])
def test_default_loading_survives_rounding(dtype: torch.dtype, jitter: float) -> None:
    """A rank-one matrix of trace 144 becomes positive definite; an absolute 1e-6 in complex64 would not do it."""
    vector = complex_normal((1, 144, 1), stream(0, "load")).to(dtype)
    rank_one = trace_normalise(vector @ vector.mH)
    torch.testing.assert_close(trace(load(rank_one)), trace(rank_one) * (1 + jitter))
    assert int(torch.linalg.cholesky_ex(load(rank_one)).info) == 0


def test_hermitise_is_a_projection() -> None:
    matrix = complex_normal((2, 6, 6), stream(0, "hermitise"))
    once = hermitise(matrix)
    torch.testing.assert_close(once, once.mH)
    torch.testing.assert_close(hermitise(once), once)


def test_a_sample_covariance_keeps_the_contract() -> None:
    x = complex_normal((4, 20, 3), stream(1, "contract"))
    check_covariance(x @ x.mH)
    check_covariance((x @ x.mH).to(torch.complex64))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: r * torch.nan, "finite"),
        (lambda r: r - 3 * torch.eye(4), "trace"),
        (lambda r: r * 0, "trace"),
        (lambda r: r + torch.triu(torch.ones(4, 4), 1), "Hermitian"),
        (lambda r: r - 1.5 * torch.eye(4), "semidefinite"),
    ],
)
def test_each_violation_is_named(spoil: Callable[[torch.Tensor], torch.Tensor], message: str) -> None:
    matrix = torch.diag_embed(torch.tensor([[4.0, 1.0, 1.0, 5.0]], dtype=torch.float64)) + 0j
    with pytest.raises(InputError, match=message):
        check_covariance(spoil(matrix))


def test_half_precision_is_refused() -> None:
    with pytest.raises(InputError, match="complex64 or complex128"):
        default_jitter(torch.complex32)


@pytest.mark.parametrize("value", [0.0, -1.0, torch.inf, torch.nan])
def test_a_trace_that_is_no_positive_number_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="trace"):
        trace_normalise(torch.eye(3, dtype=torch.complex128)[None] * value)
