"""How are very many very small Hermitian matrices factored? Entry by entry, each for all of them at once."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Inexact
from torch import Tensor

_MOST = 3
"""Rows up to which a factor is written out. Eight thousand matrices of one row take a tenth of the time of a call of
LAPACK for each of them, and of three rows half of it in single precision."""


@dataclass(frozen=True, eq=False)
class Factor:
    """L of positive definite matrices R = L L^H, by what it is needed for.

    >>> import torch
    >>> factor = factored(torch.tensor([[[4.0, 2.0], [2.0, 5.0]]]) + 0j)  # L = [[2, 0], [1, 2]]
    >>> factor.diagonal, factor.forward(torch.tensor([[[2.0], [5.0]]]) + 0j).real.flatten()
    (tensor([[2., 2.]]), tensor([1., 2.]))
    >>> factor.backward(torch.tensor([[[1.0], [2.0]]]) + 0j).real.flatten()  # R⁻¹ [2, 5]
    tensor([0., 1.])

    Args:
        diagonal: (..., row), of L, > 0.
        forward: X, (..., row, column) -> L⁻¹ X.
        backward: X -> L⁻ᴴ X.
    """

    diagonal: Float[Tensor, "*batch row"]
    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor], Tensor]


def factored(matrices: Inexact[Tensor, "*batch row row"]) -> Factor:
    """The Cholesky factors of many matrices.

    >>> import torch
    >>> float(factored(torch.full((5, 1, 1), 9.0) + 0j).diagonal[0, 0])
    3.0

    Args:
        matrices: R, Hermitian, or symmetric where real, and positive definite.

    Raises:
        LinAlgError: one that is not positive definite.
    """
    if 1 <= matrices.shape[-1] <= _MOST:
        lower, diagonal = _entries(matrices)
        if bool((diagonal > 0).all()):
            inverse = diagonal.reciprocal().unsqueeze(-1)
            return Factor(diagonal, lambda x: _forward(lower, inverse, x), lambda x: _backward(lower, inverse, x))
    factor = torch.linalg.cholesky(matrices)
    return Factor(
        factor.diagonal(dim1=-2, dim2=-1).real,
        lambda x: torch.linalg.solve_triangular(factor, x, upper=False),
        lambda x: torch.linalg.solve_triangular(factor.mH, x, upper=True),
    )


def _entries(matrices: Tensor) -> tuple[list[list[Tensor]], Tensor]:
    """The entries below the diagonal of L, (..., 1) each, row by row, and the diagonal; NaN where there is no L."""
    size = matrices.shape[-1]
    lower: list[list[Tensor]] = [[] for _ in range(size)]
    diagonal: list[Tensor] = []
    for j in range(size):
        level = matrices[..., j, j].real
        for before in lower[j]:
            level = level - (before * before.conj()).real.squeeze(-1)
        diagonal.append(level.sqrt())
        for i in range(j + 1, size):
            entry = matrices[..., i, j, None]
            for own, other in zip(lower[i], lower[j], strict=True):
                entry = entry - own * other.conj()
            lower[i].append(entry / diagonal[j].unsqueeze(-1))
    return lower, torch.stack(diagonal, dim=-1)


def _forward(lower: list[list[Tensor]], inverse: Tensor, columns: Tensor) -> Tensor:
    """L⁻¹ X, from the first row to the last."""
    rows: list[Tensor] = []
    for i, entries in enumerate(lower):
        row = columns[..., i, :]
        for entry, before in zip(entries, rows, strict=True):
            row = row - entry * before
        rows.append(row * inverse[..., i, :])
    return torch.stack(rows, dim=-2)


def _backward(lower: list[list[Tensor]], inverse: Tensor, columns: Tensor) -> Tensor:
    """L⁻ᴴ X, from the last row to the first."""
    rows: list[Tensor] = []
    for i in reversed(range(len(lower))):
        row = columns[..., i, :]
        for below, after in zip(reversed(range(i + 1, len(lower))), rows, strict=True):
            row = row - lower[below][i].conj() * after
        rows.append(row * inverse[..., i, :])
    return torch.stack(rows[::-1], dim=-2)
