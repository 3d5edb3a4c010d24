"""Do the baselines join several wavelengths: one wavelength as ever, one support, and no lobe of one of them alone?"""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.covariance import LowRank, back_projected, back_projected_middle, grid_energy, true_covariance
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import (
    CONTENDERS,
    Bartlett,
    Estimator,
    Music,
    Mvdr,
    Omp,
    SearchRegion,
    SparseBayesian,
    Spectral,
    Status,
    search_grid,
)
from ris_pytorch_pipeline.estimate.amplitudes import fit_amplitudes, with_powers
from ris_pytorch_pipeline.estimate.baselines.back_projection import BackProjected
from ris_pytorch_pipeline.estimate.spectral.peaks import climb
from ris_pytorch_pipeline.physics import (
    Array,
    Observation,
    Panel,
    Points,
    Scenes,
    bent,
    coded_operator,
    complex_normal,
    draw,
    measure,
    preset,
    steering,
    steering_at,
    to_cosines,
)
from ris_pytorch_pipeline.rng import stream

PANEL = Panel(horizontal=8, vertical=6, spacing=0.15)
WAVES = (0.28, 0.3, 0.33)
PLACE = torch.tensor([[[0.5, -0.2, 2.5]]], dtype=torch.float64)
SPECTRA: dict[str, Spectral] = {each.name: each for each in (Bartlett(), Mvdr(loading=1.0), Music())}


def drawn(name: str, **overrides: object) -> Scenes:
    fields = {"horizontal": 6, "vertical": 6, "snapshots": 6, "sources": 1, "snr_db": 25.0}
    fields |= {"frequencies": 5, "bandwidth": 0.1, **overrides}
    return draw(preset(name, **fields), 3, stream(0, "baselines/wide"))


def baseline(name: str) -> Estimator:
    if name in SPECTRA:
        return BackProjected(spectral=SPECTRA[name], silent=True)
    return Omp() if name == "omp" else SparseBayesian(iterations=15)


def heard(array: Array, positions: Tensor, snapshots: int = 6) -> Observation:
    """What an array without a RIS hears of sources of random symbols, without noise."""
    shape = (1, *((array.frequencies,) if array.frequencies > 1 else ()), snapshots, positions.shape[1])
    symbols = complex_normal(shape, stream(1, "baselines/wide"))
    clean = symbols @ steering(positions, array)
    return Observation(measurements=clean, array=array, symbols="random")


def split(seen: Observation, parts: int) -> Observation:
    """The snapshots of one wavelength told as those of several equal ones."""
    return Observation(
        measurements=seen.measurements.unflatten(1, (parts, -1)),
        codes=seen.codes.unflatten(1, (parts, -1)),
        channel=seen.channel,
        array=replace(seen.array, wavelengths=seen.array.wavelengths * parts),
        symbols=seen.symbols,
    )


def degrees_off(found: Tensor, truth: Tensor) -> Tensor:
    """Great-circle error of the first source of each scene."""
    array = PANEL.array(0.3)
    one, other = (to_cosines(places[:, :1], array)[:, 0, :2] for places in (found, truth))
    return (one - other).norm(dim=-1).rad2deg()


@pytest.mark.parametrize("name", SPECTRA)
def test_a_covariance_at_equal_wavelengths_is_that_of_one(name: str) -> None:
    scenes = drawn("random", sources=2, frequencies=1, bandwidth=0.0)
    one, array = back_projected(scenes.observation, silent=True), scenes.observation.array
    three = LowRank(one.factor[:, None].expand(-1, 3, -1, -1), one.floor[:, None].expand(-1, 3))
    several = SPECTRA[name].locate(three, replace(array, wavelengths=array.wavelengths * 3), 2)
    alone = SPECTRA[name].locate(one, array, 2)
    torch.testing.assert_close(several.positions, alone.positions, rtol=1e-6, atol=1e-6, equal_nan=True)
    torch.testing.assert_close(several.powers, alone.powers, rtol=1e-6, atol=1e-6, equal_nan=True)
    assert several.status == alone.status


