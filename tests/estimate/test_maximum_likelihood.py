"""Coded maximum likelihood against the bound, and its answers to odd requests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate, MaximumLikelihood, PilotMl, SearchRegion, Sml, Status
from ris_pytorch_pipeline.estimate.ml import levenberg, stochastic
from ris_pytorch_pipeline.estimate.ml.levenberg import Box, Local, Minimum
from ris_pytorch_pipeline.estimate.ml.pilots import likelihood
from ris_pytorch_pipeline.matching import great_circle
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream

CASES = [pytest.param("random", Sml(), id="sml"), pytest.param("pilot", PilotMl(), id="pilot")]


def scenes_of(name: str, sources: int, snr_db: float, count: int) -> Scenes:
    return draw(preset(name, sources=sources, snr_db=snr_db), count, stream(0, "ml", sources))


def matched_errors(estimate: Estimate, scenes: Scenes) -> tuple[Tensor, Tensor]:
    """Errors over the bound of well-separated scenes by nearest direction, and whether all are within 3 degrees."""
    truth, bound = scenes.truth.positions, scene_bound(scenes).deviations
    angle = great_circle(estimate.positions[:, :, None, :], truth[:, None, :, :])
    nearest = angle.argmin(1)
    error = estimate.positions.gather(1, nearest.unsqueeze(-1).expand(-1, -1, 3)) - truth
    success = (angle.amin(1) < torch.tensor(3.0).deg2rad()).all(1)
    return error / bound, success


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_reaches_the_bound_at_high_snr(name: str, estimator: MaximumLikelihood) -> None:
    scenes = scenes_of(name, 2, 20.0, 64)
    ratio, success = matched_errors(estimator(scenes.observation, 2), scenes)
    assert success.all()
    assert 0.85 < float(ratio[..., :2].square().mean().sqrt()) < 1.2  # 256 errors: ± 0.05


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_finds_the_order_of_well_separated_sources(name: str, estimator: MaximumLikelihood) -> None:
    scenes = draw(preset(name, sources=(1, 3), snr_db=15.0), 24, stream(0, "order"))
    assert float((estimator(scenes.observation).order == scenes.truth.sources).double().mean()) >= 0.95


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_stated_deviations_are_those_of_the_bound(name: str, estimator: MaximumLikelihood) -> None:
    scenes = scenes_of(name, 1, 15.0, 40)
    stated, bound = estimator(scenes.observation, 1).deviations[..., :2], scene_bound(scenes).deviations[..., :2]
    assert float((stated / bound).median()) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_scale_of_the_measurements_changes_powers_alone(name: str, estimator: MaximumLikelihood) -> None:
    given = scenes_of(name, 2, 15.0, 3).observation
    plain, louder = estimator(given, 2), estimator(replace(given, measurements=1e-4 * given.measurements), 2)
    torch.testing.assert_close(louder.positions, plain.positions, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(louder.powers, 1e-8 * plain.powers, rtol=1e-4, atol=0)
    torch.testing.assert_close(louder.noise_variance, 1e-8 * plain.noise_variance, rtol=1e-4, atol=0)


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_powers_and_noise_are_right_at_high_snr(name: str, estimator: MaximumLikelihood) -> None:
    scenes = scenes_of(name, 1, 20.0, 40)
    estimate = estimator(scenes.observation, 1)
    assert float((estimate.powers / scenes.truth.powers).mean()) == pytest.approx(1, abs=0.15)
    assert float((estimate.noise_variance / scenes.truth.noise_variance).mean()) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_an_answer_does_not_depend_on_the_batch(name: str, estimator: MaximumLikelihood) -> None:
    scenes = draw(preset(name, sources=(1, 3), snr_db=15.0), 5, stream(0, "batch"))
    given, counts = scenes.observation, scenes.truth.sources
    whole = estimator(given, counts)
    parts = replace(estimator, batch=2)(given, counts)
    torch.testing.assert_close(parts.positions, whole.positions, rtol=1e-5, atol=1e-6, equal_nan=True)
    assert whole.order.tolist() == counts.tolist()
    assert torch.equal(whole.positions[..., 0].isnan(), ~scenes.truth.present)
    assert whole.status == (Status.CONVERGED,) * 5


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_refine_stays_at_the_optimum_and_ignores_empty_slots(name: str, estimator: MaximumLikelihood) -> None:
    scenes = draw(preset(name, sources=(1, 3), snr_db=15.0), 6, stream(0, "refine"))
    searched = estimator(scenes.observation, scenes.truth.sources)
    again = estimator.refine(scenes.observation, searched.positions)
    torch.testing.assert_close(again.positions, searched.positions, rtol=1e-3, atol=1e-3, equal_nan=True)
    assert again.order.tolist() == scenes.truth.sources.tolist()


def test_single_precision_measurements_are_enough() -> None:
    given = scenes_of("random", 2, 15.0, 4).observation
    double, single = Sml()(given, 2), Sml()(given.to(dtype=torch.complex64), 2)
    torch.testing.assert_close(single.positions, double.positions, rtol=1e-3, atol=1e-3)


def test_a_known_distance_and_elevation_are_not_estimated() -> None:
    scenes = draw(preset("pilot", sources=1, elevation_deg=0.0, distance=6.0, snr_db=10.0), 8, stream(0, "fixed"))
    region = SearchRegion(elevation=(0.0, 0.0), distance=(6.0, 6.0))
    found = PilotMl(region=region)(scenes.observation, 1)
    assert (found.positions[..., 1].abs() < 1e-12).all()
    torch.testing.assert_close(found.positions[..., 2], torch.full((8, 1), 6.0, dtype=torch.float64))
    assert (found.deviations[..., 1:] == 0).all()
    assert ((found.positions - scenes.truth.positions)[..., 0].abs() < 6 * found.deviations[..., 0]).all()


def test_noise_alone_holds_no_source() -> None:
    given = scenes_of("random", 1, 0.0, 8).observation
    noise = torch.randn(given.measurements.shape, generator=stream(0, "noise"), dtype=torch.complex128)
    estimate = Sml()(replace(given, measurements=noise))
    assert estimate.order.tolist() == [0] * 8
    assert estimate.status == (Status.NONE,) * 8
    assert estimate.positions.shape == (8, 0, 3)
    torch.testing.assert_close(estimate.noise_variance.mean(), torch.tensor(1.0).double(), rtol=0.1, atol=0)


@pytest.mark.parametrize("sources", [0, 500, torch.tensor([1, 2])])
def test_an_impossible_number_of_sources_is_refused(sources: int | Tensor) -> None:
    with pytest.raises(InputError, match="sources"):
        Sml()(scenes_of("random", 1, 10.0, 3).observation, sources)


def test_pilot_estimator_refuses_random_symbols() -> None:
    with pytest.raises(InputError, match="use Sml"):
        PilotMl()(scenes_of("random", 1, 10.0, 2).observation, 1)


def test_empty_measurements_are_refused() -> None:
    given = scenes_of("random", 1, 10.0, 2).observation
    for last in (0.0, 1e-200):
        some = given.measurements * torch.tensor([1.0, last], dtype=torch.float64)[:, None, None]
        with pytest.raises(InputError, match="a mean square of zero in 1 of 2"):
            Sml()(replace(given, measurements=some), 1)


def test_a_start_behind_the_panel_is_refused() -> None:
    scenes = scenes_of("random", 1, 10.0, 2)
    behind = scenes.truth.positions.clone()
    behind[0, 0, 0] = 3.0
    with pytest.raises(InputError, match="azimuth"):
        Sml().refine(scenes.observation, behind)


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_chosen_scenes_are_searched_on(name: str, estimator: MaximumLikelihood) -> None:
    scenes = draw(preset(name, sources=2, snr_db=20.0, separation=0.3), 4, stream(0, "search"))
    true, elsewhere = scenes.truth.positions, torch.tensor([-0.1, 0.45, 3.0], dtype=scenes.truth.positions.dtype)
    start = torch.stack([true[:, 0], elsewhere.expand(4, -1)], dim=1)
    chosen = torch.tensor([True, False, True, False])
    found = estimator.refine(scenes.observation, start, search=chosen).positions
    apart = great_circle(true[:, :, None], found[:, None]).amin(-1).amax(-1)
    assert bool((apart[chosen] < 0.02).all()), "a search finds what the start misses"
    without = estimator.refine(scenes.observation, start).positions
    torch.testing.assert_close(found[~chosen], without[~chosen])


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_no_iteration_leaves_the_given_positions(name: str, estimator: MaximumLikelihood) -> None:
    scenes = scenes_of(name, 1, 20.0, 3)
    start = estimator.refine(scenes.observation, scenes.truth.positions, iterations=0)
    torch.testing.assert_close(start.positions, scenes.truth.positions)


@pytest.mark.parametrize(("name", "estimator"), CASES)
def test_without_the_fit_fewer_trials_are_refined_and_the_same_sources_found(
    name: str, estimator: MaximumLikelihood, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = scenes_of(name, 3, 10.0, 8)
    refined: list[int] = []
    minimise = levenberg.minimise

    def counted(evaluate: Callable[[Tensor, Tensor], Local], start: Tensor, box: Box, **options: Any) -> Minimum:
        def told(point: Tensor, rows: Tensor) -> Local:
            refined.append(rows.numel() if options.get("ceiling") is not None else 0)
            return evaluate(point, rows)

        return minimise(told, start, box, **options)

    for module in (stochastic, likelihood):
        monkeypatch.setattr(module, "minimise", counted)
    counts, found = [], []
    for fit in (True, False):
        refined.clear()
        found.append(replace(estimator, fit=fit)(scenes.observation, 3).positions)
        counts.append(sum(refined))
    assert counts[1] < 0.95 * counts[0]
    assert (found[0] - found[1])[..., :2].abs().max() < 1e-4
