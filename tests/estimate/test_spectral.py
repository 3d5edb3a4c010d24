"""Do MUSIC, MVDR and Bartlett find the sources of a true covariance, and answer honestly otherwise?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import LowRank, eigenpairs, music, mvdr, signal_subspace, true_covariance
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate, SearchRegion, Status
from ris_pytorch_pipeline.estimate.spectral.order import mdl
from ris_pytorch_pipeline.estimate.spectral.spectra import Bartlett, Music, Mvdr, Spectral
from ris_pytorch_pipeline.physics import (
    Scenes,
    cartesian_from_positions,
    complex_normal,
    cosines_from_positions,
    draw,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream


def drawn(sources: int | tuple[int, int], scenes: int = 6) -> tuple[Scenes, LowRank]:
    """Scenes and their true covariance with noise 30 dB below."""
    made = draw(preset("random", sources=sources), scenes, stream(0, f"spectral {sources}"))
    cosines = cosines_from_positions(made.truth.positions)
    seen = made.observation
    return made, true_covariance(cosines, made.truth.powers, seen.array, floor=1e-3)


def farthest_degrees(estimate: Estimate, scenes: Scenes) -> float:
    """The largest great-circle distance of a true source to the nearest estimate."""
    worst = torch.zeros(())
    for found, truth in zip(estimate.positions, scenes.truth.positions, strict=True):
        truth, found = truth[~truth[:, 0].isnan()], found[~found[:, 0].isnan()]
        one, other = (
            cartesian_from_positions(torch.cat([p[:, :2], torch.ones_like(p[:, :1])], -1)) for p in (truth, found)
        )
        worst = torch.maximum(worst, torch.cdist(one, other).amin(-1).max())
    return float(worst.rad2deg())


@pytest.mark.parametrize("estimator", [Music(), Mvdr()], ids=lambda e: e.name)
@pytest.mark.parametrize("sources", [1, 2, 3, 4, 5])
def test_every_source_of_a_true_covariance_is_found(estimator: Spectral, sources: int) -> None:
    scenes, covariance = drawn(sources)
    seen = scenes.observation
    found = estimator.locate(covariance, seen.array, sources)
    assert farthest_degrees(found, scenes) < 0.05
    assert found.order.tolist() == [sources] * 6
    assert set(found.status) == {Status.CONVERGED}
    assert found.deviations.isnan().all() and found.noise_variance.isnan().all()


def test_the_dense_matrix_in_both_precisions_gives_the_same() -> None:
    scenes, covariance = drawn(3, scenes=2)
    panel = scenes.observation.array
    for estimator in (Music(), Mvdr(), Bartlett()):
        thin = estimator.locate(covariance, panel, 3)
        full = estimator.locate(covariance.dense(), panel, 3)
        torch.testing.assert_close(full.positions, thin.positions, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(full.powers, thin.powers, rtol=1e-5, atol=1e-6)
    single = Music().locate(covariance.dense().to(torch.complex64), panel, 3)
    torch.testing.assert_close(single.positions, Music().locate(covariance, panel, 3).positions, rtol=1e-2, atol=1e-3)


def test_powers_are_those_of_the_covariance_in_its_own_units() -> None:
    cosines = torch.tensor([[[0.3, 0.1, 0.5], [-0.4, -0.2, 1.0]]], dtype=torch.float64)
    array = draw(preset("random"), 1, stream(0, "x")).observation.array
    a = steering_at(cosines, array)
    powers = torch.tensor([[2.0, 7.0]], dtype=torch.float64)
    covariance = LowRank((a * powers.sqrt()[..., None]).mT, torch.tensor([0.5], dtype=torch.float64))
    found = Music().locate(covariance, array, 2)
    torch.testing.assert_close(found.powers, powers.flip(-1), rtol=1e-6, atol=0)
    torch.testing.assert_close(Mvdr().locate(covariance.dense(), array, 2).powers, powers.flip(-1), rtol=0.01, atol=0)


def test_columns_are_the_spectra_of_the_covariance_room() -> None:
    """N - ‖V^H a‖² is λ_N/P of MVDR, 1 - ‖V^H a‖²/N is D of MUSIC, and ‖V^H a‖² orders positions as Bartlett does."""
    matrix = complex_normal((1, 16, 30), stream(3, "columns"))
    matrix = matrix @ matrix.mH
    eigen, vectors = eigenpairs(matrix), complex_normal((9, 16), stream(4, "columns"))
    vectors = vectors / vectors.abs()

    def energy(estimator: Spectral) -> torch.Tensor:
        return (vectors @ estimator.columns(eigen, 3).conj()).abs().square().sum(-1)

    torch.testing.assert_close(16 - energy(Mvdr()), eigen.floor / mvdr(matrix, vectors, 0.0))
    torch.testing.assert_close(1 - energy(Music()) / 16, music(signal_subspace(matrix, 3), vectors))
    power = (vectors.conj() * (vectors @ matrix.mT)).sum(-1).real
    torch.testing.assert_close(energy(Bartlett()), (power - 16 * eigen.floor) / eigen.values[:, 0])


def test_order_is_counted_per_scene_when_nobody_says() -> None:
    scenes, covariance = drawn((1, 4), scenes=8)
    seen = scenes.observation
    found = Music().locate(covariance, seen.array)
    assert found.order.tolist() == scenes.truth.sources.tolist()
    assert len(set(found.order.tolist())) > 1
    assert farthest_degrees(found, scenes) < 0.05
    told = Music().locate(covariance, seen.array, scenes.truth.sources)
    torch.testing.assert_close(told.positions, found.positions, equal_nan=True)


@pytest.mark.parametrize("dense", [False, True])
def test_more_sources_than_there_are_is_answered_with_fewer(dense: bool) -> None:
    scenes, covariance = drawn(1, scenes=4)
    seen = scenes.observation
    found = Music().locate(covariance.dense() if dense else covariance, seen.array, 3)
    assert found.order.tolist() == [1] * 4
    assert set(found.status) == {Status.FEWER}
    assert found.positions[:, 1:].isnan().all() and found.powers[:, 1:].isnan().all()


def test_an_order_of_zero_is_no_source() -> None:
    array = draw(preset("random"), 1, stream(0, "x")).observation.array
    white = torch.eye(144, dtype=torch.complex128)[None]
    found = Music(order=mdl()).locate(white, array, snapshots=400)
    assert found.status == (Status.NONE,) and found.order.tolist() == [0]


def test_a_known_distance_is_kept() -> None:
    scenes, covariance = drawn(1, scenes=3)
    seen = scenes.observation
    region = SearchRegion(distance=(2.0, 2.0))
    found = Mvdr(region=region).locate(covariance, seen.array, 1)
    torch.testing.assert_close(found.positions[..., 2], torch.full((3, 1), 2.0, dtype=torch.float64))


@pytest.mark.parametrize("sources", [0, 144, torch.tensor([1, 1, 1])])
def test_impossible_numbers_of_sources_are_refused(sources: int | torch.Tensor) -> None:
    scenes, covariance = drawn(1, scenes=2)
    with pytest.raises(InputError, match="number of sources between 1 and 143"):
        Music().locate(covariance, scenes.observation.array, sources)


def test_what_is_no_covariance_is_refused() -> None:
    array = draw(preset("random"), 1, stream(0, "x")).observation.array
    with pytest.raises(InputError, match="semidefinite"):
        Music().locate(torch.diag_embed(torch.linspace(-1, 9, 144))[None] + 0j, array, 1)
    with pytest.raises(InputError, match="scene axis"):
        Music().locate(torch.eye(144) + 0j, array, 1)
