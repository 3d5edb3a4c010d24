"""Which inner products every likelihood needs: of coded responses, their derivatives and the measurements."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import Chart, Observation, Sounding, coded_operator, stacked_gram
from ..shapes import Measured

_LOADING = 1e-13
"""Part of the mean eigenvalue of a Gram matrix that is added to it: codes that repeat leave it singular."""
Coordinates = Float[Tensor, "*batch source 3"]
"""(a, b, q) of each source in a chart; (u, w, q) where the chart has no turns."""


def panel_block(chart: Chart, coordinates: Coordinates) -> Complex[Tensor, "... vector element"]:
    """The 4 K panel vectors [a_1..a_K, ∂a/∂a, ∂a/∂b, ∂a/∂q], coordinate-major; after a frequency axis if there is one.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Chart, Line
    >>> chart = Chart(Line(count=8, spacing=0.15).array(0.3))
    >>> panel_block(chart, torch.tensor([[0.3, 0.0, 0.5], [-0.4, 0.0, 0.2]])).shape  # 2 sources, 8 elements
    torch.Size([8, 8])

    Args:
        chart: in which the sources move.
        coordinates: (..., source, 3).
    """
    a, derivatives = chart.steering_with_derivatives(coordinates)
    return torch.cat([a.unsqueeze(-3), derivatives], dim=-3).flatten(-3, -2)


@dataclass(frozen=True, eq=False)
class Gram:
    """Inner products of V = [B, ∂B/∂a, ∂B/∂b, ∂B/∂q] (4 K vectors) with itself and with the measurements y.

    Where sources do not move, V is B alone.

    The leading axes are (..., block) with one block per snapshot and frequency, or one per frequency for the stacked
    blocks of all its snapshots.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=2), scenes=3, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> gram.sources, gram.equations, gram[:1].vectors.shape  # 16 snapshots, 4 vectors of each source
    (2, 16, torch.Size([1, 16, 8, 8]))

    Args:
        vectors: V^H V, (..., 4 K, 4 K).
        measured: V^H y, (..., 4 K).
        energy: y^H y, (...).
        equations: complex numbers per block: M, or L M when stacked.
        kinds: vectors of a source: 4, or 1 without derivatives.
    """

    vectors: Complex[Tensor, "*block vector vector"]
    measured: Complex[Tensor, "*block vector"]
    energy: Float[Tensor, "*block"]
    equations: int
    kinds: int = 4

    @property
    def sources(self) -> int:
        """K."""
        return self.vectors.shape[-1] // self.kinds

    def __getitem__(self, rows: Tensor | slice) -> "Gram":
        """Of some of the rows on the first axis."""
        return replace(self, vectors=self.vectors[rows], measured=self.measured[rows], energy=self.energy[rows])


def snapshot_gram(
    coordinates: Coordinates, chart: Chart, sounding: Sounding, measurements: Measured | None = None
) -> Gram:
    """One Gram per snapshot and frequency, from the coded responses b_l = G_l a and G_l ∂a.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> gram.vectors.shape, gram.measured.shape, gram.energy.shape
    (torch.Size([1, 16, 4, 4]), torch.Size([1, 16, 4]), torch.Size([1, 16]))

    Args:
        coordinates: (..., source, 3).
        chart: in which the sources move.
        sounding: codes and channel of the same scenes.
        measurements: (..., block, antenna); zeros when only the model matters, as for a bound.

    Returns:
        Blocks of shape (..., block).
    """
    response = sounding.response(panel_block(chart, coordinates).to(sounding.codes.dtype))
    return response_gram(response.to(torch.complex128), measurements, kinds=4)


def response_gram(
    response: Complex[Tensor, "... vector antenna"], measurements: Measured | None, kinds: int
) -> Gram:  # fmt: skip
    """The Grams of coded responses, in their precision.

    >>> import torch
    >>> response, y = torch.tensor([[[1.0, 1j], [0.0, 2.0]]]), torch.tensor([[2.0, 2j]])  # 2 vectors at 2 antennas
    >>> gram = response_gram(response, y, kinds=1)
    >>> gram.sources, gram.measured, gram.energy
    (2, tensor([[4.+0.j, 0.+4.j]]), tensor([8.]))
    """
    shape = response.shape[:-2] + response.shape[-1:]
    y = response.new_zeros(shape) if measurements is None else measurements.to(response.dtype)
    conjugate = response.conj()
    energy = torch.view_as_real(y).square().sum(dim=(-1, -2))
    measured = (conjugate @ y.unsqueeze(-1)).squeeze(-1)
    return Gram(conjugate @ response.mT, measured, energy, response.shape[-1], kinds)


@dataclass(frozen=True, eq=False)
class StackedStatistics:
    """All that a constant-symbol likelihood needs of a scene: T and t with T^H T = Σ G_l^H G_l and T^H t = Σ G_l^H y_l.

    T has min(L M, N) rows: it is the stacked G_l itself, or a square root of their Gram matrix where that is smaller.
    Either is as good as the measurements: B^H B = (T A)^H T A and B^H y = (T A)^H t.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=2, horizontal=4, vertical=4), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> statistics = stacked_statistics(scenes.observation)
    >>> statistics.operator.shape, statistics.equations  # 16 rows in place of 256
    (torch.Size([1, 1, 16, 16]), 256)
    >>> statistics.at(there, chart, torch.tensor([0])).vectors.shape  # one block of all snapshots
    torch.Size([1, 1, 8, 8])
    >>> x, w = (torch.ones(1, 1, count, 16, dtype=torch.complex128) for count in (3, 2))  # of the panel, of equations
    >>> seen, back = statistics.response(x, torch.tensor([0])), statistics.adjoint(w, torch.tensor([0]))
    >>> torch.allclose(seen @ w.mT, x @ back.mT), statistics.rough().operator.dtype  # w^T (T x) = (w^T T) x
    (True, torch.complex64)

    Args:
        operator: T, (..., frequency, equation, element).
        measured: t, (..., frequency, equation).
        energy: Σ_l ‖y_l‖², (..., frequency).
        equations: L M of a frequency.
    """

    operator: Complex[Tensor, "*batch frequency equation element"]
    measured: Complex[Tensor, "*batch frequency equation"]
    energy: Float[Tensor, "*batch frequency"]
    equations: int

    def at(self, coordinates: Coordinates, chart: Chart, scenes: Tensor) -> Gram:
        """The stacked Grams, one block per frequency, in double precision from vectors and responses in that of T.

        Args:
            coordinates: (row, source, 3).
            chart: in which the sources move.
            scenes: (row,), which scene each row is of; operators are not copied, and serve rows that follow each other.
        """
        panel = panel_block(chart, coordinates.to(self.operator.dtype.to_real()))
        response = self.response(panel if chart.array.frequencies > 1 else panel.unsqueeze(-3), scenes)
        conjugate = response.conj()
        measured = (conjugate @ self.measured[scenes].unsqueeze(-1)).squeeze(-1)
        return Gram(conjugate @ response.mT, measured, self.energy[scenes], self.equations)

    def response(self, vectors: Tensor, scenes: Tensor) -> Tensor:
        """T x of panel vectors, (row, frequency, vector, element), in double precision."""
        return _by_scene(vectors.to(self.operator.dtype), self.operator.mT, scenes).to(self.measured.dtype)

    def adjoint(self, vectors: Tensor, scenes: Tensor) -> Tensor:
        """w^T T of rows w, (row, frequency, vector, equation)."""
        return _by_scene(vectors.to(self.operator.dtype), self.operator, scenes)

    def rough(self) -> "StackedStatistics":
        """The same with responses of single precision, which move an optimum by less than 1 % of a deviation."""
        return replace(self, operator=self.operator.to(torch.complex64))


def _by_scene(vectors: Tensor, matrices: Tensor, scenes: Tensor) -> Tensor:
    """Vectors (row, frequency, vector, a) times the matrix (frequency, a, b) of each row's scene, never copied."""
    kinds, counts = scenes.unique_consecutive(return_counts=True)
    out = vectors.new_empty((*vectors.shape[:-1], matrices.shape[-1]))
    first = 0
    for scene, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        rows = slice(first, first + count)
        out[rows] = vectors[rows] @ matrices[scene] if count == 1 else _joint(vectors[rows], matrices[scene])
        first += count
    return out


