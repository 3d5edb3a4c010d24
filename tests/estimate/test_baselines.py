"""Do the baselines work where they should, warn where they must, and keep the protocol?"""

import warnings
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.covariance import LowRank, UninformativeCovarianceWarning, true_covariance
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimator, SearchRegion, Status
from ris_pytorch_pipeline.estimate.amplitudes import fit_amplitudes, with_powers
from ris_pytorch_pipeline.estimate.baselines.back_projection import BackProjected
from ris_pytorch_pipeline.estimate.baselines.modified_music import ModifiedMusic, mirrored_entries
from ris_pytorch_pipeline.estimate.baselines.omp import Omp
from ris_pytorch_pipeline.estimate.spectral.spectra import Bartlett, Music, Mvdr
from ris_pytorch_pipeline.physics import (
    Panel,
    Scenes,
    coded_operator,
    cosines_from_positions,
    draw,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream

BASELINES: dict[str, Estimator] = {
    "music": BackProjected(spectral=Music(), silent=True),
    "mvdr": BackProjected(spectral=Mvdr(loading=1.0), silent=True),
    "bartlett": BackProjected(spectral=Bartlett(), silent=True),
    "modified": ModifiedMusic(silent=True),
    "omp": Omp(),
}


def drawn(name: str = "random", **overrides: object) -> Scenes:
    return draw(preset(name, **{"sources": 1, "snr_db": 20.0, **overrides}), 6, stream(0, "baselines"))


@pytest.mark.parametrize("name", BASELINES)
def test_what_fits_by_chance_does_not_stand_out(name: str) -> None:
    """A peak is always there; under a wrong conjugate it was called converged."""
    scenes = drawn(snr_db=10.0)
    seen, right = scenes.observation, BASELINES[name](scenes.observation, 1)
    near = errors_deg(right.positions, scenes.truth.positions) < 2
    assert int(near.sum()) >= 3 or name == "modified"  # which averages what near waves do not have
    assert all(status is not Status.WEAK for status, there in zip(right.status, near.tolist(), strict=True) if there)
    wrong = BASELINES[name](replace(seen, codes=seen.codes.conj().resolve_conj()), 1)
    assert Status.CONVERGED not in wrong.status


def errors_deg(found: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Great-circle error of the only source of each scene."""
    one, other = (cosines_from_positions(p)[:, 0, :2] for p in (found, truth))
    one, other = (torch.cat([x, (1 - x.square().sum(-1, keepdim=True)).sqrt()], -1) for x in (one, other))
    return (one - other).norm(dim=-1).rad2deg()


@pytest.mark.parametrize("name", ["music", "mvdr", "bartlett", "omp"])
def test_one_strong_source_is_found_with_its_power_and_the_noise(name: str) -> None:
    scenes = drawn()
    found = BASELINES[name](scenes.observation, 1)
    assert (errors_deg(found.positions, scenes.truth.positions) < 3).all()
    assert found.order.tolist() == [1] * 6
    ratio = found.powers[:, 0] / (scenes.truth.symbols.abs().square().mean(1)[:, 0])
    assert (ratio - 1).abs().median() < 0.1
    assert found.deviations.isnan().all()


@pytest.mark.parametrize("name", BASELINES)
def test_the_protocol(name: str) -> None:
    scenes = drawn(sources=(1, 3))
    counts = scenes.truth.sources
    found = BASELINES[name](scenes.observation, counts)
    assert bool((found.order <= counts).all()) and len(found.status) == 6
    present = torch.arange(found.powers.shape[1]) < found.order[:, None]
    assert torch.equal(~found.positions.isnan().any(-1), present)
    assert torch.equal(~found.powers.isnan(), present)
    falling = found.powers.nan_to_num(nan=0.0).diff(dim=-1)
    assert bool((falling <= 1e-12).all())
    assert found.fit is not None
    fewer = torch.tensor([Status.FEWER in said for said in found.fit.findings])
    assert torch.equal(found.order < counts, fewer)
    free = BASELINES[name](scenes.observation)
    assert free.fit is not None and not any(Status.FEWER in said for said in free.fit.findings)
    assert free.order.shape == (6,) and free.fit.evidence.shape == free.powers.shape


def test_the_warning_is_raised_once_unless_silenced() -> None:
    seen = drawn().observation
    for loud in (BackProjected(spectral=Music()), ModifiedMusic()):
        with pytest.warns(UninformativeCovarianceWarning) as caught:
            loud(seen, 1)
        assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        BASELINES["music"](seen, 1)


@pytest.mark.parametrize("name", ["music", "mvdr", "modified", "omp"])
def test_single_precision_finds_the_same(name: str) -> None:
    scenes = drawn()
    one = BASELINES[name](scenes.observation, 1)
    other = BASELINES[name](scenes.observation.to(dtype=torch.complex64), 1)
    assert other.powers.dtype == other.noise_variance.dtype == other.positions.dtype
    gap = (cosines_from_positions(one.positions) - cosines_from_positions(other.positions))[..., :2].abs().amax((1, 2))
    assert gap.median() < 1e-3


@pytest.mark.parametrize("sources", [0, 16])
def test_back_projection_holds_fewer_sources_than_snapshots(sources: int) -> None:
    with pytest.raises(InputError, match="between 1 and 15 sources"):
        BASELINES["music"](drawn().observation, sources)


def test_mirrored_entries_are_plane_waves_at_half_the_wavelength() -> None:
    panel = Panel(horizontal=5, vertical=4, spacing=0.15).array(0.3)
    cosines = torch.tensor([[[0.3, 0.2, 0.02], [-0.4, 0.1, 0.02]]], dtype=torch.float64)
    a = steering_at(cosines, panel)
    covariance = LowRank(a.mT, torch.zeros(1, dtype=torch.float64))
    lattice = torch.arange(20).reshape(4, 5)
    plane = steering_at(cosines * torch.tensor([1.0, 1.0, 0.0]), replace(panel, wavelengths=0.15))
    torch.testing.assert_close(mirrored_entries(covariance, lattice), plane.sum(1), rtol=0, atol=2e-3)


@pytest.mark.parametrize("sources", [1, 2])
def test_modified_music_finds_far_sources_of_a_true_covariance(sources: int) -> None:
    scenes = drawn(sources=sources, distance=(5.0, 10.0))
    seen, truth = scenes.observation, scenes.truth
    covariance = true_covariance(cosines_from_positions(truth.positions), truth.powers, seen.array)
    peaks = ModifiedMusic()._locate(covariance, seen.array, sources)
    gaps = (cosines_from_positions(truth.positions)[:, :, None, :2] - peaks.cosines[:, None, :, :2]).norm(dim=-1)
    assert gaps.amin(-1).median() < 0.01
    assert (gaps.amin(-1).amax(-1) < 0.05).double().mean() > 0.8


def test_modified_music_refuses_an_irregular_panel() -> None:
    seen = drawn(horizontal=4, vertical=3).observation
    irregular = replace(seen, elements=seen.elements + torch.arange(36).reshape(12, 3) * 0.01)
    with pytest.raises(InputError, match="rectangular"):
        ModifiedMusic(silent=True)(irregular, 1)


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_amplitudes_against_a_plain_solver(name: str) -> None:
    scenes = drawn(name, sources=2)
    seen = scenes.observation
    cosines = cosines_from_positions(scenes.truth.positions)
    amplitudes, residual = fit_amplitudes(seen, cosines, scenes.truth.present)
    operator = coded_operator(seen.codes, seen.channel) @ steering_at(cosines, seen.array).mT[:, None]
    if name == "pilot":
        stacked = torch.linalg.lstsq(operator.flatten(1, 2), seen.measurements.flatten(1)[..., None]).solution
        slow = stacked.mT.expand(-1, 16, -1)
    else:
        slow = torch.linalg.lstsq(operator, seen.measurements[..., None]).solution.squeeze(-1)
    torch.testing.assert_close(amplitudes, slow, rtol=1e-6, atol=1e-8)
    clean = (operator @ slow[..., None]).squeeze(-1)
    torch.testing.assert_close(residual, seen.measurements - clean, rtol=1e-6, atol=1e-8)


def test_noise_of_the_fit_is_unbiased_at_the_truth() -> None:
    scenes = draw(preset("random", sources=3, snr_db=10.0), 60, stream(1, "baselines"))
    found = Omp()(scenes.observation[:1], 3)
    truth = type(found)(**{
        **vars(found), "positions": scenes.truth.positions, "order": scenes.truth.sources,
        "deviations": scenes.truth.positions,
    })  # fmt: skip
    fitted = with_powers(truth, scenes.observation)
    assert abs(float((fitted.noise_variance / scenes.truth.noise_variance).mean()) - 1) < 0.05


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_first_pick_of_omp_is_the_best_grid_point_by_brute_force(symbols: str) -> None:
    region = SearchRegion(azimuth=(-0.4, 0.4), elevation=(-0.2, 0.2), distance=(2.0, 2.0))
    scenes = draw(
        preset(symbols, sources=1, snr_db=5.0, azimuth_deg=(-20.0, 20.0), elevation_deg=(-10.0, 10.0), distance=2.0),
        3,
        stream(2, "baselines"),
    )
    seen = scenes.observation
    u, w = torch.linspace(-0.4, 0.4, 161, dtype=torch.float64), torch.linspace(-0.2, 0.2, 81, dtype=torch.float64)
    points = torch.cartesian_prod(u, w, torch.tensor([0.5], dtype=torch.float64))
    a = steering_at(points, seen.array).mT
    best = []
    for scene in range(3):
        b = coded_operator(seen.codes[scene], seen.channel[scene]) @ a
        inner = (b.conj() * seen.measurements[scene][..., None]).sum(1)
        energy = b.abs().square().sum(1)
        gain = (inner.abs().square() / energy).sum(0)
        best.append(points[(gain if symbols == "random" else inner.sum(0).abs().square() / energy.sum(0)).argmax()])
    found = cosines_from_positions(Omp(region=region)(seen, 1).positions)[:, 0]
    torch.testing.assert_close(found[:, :2], torch.stack(best)[:, :2], rtol=0, atol=0.02)


def test_omp_counts_one_source_and_refuses_as_many_as_antennas() -> None:
    scenes = drawn(snr_db=5.0)
    assert Omp()(scenes.observation).order.tolist() == [1] * 6
    with pytest.raises(InputError, match="between 1 and 15"):
        Omp()(scenes.observation, 16)
