"""The pilot residual against an explicit stacked projector, autograd and finite differences."""

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.likelihood import (
    Gram,
    position_information,
    project,
    residual_gradient,
    snapshot_gram,
    stacked,
    stacked_statistics,
)
from ris_pytorch_pipeline.physics import (
    Chart,
    Scenes,
    coded_response,
    cosines_from_positions,
    draw,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream


@pytest.fixture(params=[1, 3])
def scenes(request: pytest.FixtureRequest) -> Scenes:
    small = preset("pilot", sources=request.param, horizontal=6, vertical=5, antennas=4, snapshots=6, snr_db=10.0)
    return draw(small, 3, stream(0, "pilot", request.param))


def projected(cosines: Tensor, scenes: Scenes) -> tuple[Tensor, Tensor, Tensor]:
    """Stacked B (scene, equation, source), least-squares symbols and the residual vector."""
    given = scenes.observation
    b = coded_response(steering_at(cosines, given.array), given.codes, given.channel)
    b = b.transpose(-1, -2).flatten(1, 2)
    y = given.measurements.flatten(1).unsqueeze(-1)
    symbols = torch.linalg.solve(b.mH @ b, b.mH @ y)
    return b, symbols, y - b @ symbols


def test_statistics_give_the_same_gram_as_the_stacked_snapshots(scenes: Scenes) -> None:
    given, cosines = scenes.observation, cosines_from_positions(scenes.truth.positions)
    slow = stacked(snapshot_gram(cosines, Chart(given.array), given, given.measurements))
    rows = torch.tensor([0, 2, 2, 1])  # scenes may repeat, and come in any order
    slow = Gram(slow.vectors[rows], slow.measured[rows], slow.energy[rows], slow.equations)
    got = stacked_statistics(given).at(cosines[rows], Chart(given.array), rows)
    torch.testing.assert_close(got.vectors, slow.vectors, rtol=1e-9, atol=1e-6)
    torch.testing.assert_close(got.measured, slow.measured, rtol=1e-9, atol=1e-6)
    torch.testing.assert_close(got.energy, slow.energy)
    assert got.equations == slow.equations == 24


def test_residual_and_gradient_equal_the_explicit_projector(scenes: Scenes) -> None:
    given = scenes.observation
    cosines = (cosines_from_positions(scenes.truth.positions) + 0.02).requires_grad_()
    residual = torch.view_as_real(projected(cosines, scenes)[2]).square().sum(dim=(1, 2, 3))
    (slow,) = torch.autograd.grad(residual.sum(), cosines)
    gram = stacked_statistics(given).at(cosines.detach(), Chart(given.array), torch.arange(3))
    projection = project(gram)
    torch.testing.assert_close(projection.residual[:, 0], residual.detach(), rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(residual_gradient(projection)[:, 0], slow.flatten(1), rtol=1e-6, atol=1e-6)


def test_curvature_is_that_of_the_kaufman_jacobian(scenes: Scenes) -> None:
    given, h = scenes.observation, 1e-6
    cosines = cosines_from_positions(scenes.truth.positions)
    b, symbols, _ = projected(cosines, scenes)
    projector = torch.eye(b.shape[1], dtype=b.dtype) - b @ torch.linalg.solve(b.mH @ b, b.mH)
    columns = []
    for i in range(cosines[0].numel()):
        shift = torch.zeros_like(cosines)
        shift.view(len(cosines), -1)[:, i] = h
        slope = (projected(cosines + shift, scenes)[0] - projected(cosines - shift, scenes)[0]) / (2 * h)
        columns.append(projector @ slope @ symbols)
    jacobian = torch.cat(columns, dim=-1)
    slow = 2 * (jacobian.mH @ jacobian).real
    gram = stacked_statistics(given).at(cosines, Chart(given.array), torch.arange(3))
    projection = project(gram)
    torch.testing.assert_close(position_information(projection, projection.symbols)[:, 0], slow, rtol=1e-6, atol=1e-5)


def test_a_source_repeated_in_single_precision_breaks_no_solve() -> None:
    """Rounding makes B^H B of two sources at one place indefinite; the other blocks of the batch stay as they are."""
    inner = torch.tensor([[[1.0, 1.0], [1.0, 1.0 - 1e-7]], [[1.0, 0.2], [0.2, 1.0]]]).to(torch.complex128)[:, None]
    measured = torch.tensor([[0.5, 0.5], [0.3, 0.1]]).to(torch.complex128)[:, None]
    gram = Gram(vectors=inner, measured=measured, energy=torch.ones(2, 1).double(), equations=8, kinds=1)
    symbols = torch.linalg.solve(inner[1, 0], measured[1, 0])
    found = project(with_flat_derivatives(gram))
    assert bool(found.residual.isfinite().all()) and float(found.residual[0, 0]) == pytest.approx(0.75, abs=1e-3)
    assert torch.allclose(found.symbols[1, 0], symbols, atol=1e-9)


def with_flat_derivatives(gram: Gram) -> Gram:
    """The same, with derivatives that are nothing."""
    k = gram.sources
    vectors = torch.zeros((*gram.vectors.shape[:-2], 4 * k, 4 * k), dtype=gram.vectors.dtype)
    vectors[..., :k, :k] = gram.vectors
    measured = torch.cat([gram.measured, torch.zeros((*gram.measured.shape[:-1], 3 * k)).to(gram.measured)], dim=-1)
    return Gram(vectors=vectors, measured=measured, energy=gram.energy, equations=gram.equations)
