"""Gains on the grid against the objectives that they claim to predict."""

import pytest
import torch
from scipy.optimize import minimize_scalar

from ris_pytorch_pipeline.estimate.ml.hypothesis import Hypothesis, joined
from ris_pytorch_pipeline.estimate.ml.pilots.likelihood import PilotLikelihood
from ris_pytorch_pipeline.estimate.ml.scanning.gain import one_source_gain
from ris_pytorch_pipeline.estimate.ml.scanning.gridscan import GridScan, shared_sources
from ris_pytorch_pipeline.estimate.ml.scanning.principal import principal_antennas
from ris_pytorch_pipeline.estimate.ml.stochastic import StochasticLikelihood
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.estimate.region import SearchRegion
from ris_pytorch_pipeline.physics import Chart, Scenes, cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream

REGION = SearchRegion()


def scene(name: str, sources: int) -> Scenes:
    return draw(preset(name, sources=sources, snr_db=10.0), 2, stream(0, "scan", sources))


def test_one_source_gain_is_the_maximum_over_the_power() -> None:
    generator = stream(0, "gain")
    beta = torch.rand((8, 40), generator=generator) * 50 + 1
    power = torch.rand(40, generator=generator) * 0.5
    alpha = beta * (1 + power * beta) * -torch.rand((8, 40), generator=generator).log()
    gain, _ = one_source_gain(alpha, beta, iterations=30)
    few, _ = one_source_gain(alpha, beta)
    for g in range(40):
        a, b = alpha[:, g].double(), beta[:, g].double()

        def negative(log_p: float, a: torch.Tensor = a, b: torch.Tensor = b) -> float:
            p = 10**log_p
            return -2 * float((p * a / (1 + p * b) - (p * b).log1p()).sum())

        best = -min(float(minimize_scalar(negative, bounds=(-8, 3), method="bounded").fun), 0.0)  # pyright: ignore
        assert float(gain[g]) == pytest.approx(best, rel=1e-3, abs=2e-3)
        assert float(few[g]) <= best + 1e-2
        assert float(few[g]) >= 0.95 * best - 0.1


def test_before_few_antennas_a_scan_leaves_nothing_out() -> None:
    for antennas, left_out in ((4, 0.0), (8, 0.0), (16, 0.1)):
        scenes = draw(preset("random", sources=1, antennas=antennas), 1, stream(0, "few antennas"))
        assert StochasticLikelihood(scale(scenes.observation).observation, REGION).seen.left_out == left_out


@pytest.mark.parametrize("given", [0, 2])
def test_stochastic_gain_is_the_fall_of_the_objective(given: int) -> None:
    scenes = scene("random", 3)
    likelihood = StochasticLikelihood(scale(scenes.observation).observation, REGION)
    likelihood.seen = GridScan(likelihood.observation, likelihood.seen.steering, left_out=0.0)
    rows = torch.arange(2)
    start = likelihood.nothing(rows)
    if given:
        start = likelihood.start_at(rows, cosines_from_positions(scenes.truth.positions[:, :given]))
    gain, log_power = likelihood.scan(rows, start)
    points = likelihood.grid.points()
    for pick in (17, 900, int(gain[0].argmax())):
        more = start.plus(points[pick].expand(2, -1), log_power[:, pick].double())
        x = torch.cat([more.cosines.flatten(1), more.log_powers, more.log_noise[:, None]], dim=1)
        fall = 2 * (
            start.value
            - likelihood._local(rows, x, given + 1, Chart(likelihood.observation.array), likelihood.observation).value
        )
        torch.testing.assert_close(gain[:, pick].double(), fall.clamp_min(0), rtol=1e-3, atol=0.02)


def test_what_a_scan_leaves_out_of_the_energies_hardly_moves_its_largest_gains() -> None:
    likelihood = StochasticLikelihood(scale(scene("random", 3).observation).observation, REGION)
    rows = torch.arange(2)
    gain, _ = likelihood.scan(rows, likelihood.nothing(rows))
    seen = likelihood.seen
    likelihood.seen = GridScan(likelihood.observation, seen.steering, left_out=0.0)
    whole, _ = likelihood.scan(rows, likelihood.nothing(rows))
    kept, rest = principal_antennas(seen.channel[0, 0], seen.left_out)
    assert 0 < len(kept) < seen.channel.shape[-2]
    total = torch.view_as_real(seen.channel[0, 0]).square().sum(dim=(0, -1))
    torch.testing.assert_close(torch.view_as_real(kept).square().sum(dim=(0, -1)) + rest, total)
    best = whole.topk(20).indices
    off = gain.gather(1, best) / whole.gather(1, best) - 1
    assert float(off.square().mean().sqrt()) < 0.05
    assert float(off.abs().amax()) < seen.left_out


