"""Is the gradient of the signal subspace right, also where eigenvalues repeat and torch's own is NaN?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import signal_projector, signal_subspace
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import complex_normal
from ris_pytorch_pipeline.rng import stream


def repeated(size: int = 6) -> torch.Tensor:
    """Exactly diagonal: signal eigenvalues 9 and 5, noise eigenvalue 1 four times."""
    return torch.diag(torch.tensor([9.0, 5.0] + [1.0] * (size - 2), dtype=torch.float64)) + 0j


def invariant_loss(basis: torch.Tensor) -> torch.Tensor:
    """A loss of U_s U_s^H alone: what MUSIC would see at a fixed vector, squared."""
    vector = complex_normal((basis.shape[-2],), stream(0, "loss"))
    return (basis.mH @ vector).abs().square().sum(-1).square().sum()


def test_torch_gives_nan_where_this_gives_the_derivative() -> None:
    plain = repeated().requires_grad_()
    invariant_loss(torch.linalg.eigh(plain).eigenvectors[:, -2:]).backward()
    assert plain.grad is not None and plain.grad.isnan().any()
    ours = repeated().requires_grad_()
    invariant_loss(signal_subspace(ours, 2)).backward()
    assert ours.grad is not None
    towards = complex_normal((6, 6), stream(1, "direction"))
    towards, small = (towards + towards.mH) / 2, 1e-5
    ahead, behind = (invariant_loss(signal_subspace(repeated() + s * small * towards, 2)) for s in (1, -1))
    slope = (ours.grad.conj() * towards).sum().real
    torch.testing.assert_close(slope, (ahead - behind) / (2 * small), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("batch", [(), (2,)])
def test_gradcheck_of_the_projector_at_repeated_noise_eigenvalues(batch: tuple[int, ...]) -> None:
    unitary = torch.linalg.qr(complex_normal((*batch, 6, 6), stream(2, "unitary"))).Q
    matrix = (unitary @ repeated() @ unitary.mH).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: signal_projector(r, 2), matrix, eps=1e-6, atol=1e-6, rtol=1e-4)


def test_gradient_agrees_with_torch_where_nothing_repeats() -> None:
    x = complex_normal((5, 9), stream(3, "regular"))
    first, second = ((x @ x.mH).requires_grad_() for _ in range(2))
    invariant_loss(signal_subspace(first, 2)).backward()
    invariant_loss(torch.linalg.eigh(second).eigenvectors[:, -2:]).backward()
    assert first.grad is not None and second.grad is not None
    hermitian = (second.grad + second.grad.mH) / 2
    torch.testing.assert_close(first.grad, hermitian, rtol=1e-4, atol=1e-6)


def test_a_closed_gap_leaves_the_gradient_finite() -> None:
    matrix = torch.eye(4, dtype=torch.complex128).requires_grad_()
    invariant_loss(signal_subspace(matrix, 2)).backward()
    assert matrix.grad is not None and torch.isfinite(matrix.grad).all()


def test_the_basis_is_orthonormal_and_strongest_first() -> None:
    basis = signal_subspace(repeated(), 2)
    torch.testing.assert_close(basis.mH @ basis, torch.eye(2) + 0j, check_dtype=False)
    torch.testing.assert_close(basis.abs()[:2], torch.eye(2, dtype=torch.float64))
    projector = signal_projector(repeated(), 2)
    torch.testing.assert_close(projector @ projector, projector)


def test_autocast_does_not_reach_it() -> None:
    matrix = repeated().to(torch.complex64)
    with torch.autocast("cpu", torch.bfloat16):
        inside = signal_projector(matrix, 2)
    torch.testing.assert_close(inside, signal_projector(matrix, 2), rtol=0, atol=0)


@pytest.mark.parametrize("sources", [0, 6])
def test_a_subspace_without_complement_is_refused(sources: int) -> None:
    with pytest.raises(InputError, match="between 1 and 5"):
        signal_subspace(repeated(), sources)