def _joint(vectors: Tensor, matrix: Tensor) -> Tensor:
    """Rows of one scene, (row, frequency, vector, a) times (frequency, a, b), as one product a frequency."""
    product = vectors.transpose(0, 1).flatten(1, 2) @ matrix
    return product.unflatten(1, vectors.shape[:1] + vectors.shape[2:3]).transpose(0, 1)


def stacked_statistics(observation: Observation) -> StackedStatistics:
    """Reduce measurements to the sufficient statistics of a constant-symbol model, one set per frequency.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", sources=1, horizontal=4, vertical=4), scenes=1, seed=0).observation
    >>> statistics = stacked_statistics(seen)
    >>> statistics.operator.shape  # 16 rows stand for 16 snapshots of 16 antennas
    torch.Size([1, 1, 16, 16])
    >>> torch.allclose(statistics.energy[:, 0], seen.measurements.abs().square().sum((1, 2)))
    True
    """
    codes, channel = observation.by_frequency()
    measurements = observation.measurements if observation.wide else observation.measurements.unsqueeze(-3)
    energy = torch.view_as_real(measurements).square().sum(dim=(-1, -2, -3))
    equations = measurements.shape[-1] * measurements.shape[-2]
    if equations <= codes.shape[-1]:
        operator = coded_operator(codes, channel).flatten(-3, -2)
        return StackedStatistics(operator, measurements.flatten(-2), energy, equations)
    image = (codes.conj() * (measurements @ channel.conj())).sum(dim=-2)
    gram = stacked_gram(codes, channel)
    mean = gram.diagonal(dim1=-2, dim2=-1).real.mean(-1)[..., None, None]
    eye = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    root = torch.linalg.cholesky(gram + _LOADING * mean * eye)
    measured = torch.linalg.solve_triangular(root, image.unsqueeze(-1), upper=False).squeeze(-1)
    return StackedStatistics(root.mH.contiguous(), measured, energy, equations)


def stacked(gram: Gram, frequencies: int = 1) -> Gram:
    """Sum per-snapshot blocks into the stacked blocks of a constant-symbol model, one per frequency.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> gram = snapshot_gram(there, chart, scenes.observation, scenes.observation.measurements)
    >>> gram.energy.shape, stacked(gram).energy.shape, stacked(gram).equations
    (torch.Size([1, 16]), torch.Size([1, 1]), 256)
    """
    blocks = gram.vectors.shape[-3] // frequencies
    return Gram(
        gram.vectors.unflatten(-3, (frequencies, blocks)).sum(-3),
        gram.measured.unflatten(-2, (frequencies, blocks)).sum(-2),
        gram.energy.unflatten(-1, (frequencies, blocks)).sum(-1),
        gram.equations * blocks,
    )
