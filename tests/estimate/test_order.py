"""Do the eigenvalue rules count sources where they can, and fail where they are known to?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import LowRank, back_projected, eigenpairs, sample_covariance
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate.spectral.order import EigenvalueGap, aic, mdl
from ris_pytorch_pipeline.physics import complex_normal, draw, preset
from ris_pytorch_pipeline.rng import stream


def eigenvalues(sources: int, snapshots: int, scenes: int = 40) -> torch.Tensor:
    """Of sample covariances of `sources` strong signals in white noise on ten elements."""
    generator = stream(sources, f"order {snapshots}")
    mixing = torch.linalg.qr(complex_normal((scenes, 10, 10), generator)).Q[..., : max(1, sources)] * 4
    symbols = complex_normal((scenes, snapshots, max(1, sources)), generator) * (sources > 0)
    noise = complex_normal((scenes, snapshots, 10), generator)
    return eigenpairs(sample_covariance(symbols @ mixing.mT + noise)).spectrum


@pytest.mark.parametrize("sources", [0, 1, 3])
def test_mdl_counts_common_subspaces_and_aic_at_least_as_many(sources: int) -> None:
    values = eigenvalues(sources, 60)
    by_mdl, by_aic = mdl()(values, 60), aic()(values, 60)
    assert (by_mdl == sources).double().mean() >= 0.95
    assert bool((by_aic >= by_mdl).all())


def test_mdl_is_the_textbook_sum() -> None:
    values, snapshots = eigenvalues(2, 30, scenes=1), 30
    costs = []
    for k in range(9):
        rest = values[0, k:]
        ratio = rest.log().mean().exp() / rest.mean()
        likelihood = snapshots * (10 - k) * ratio.log()
        costs.append(float(-likelihood + 0.5 * k * (20 - k) * torch.tensor(30.0).log()))
    assert int(mdl()(values, snapshots)) == costs.index(min(costs))


def test_fewer_samples_than_elements_leave_the_zero_eigenvalues_out() -> None:
    values = eigenvalues(1, 6)
    order = mdl()(values, 6)
    assert bool((order <= 5).all())


def test_they_fail_on_coded_snapshots() -> None:
    """Each snapshot has its own operator, so that no subspace is common: MDL misses K = 3 even at 20 dB."""
    seen = draw(preset("random", sources=3, snr_db=20.0), 20, stream(0, "order")).observation
    values = back_projected(seen, silent=True).eigenpairs().spectrum
    assert (mdl()(values, 16) == 3).double().mean() < 0.2


def test_the_gap_counts_the_rank_of_a_model() -> None:
    factor = complex_normal((5, 12, 4), stream(1, "order"))
    for floor in (0.0, 0.01):
        model = LowRank(factor, torch.full((5,), floor, dtype=torch.float64))
        assert EigenvalueGap()(model.eigenpairs().spectrum, None).tolist() == [4] * 5


@pytest.mark.parametrize("snapshots", [None, 1])
def test_a_criterion_needs_the_number_of_snapshots(snapshots: int | None) -> None:
    with pytest.raises(InputError, match="snapshots"):
        mdl()(eigenvalues(1, 20), snapshots)
