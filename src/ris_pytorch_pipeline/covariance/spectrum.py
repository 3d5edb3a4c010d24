"""How strong each position looks in a covariance: Bartlett, MVDR and MUSIC spectra, batched and differentiable."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import Array, steering_at
from ..shapes import Cosines
from .contract import exact, hermitise, load
from .low_rank import LowRank

Vectors = Complex[Tensor, "*#batch point element"]
"""Steering vectors; without leading axes they serve every scene."""
Matrices = Complex[Tensor, "*#batch element element"]
_BLOCKS = 4
"""Of the rows of a triangular factor: 5/8 of the work of a square one, in products that are still wide."""
TILE_BYTES = 2 * 2**20
"""No tile of a grid takes more memory than this: what stays in cache is faster than what pages in."""


def beam_energy(
    vectors: Vectors, columns: Complex[Tensor, "*#batch element column"]
) -> Float[Tensor, "... point"]:  # fmt: skip
    """‖B^H a‖² of every vector: N operations per point and column.

    >>> import torch
    >>> vectors = torch.tensor([[1.0, 1.0], [1.0, -1.0]]) + 0j
    >>> beam_energy(vectors, vectors[:1].mT)  # |a^H b|² of the first vector with itself and with the second
    tensor([4., 0.])

    Args:
        vectors: (..., point, element); without leading axes they serve every scene.
        columns: B, (..., element, column).
    """
    with exact(vectors):
        if vectors.dim() == 2 and columns.dim() > 2:
            return _shared_energy(vectors, columns)
        return _squares(vectors @ columns.conj())


def _shared_energy(vectors: Tensor, columns: Tensor) -> Tensor:
    """The same of vectors that serve every scene: the columns of all side by side, a tile of points at a time."""
    batch, (size, width) = columns.shape[:-2], columns.shape[-2:]
    flat = columns.conj().reshape(batch.numel(), size, width).transpose(0, 1).flatten(1)
    room = max(1, TILE_BYTES // (max(size, flat.shape[1]) * flat.element_size()))
    parts = [_squares((some @ flat).unflatten(-1, (batch.numel(), width))) for some in vectors.split(room)]
    return torch.cat(parts).mT.unflatten(0, batch)


def _squares(values: Tensor) -> Tensor:
    """Σ |x|² over the last axis."""
    parts = torch.view_as_real(values).flatten(-2)
    return torch.linalg.vecdot(parts, parts)


def energies(vectors: Vectors) -> Float[Tensor, "... point"]:
    """‖a‖² of every vector, which is N without a taper.

    >>> import torch
    >>> vectors = torch.ones(3, 12, dtype=torch.complex128)
    >>> basis = vectors[:1].mT / 12**0.5
    >>> energies(vectors).round().tolist(), bool(music(basis, vectors, energies(vectors)).abs().max() < 1e-12)
    ([12.0, 12.0, 12.0], True)

    Args:
        vectors: (..., point, element).
    """
    return torch.linalg.vector_norm(torch.view_as_real(vectors).flatten(-2), dim=-1).square()


def bartlett(covariance: Matrices, vectors: Vectors) -> Float[Tensor, "... point"]:
    """P(a) = a^H R a / ‖a‖⁴: the power of a lone source at its own position.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line, steering_at
    >>> vectors = steering_at(torch.tensor([[-0.4, 0.0, 0.0], [0.3, 0.0, 0.0]]), Line(count=8, spacing=0.15).array(0.3))
    >>> bartlett(vectors[1:].mT @ vectors[1:].conj(), vectors)  # one source of power 1 at u = 0.3
    tensor([0.0068, 1.0000])

    Args:
        covariance: (..., element, element).
        vectors: (..., point, element).
    """
    with exact(covariance):
        seen = torch.view_as_real(vectors @ hermitise(covariance).mT)
        return (seen * torch.view_as_real(vectors)).sum(dim=(-1, -2)) / energies(vectors).square()


def mvdr(covariance: Matrices, vectors: Vectors, jitter: float | None = None) -> Float[Tensor, "... point"]:
    """P(a) = 1 / (a^H R⁻¹ a) = 1 / ‖L⁻¹ a‖² with the Cholesky factor L of the loaded covariance.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line, steering_at
    >>> vectors = steering_at(torch.tensor([[-0.4, 0.0, 0.0], [0.3, 0.0, 0.0]]), Line(count=8, spacing=0.15).array(0.3))
    >>> mvdr(vectors[1:].mT @ vectors[1:].conj() + 0.01 * torch.eye(8), vectors)  # one source at u = 0.3, and noise
    tensor([0.0013, 1.0013])

    Args:
        covariance: (..., element, element).
        vectors: (..., point, element).
        jitter: loading relative to tr(R)/N; None is the default of the precision.

    Raises:
        InputError: a precision below complex64, or a negative jitter.
    """
    with exact(covariance):
        factor = torch.linalg.cholesky(load(hermitise(covariance), jitter))
        eye = torch.eye(factor.shape[-1], dtype=factor.dtype, device=factor.device).expand(factor.shape)
        whitener = torch.linalg.solve_triangular(factor, eye, upper=False)
        room = max(1, TILE_BYTES // (factor.shape[-1] * factor.element_size()))
        return 1 / torch.cat([_triangular_energy(whitener, some) for some in vectors.split(room, dim=-2)], dim=-1)


def _triangular_energy(whitener: Matrices, vectors: Vectors) -> Float[Tensor, "... point"]:
    """‖W a‖² with W lower triangular: of each block of rows only the columns up to its diagonal."""
    size, energy = whitener.shape[-1], torch.zeros((), dtype=whitener.real.dtype, device=whitener.device)
    ends = [size * block // _BLOCKS for block in range(_BLOCKS + 1)]
    for first, last in pairwise(ends):
        white = vectors[..., :last] @ whitener[..., first:last, :last].mT
        energy = energy + torch.view_as_real(white).square().sum(dim=(-1, -2))
    return energy


def mvdr_low_rank(covariance: LowRank, vectors: Vectors) -> Float[Tensor, "... point"]:
    """P(a) = 1 / (a^H R⁻¹ a) of R = F F^H + ε I by Woodbury's identity, without an N x N matrix.

    a^H R⁻¹ a = (‖a‖² - ‖V^H a‖²)/ε, V = F C⁻ᴴ with the Cholesky factor C C^H = ε I + F^H F.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line, steering_at
    >>> vectors = steering_at(torch.tensor([[-0.4, 0.0, 0.0], [0.3, 0.0, 0.0]]), Line(count=8, spacing=0.15).array(0.3))
    >>> mvdr_low_rank(LowRank(vectors[1:].mT, torch.tensor(0.01)), vectors)  # one source at u = 0.3, and noise
    tensor([0.0013, 1.0014])

    Args:
        covariance: the factored covariance; ε > 0, see `LowRank.loaded`.
        vectors: (..., point, element).
    """
    factor, floor = covariance.factor, covariance.floor
    with exact(factor):
        eye = torch.eye(factor.shape[-1], dtype=factor.dtype, device=factor.device)
        inner = torch.linalg.cholesky(hermitise(factor.mH @ factor) + floor[..., None, None] * eye)
        columns = torch.linalg.solve_triangular(inner.mH, factor, upper=True, left=False)
    return floor[..., None] / (energies(vectors) - beam_energy(vectors, columns))


def music(
    basis: Complex[Tensor, "*#batch element source"],
    vectors: Vectors,
    kept: Float[Tensor, "*#batch point"] | None = None,
) -> Float[Tensor, "... point"]:  # fmt: skip
    """D(a) = 1 - ‖U_s^H a‖²/‖a‖² in [0, 1]: 0 where a lies in the signal subspace; MUSIC's spectrum is 1/D.

    K columns serve in place of the N - K of the noise subspace. D has no poles, so it suits losses and refinement.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line, steering_at
    >>> vectors = steering_at(torch.tensor([[-0.4, 0.0, 0.0], [0.3, 0.0, 0.0]]), Line(count=8, spacing=0.15).array(0.3))
    >>> music(vectors[1:].mT / 8**0.5, vectors).abs().round(decimals=4)  # one source at u = 0.3
    tensor([0.9932, 0.0000])

    Args:
        basis: U_s, (..., element, source), orthonormal, such as from `signal_subspace`.
        vectors: (..., point, element).
        kept: ‖a‖² of the vectors, see `energies`, where they are used again; computed unless given.
    """
    return 1 - beam_energy(vectors, basis) / (energies(vectors) if kept is None else kept)


def grid_energy(
    points: Cosines, columns: Complex[Tensor, "scene *frequency element column"], array: Array
) -> Float[Tensor, "scene point"]:
    """‖B^H a(p)‖² of every scene at every grid point, of several wavelengths its mean; no tile takes more than 2 MB.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line, steering_at
    >>> array = Line(count=8, spacing=0.15).array(0.3)
    >>> points = torch.tensor([[u, 0.0, 0.0] for u in (-0.5, 0.0, 0.5)])
    >>> grid_energy(points, steering_at(points[1:2], array).mT[None], array).round()  # one scene, one column: broadside
    tensor([[ 0., 64.,  0.]])

    Args:
        points: (point, coordinate), cosines, one grid for all scenes.
        columns: B, (scene, element, column), or (scene, frequency, element, column) with several wavelengths.
        array: the array.

    Returns:
        (scene, point), of the precision of `columns`.
    """
    if array.frequencies > 1:
        each = zip(columns.unbind(1), array.apart, strict=True)
        return torch.stack([grid_energy(points, own, one) for own, one in each]).mean(0)
    scenes, size, width = columns.shape
    real = columns.real.dtype
    flat = columns.conj().permute(1, 0, 2).reshape(size, scenes * width)
    out = torch.empty(scenes, points.shape[0], dtype=real, device=columns.device)
    with exact(columns):
        for tile in tiles(points.shape[0], max(size, width) * columns.element_size()):
            vectors = steering_at(points[tile].to(real), array)
            room = max(1, TILE_BYTES // (vectors.shape[0] * width * columns.element_size()))
            for some in tiles(scenes, 1, room):
                beams = vectors @ flat[:, some.start * width : some.stop * width]
                energy = torch.view_as_real(beams).square().sum(-1)
                out[some, tile] = energy.unflatten(-1, (-1, width)).sum(-1).mT
    return out


def tiles(count: int, each_bytes: int, most: int | None = None) -> Iterator[slice]:
    """Slices of 0..count of at most 2 MB when an item takes `each_bytes`, and of at most `most` items.

    >>> list(tiles(5, 2**20))  # of 1 MB each: two at a time
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    room = max(1, TILE_BYTES // each_bytes)
    step = room if most is None else min(room, most)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