def test_rows_that_hold_the_same_sources_are_scanned_as_if_alone() -> None:
    """Each of three sources taken out of two scenes, in one scan that shares them, and row by row."""
    scenes = scene("random", 3)
    likelihood = StochasticLikelihood(scale(scenes.observation).observation, REGION)
    every = likelihood.start_at(torch.arange(2), cosines_from_positions(scenes.truth.positions))
    rows, given = torch.tensor([0, 1] * 3), joined([every.without(k) for k in range(3)])
    assert len(shared_sources(rows, given.cosines)[0]) == 6
    together = likelihood.scan(rows, given)
    for row in range(6):
        alone = likelihood.scan(rows[[row]], given[torch.tensor([row])])
        for mine, own in zip(together, alone, strict=True):
            torch.testing.assert_close(mine[[row]], own, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("antennas", [8, 12])
def test_small_scenes_are_scanned_together_as_if_alone(antennas: int) -> None:
    """Scenes of other numbers of rows and of known sources in one scan, and row by row."""
    small = preset("random", horizontal=6, vertical=6, antennas=antennas, snapshots=4, sources=2, snr_db=10.0)
    scenes = draw(small, 5, stream(0, "small scenes"))
    likelihood = StochasticLikelihood(scale(scenes.observation).observation, REGION)
    assert likelihood.seen._room(9) >= 5
    places = cosines_from_positions(scenes.truth.positions)
    rows, source = torch.tensor([4, 0, 1, 1, 3, 2, 1, 3]), torch.tensor([0, 1, 0, 1, 0, 0, 0, 0])
    given = likelihood.start_at(rows, places[rows, source][:, None])
    together = likelihood.scan(rows, given)
    for row in range(len(rows)):
        alone = GridScan(likelihood.observation, likelihood.seen.steering)
        one = torch.tensor([row])
        likelihood.__dict__["seen"] = alone
        for mine, own in zip(together, likelihood.scan(rows[one], given[one]), strict=True):
            torch.testing.assert_close(mine[one], own, rtol=1e-3, atol=1e-3)


def test_of_several_scenes_each_has_the_antennas_that_it_needs() -> None:
    channel = scale(draw(preset("random", antennas=12), 4, stream(0, "antennas")).observation).observation.channel
    channel[1, 6:] = channel[1, :6]  # of fewer directions than the others
    together, rest = principal_antennas(channel, 0.1)
    for scene in range(4):
        strong, own = principal_antennas(channel[scene], 0.1)
        power, kept = (x.mH @ x for x in (strong, together[scene]))
        torch.testing.assert_close(kept, power)
        torch.testing.assert_close(rest[scene], own)


@pytest.mark.parametrize("given", [0, 2])
def test_pilot_gain_is_the_fall_of_the_objective(given: int) -> None:
    scenes = scene("pilot", 3)
    likelihood = PilotLikelihood(scale(scenes.observation).observation, REGION)
    rows = torch.arange(2)
    start = likelihood.nothing(rows)
    if given:
        start = likelihood.refine(
            rows, likelihood.start_at(rows, cosines_from_positions(scenes.truth.positions[:, :given])),
            iterations=0, tolerance=1e-2,
        )  # fmt: skip
    gain, log_power = likelihood.scan(rows, start)
    points = likelihood.grid.points()
    for pick in (17, 900, int(gain[0].argmax())):
        more = start.plus(points[pick].expand(2, -1), log_power[:, pick].double())
        fall = 2 * (
            start.value
            - likelihood._local(
                likelihood.statistics, rows, more.cosines.flatten(1), Chart(likelihood.observation.array)
            ).value
        )
        torch.testing.assert_close(gain[:, pick].double(), fall, rtol=1e-3, atol=0.02)


def test_source_gains_are_the_rise_when_a_source_is_left_out() -> None:
    scenes = scene("pilot", 3)
    likelihood = PilotLikelihood(scale(scenes.observation).observation, REGION)
    rows = torch.arange(2)
    start = likelihood.start_at(rows, cosines_from_positions(scenes.truth.positions))
    whole = likelihood._local(
        likelihood.statistics, rows, start.cosines.flatten(1), Chart(likelihood.observation.array)
    ).value
    gains = likelihood.source_gains(rows, start)
    for k in range(3):
        without = likelihood._local(
            likelihood.statistics, rows, start.without(k).cosines.flatten(1), Chart(likelihood.observation.array)
        ).value
        torch.testing.assert_close(gains[:, k], 2 * (without - whole), rtol=1e-8, atol=1e-8)


def test_hypotheses_change_only_the_rows_they_are_told_to() -> None:
    first = Hypothesis(
        torch.zeros(3, 1, 3), torch.zeros(3, 1), torch.zeros(3), torch.zeros(3), torch.zeros(3, dtype=torch.bool)
    )
    second = Hypothesis(
        torch.ones(1, 1, 3), torch.ones(1, 1), torch.ones(1), torch.ones(1), torch.ones(1, dtype=torch.bool)
    )
    mixed = first.replaced(torch.tensor([1]), second)
    assert mixed.value.tolist() == [0.0, 1.0, 0.0]
    assert mixed.cosines[:, 0, 0].tolist() == [0.0, 1.0, 0.0]
    assert first.value.tolist() == [0.0, 0.0, 0.0]