def test_music_of_equal_wavelengths_is_that_of_all_their_snapshots() -> None:
    """Without noise each part of the snapshots spans the subspace that all of them do."""
    places = torch.tensor([[[0.5, -0.2, 2.5], [-0.3, 0.1, 1.5]]], dtype=torch.float64)
    seen = heard(PANEL.array(0.3), places, snapshots=9)
    alone, several = (BackProjected(spectral=Music(), fit=False)(each, 2) for each in (seen, split(seen, 3)))
    torch.testing.assert_close(several.positions, alone.positions, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(several.powers, alone.powers, rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["omp", "sbl"])
def test_random_symbols_of_equal_wavelengths_are_those_of_all_snapshots(name: str) -> None:
    seen = drawn("random", sources=2, frequencies=1, bandwidth=0.0, snr_db=15.0).observation
    alone, several = (replace(baseline(name), fit=False)(each, 2) for each in (seen, split(seen, 3)))  # pyright: ignore
    torch.testing.assert_close(several.positions, alone.positions, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(several.powers, alone.powers, rtol=1e-5, atol=1e-8)
    torch.testing.assert_close(several.noise_variance, alone.noise_variance, rtol=1e-5, atol=0)


@pytest.mark.parametrize("array", [PANEL.array(WAVES), Points(bent(PANEL, math.pi), WAVES)], ids=["flat", "deep"])
@pytest.mark.parametrize("name", SPECTRA)
def test_a_source_without_noise_is_at_the_peak(name: str, array: Array) -> None:
    found = BackProjected(spectral=SPECTRA[name], fit=False)(heard(array, PLACE), 1)
    torch.testing.assert_close(found.positions, PLACE, rtol=1e-5, atol=1e-5)
    assert found.status == (Status.CONVERGED,)


def test_a_grating_lobe_of_one_wavelength_vanishes_in_the_mean() -> None:
    """Of elements a wavelength apart the direction u - λ/d looks as u does; its lobes differ between wavelengths."""
    array = Panel(horizontal=10, vertical=3, spacing=0.3).array((0.27, 0.3, 0.33))
    source = torch.tensor([[0.6, 0.0, 0.0]], dtype=torch.float64)
    for own in array.apart:
        lobe = source - source.new_tensor([[own.wavelength / 0.3, 0.0, 0.0]])
        column = steering_at(source, own).mT[None] / math.sqrt(len(own))
        there, elsewhere = grid_energy(torch.cat([source, lobe]), column, own)[0].tolist()
        assert elsewhere == pytest.approx(there, rel=1e-6)
        columns = steering_at(source, array).mT[None] / math.sqrt(len(array))
        there, elsewhere = grid_energy(torch.cat([source, lobe]), columns, array)[0].tolist()
        assert there == pytest.approx(len(array)) and elsewhere < 0.5 * there
    places = torch.tensor([[[math.asin(0.6), 0.0, 8.0]]], dtype=torch.float64)
    found = Bartlett().locate(true_covariances(array, places), array, 1)
    assert float(degrees_off(found.positions, places)) < 0.1


def true_covariances(array: Array, places: Tensor) -> LowRank:
    """R of each wavelength, of sources of power 1 and little noise."""
    powers = torch.ones(places.shape[:2], dtype=torch.float64)
    each = [true_covariance(to_cosines(places, array), powers, own, floor=1e-3) for own in array.apart]
    return LowRank(torch.stack([r.factor for r in each], 1), torch.stack([r.floor for r in each], 1))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_unknown_number_is_counted_on_the_mean_of_the_eigenvalues(count: int) -> None:
    places = torch.tensor([[[0.5, -0.2, 2.5], [-0.4, 0.1, 1.5], [0.0, 0.3, 4.0]]], dtype=torch.float64)[:, :count]
    array = PANEL.array(WAVES)
    found = Music().locate(true_covariances(array, places), array)
    assert found.order.tolist() == [count]
    gaps = (found.positions[0, :, None, :2] - places[0, :, :2]).norm(dim=-1).amin(0)
    assert float(gaps.max()) < 1e-4
    torch.testing.assert_close(found.powers, torch.full_like(found.powers, 1 / count), rtol=0.01, atol=0)


def test_the_mean_spectrum_is_climbed_to_its_top() -> None:
    """Against the spectrum written plainly: its value at the end, and no higher one beside it."""
    array, grid = PANEL.array(WAVES), search_grid(SearchRegion(), PANEL.array(WAVES))
    columns = torch.linalg.qr(complex_normal((1, 3, 48, 2), stream(2, "columns"))).Q * 0.9

    def plainly(point: Tensor) -> float:
        each = steering_at(point[None], array)[:, 0]
        return sum(float((own.conj() @ v).abs().square().sum()) for own, v in zip(each, columns[0], strict=True)) / 144

    best = grid_energy(grid.points(), columns, array).argmax()
    end = climb(grid.points()[best][None, None], columns, array, grid, iterations=60)
    top, point = float(end.score), end.cosines[0, 0]
    assert bool(end.settled) and top == pytest.approx(plainly(point), rel=1e-9)
    for axis, small in enumerate((1e-3, 1e-3, 1e-2)):
        step = small * torch.eye(3, dtype=torch.float64)[axis]
        assert plainly(point + step) < top > plainly(point - step)
    energy = grid_energy(grid.points(), columns, array)
    assert float(energy.max()) / 48 == pytest.approx(plainly(grid.points()[best]), rel=1e-9)


def test_every_wavelength_has_the_covariance_of_its_own_snapshots() -> None:
    seen = drawn("random").observation
    all_of_them, middle = back_projected(seen, silent=True), back_projected_middle(seen, silent=True)
    for f, own in enumerate(seen.array.apart):
        alone = Observation(
            measurements=seen.measurements[:, f], codes=seen.codes[:, f], channel=seen.channel[:, f],
            array=own, symbols="random",
        )  # fmt: skip
        dense = back_projected(alone, silent=True).dense()
        torch.testing.assert_close(all_of_them.dense()[:, f], dense)
        assert torch.allclose(middle.dense(), dense) is (own.wavelength == seen.array.central.wavelength)
        torch.testing.assert_close(back_projected_middle(alone, silent=True).dense(), dense)


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_amplitudes_of_each_wavelength_against_a_plain_solver(name: str) -> None:
    scenes = drawn(name, sources=2)
    seen, cosines = scenes.observation, to_cosines(scenes.truth.positions, scenes.observation.array)
    amplitudes, residual = fit_amplitudes(seen, cosines, scenes.truth.present)
    operator = coded_operator(seen.codes, seen.channel) @ steering_at(cosines, seen.array).mT[:, :, None]
    if name == "pilot":
        stacked = torch.linalg.lstsq(operator.flatten(2, 3), seen.measurements.flatten(2)[..., None]).solution
        slow = stacked.mT.expand(-1, -1, 6, -1)
    else:
        slow = torch.linalg.lstsq(operator, seen.measurements[..., None]).solution.squeeze(-1)
    torch.testing.assert_close(amplitudes, slow.flatten(1, 2), rtol=1e-6, atol=1e-8)
    clean = measure(steering_at(cosines, seen.array), slow, seen.codes, seen.channel)
    torch.testing.assert_close(residual, (seen.measurements - clean).flatten(1, 2), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_noise_at_the_truth_is_unbiased(symbols: str) -> None:
    scenes = draw(
        preset(symbols, horizontal=6, vertical=6, sources=3, snr_db=10.0, frequencies=3, bandwidth=0.1, snapshots=4),
        40, stream(1, "baselines/wide"),
    )  # fmt: skip
    found = Omp(fit=False)(scenes.observation[:1], 3)
    truth = replace(
        found, positions=scenes.truth.positions, order=scenes.truth.sources, deviations=scenes.truth.positions
    )
    fitted = with_powers(truth, scenes.observation)
    assert abs(float((fitted.noise_variance / scenes.truth.noise_variance).mean()) - 1) < 0.05


@pytest.mark.parametrize("symbols", ["random", "pilot"])
@pytest.mark.parametrize("name", [*SPECTRA, "omp", "sbl"])
def test_one_strong_source_is_found_and_judged(name: str, symbols: str) -> None:
    scenes = drawn(symbols, antennas=24)
    found = baseline(name)(scenes.observation, 1)
    assert float(degrees_off(found.positions, scenes.truth.positions).max()) < 3
    assert found.fit is not None and found.status == (Status.CONVERGED,) * 3


def test_a_place_that_is_wrong_is_not_converged() -> None:
    scenes = drawn("random", antennas=24)
    seen = scenes.observation
    wrong = Omp()(replace(seen, codes=seen.codes.conj().resolve_conj()), 1)
    assert Status.CONVERGED not in wrong.status


@pytest.mark.parametrize("name", ["bartlett", "music", "omp"])
def test_a_wavelength_a_snapshot_is_joined(name: str) -> None:
    scenes = drawn("random", frequencies=12, snapshots=1, antennas=24)
    stepped = scenes.observation
    flat = Observation(
        measurements=stepped.measurements[:, :, 0], codes=stepped.codes, channel=stepped.channel, array=stepped.array,
        symbols="random",
    )  # fmt: skip
    found = replace(baseline(name), fit=False)(flat, 1)  # pyright: ignore
    assert float(degrees_off(found.positions, scenes.truth.positions).max()) < 3
    with pytest.raises(InputError, match="between 1 and"):
        baseline(name)(flat, 37)


def test_covariances_of_other_wavelengths_are_refused() -> None:
    one = true_covariance(to_cosines(PLACE, PANEL.array(0.3)), torch.ones(1, 1).double(), PANEL.array(0.3))
    for covariance in (one, one.dense(), one.dense()[:, None].expand(-1, 2, -1, -1)):
        with pytest.raises(InputError, match="3 frequencies"):
            Music().locate(covariance, PANEL.array(WAVES), 1)


def test_scenes_of_several_wavelengths_are_taken_by_all_but_one() -> None:
    wide = preset("random", frequencies=4, bandwidth=0.1)
    refused = {name for name, each in CONTENDERS.items() if each.unmet(wide) == "one wavelength"}
    assert refused == {"modified-music"}
