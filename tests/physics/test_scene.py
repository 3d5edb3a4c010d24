"""Are drawn scenes the scenes of the specification: positions, powers, symbols, SNR, precision and seeds?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.physics import (
    Impairments,
    Scenario,
    Scenes,
    cosines_from_positions,
    draw,
    measure,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.physics.scenes import drawn_positions
from ris_pytorch_pipeline.rng import stream

SMALL = {"horizontal": 6, "vertical": 6, "antennas": 8}


def clean(scenes: Scenes) -> torch.Tensor:
    """Noise-free measurements, from the truth alone."""
    truth, seen = scenes.truth, scenes.observation
    positions = truth.positions.nan_to_num(nan=1.0)  # an empty slot sends nothing
    vectors = steering_at(cosines_from_positions(positions), seen.array)
    return measure(vectors, truth.symbols, truth.applied_codes, truth.applied_channel)


def gaps(positions: torch.Tensor) -> torch.Tensor:
    """Distances in (u, w) of all pairs of present sources."""
    flat = cosines_from_positions(positions)[..., :2]
    most = positions.shape[1]
    first, second = torch.triu_indices(most, most, 1)
    distance = (flat[:, first] - flat[:, second]).norm(dim=-1)
    return distance[~distance.isnan()]


def test_positions_fill_the_field_of_view() -> None:
    where = draw(preset("random", separation=0.0, **SMALL), 2000, stream(1, "scene")).truth.positions
    azimuth, elevation, distance = where[~where.isnan().any(-1)].unbind(-1)
    for value, low, high in ((azimuth, -60, 60), (elevation, -30, 30)):
        assert low <= float(value.rad2deg().min()) < 0.97 * low
        assert 0.97 * high < float(value.rad2deg().max()) <= high
    assert 0.5 <= float(distance.min()) < 0.55
    assert 9.95 < float(distance.max()) <= 10
    assert float(distance.mean()) == pytest.approx(5.25, abs=5 * 9.5 / math.sqrt(12 * distance.numel()))


def test_the_inverse_law_is_uniform_in_inverse_distance() -> None:
    scenario = preset("random", distance_law="inverse", sources=1, **SMALL)
    inverse = 1 / draw(scenario, 4000, stream(2, "scene")).truth.positions[..., 2]
    assert 0.1 <= float(inverse.min()) < 0.11
    assert 1.99 < float(inverse.max()) <= 2
    assert float(inverse.mean()) == pytest.approx(1.05, abs=5 * 1.9 / math.sqrt(12 * inverse.numel()))


def test_the_number_of_sources_is_uniform_and_empty_slots_are_empty() -> None:
    truth = draw(preset("random", separation=0.0, **SMALL), 2000, stream(3, "scene")).truth
    counts = truth.sources.bincount(minlength=6)[1:]
    assert float((counts - 400).abs().max()) < 5 * math.sqrt(2000 * 0.2 * 0.8)
    assert torch.equal(truth.present.sum(-1), truth.sources)
    assert torch.equal(truth.positions.isnan().any(-1), ~truth.present)
    assert bool((truth.powers[~truth.present] == 0).all())
    assert bool((truth.symbols.abs().sum(1)[~truth.present] == 0).all())


def test_separation_is_respected() -> None:
    assert (
        float(gaps(draw(preset("random", sources=5, **SMALL), 500, stream(4, "scene")).truth.positions).min()) >= 0.125
    )
    free = preset("random", sources=5, separation=0.0, **SMALL)
    assert float(gaps(draw(free, 500, stream(4, "scene")).truth.positions).min()) < 0.125


def test_a_separation_that_cannot_be_met_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn_positions, "_TRIES", 20)
    with pytest.raises(InfeasibleError, match="still crowded after 20 draws"):
        draw(preset("random", sources=5, separation=1.5, **SMALL), 2, stream(5, "scene"))


@pytest.mark.parametrize(
    "scenario",
    [
        preset("random", snr_db=3.0, **SMALL),
        preset("pilot", snr_db=3.0, **SMALL),
        preset("hard", snr_db=3.0, **SMALL),
        preset("random", snr_db=3.0, sources=1, codes="dft", path_loss=True, **SMALL),
    ],
    ids=["random", "pilot", "hard", "path loss"],
)
def test_snr_is_clean_power_over_noise(scenario: Scenario) -> None:
    """E‖y‖² / (L M σ²) = 1 + SNR, measured; symbol and noise fluctuations leave about 1 %."""
    scenes = draw(scenario, 4000, stream(6, "scene"), torch.complex64)
    power = scenes.observation.measurements.abs().square().mean(dim=(1, 2)) / scenes.truth.noise_variance
    error = 5 * float(power.std()) / math.sqrt(len(scenes))
    assert error < 0.25, "the test could not see 0.3 dB"
    assert float(power.mean()) == pytest.approx(1 + 10**0.3, abs=error)


def test_snr_of_one_scene_over_many_symbols() -> None:
    """Within 0.1 dB: 20 000 symbol draws through the codes, channel and positions of each scene."""
    scenes = draw(preset("random", sources=3, **SMALL), 4, stream(7, "scene"))
    truth, generator = scenes.truth, stream(7, "symbols")
    repeats = 20_000 // truth.symbols.shape[1]
    power = torch.zeros(4).double()
    for _ in range(repeats):
        unit = torch.randn(truth.symbols.shape, generator=generator, dtype=torch.complex128)
        again = Scenes(
            observation=scenes.observation,
            truth=type(truth)(**vars(truth) | {"symbols": unit * truth.powers.sqrt()[:, None]}),
        )
        power += clean(again).abs().square().mean(dim=(1, 2)) / repeats
    measured_db = 10 * torch.log10(power / truth.noise_variance)
    assert float((measured_db - truth.snr_db).abs().max()) < 0.1


def test_the_snr_of_the_sources_adds_up() -> None:
    truth = draw(preset("random", **SMALL), 200, stream(8, "scene")).truth
    total = (10 ** (truth.source_snr_db / 10)).sum(-1)
    torch.testing.assert_close(10 * total.log10(), truth.snr_db)


def test_power_control_makes_the_sources_equal_at_the_receiver() -> None:
    truth = draw(preset("random", **SMALL), 200, stream(8, "scene")).truth
    share_db = (truth.snr_db[:, None] - truth.source_snr_db)[truth.present]
    expected = (10 * truth.sources.double().log10())[:, None].expand_as(truth.present)[truth.present]
    torch.testing.assert_close(share_db, expected)


def test_relative_powers_are_those_at_the_receiver() -> None:
    truth = draw(preset("random", sources=2, power_db=(-10.0, 0.0), **SMALL), 2000, stream(8, "powers")).truth
    difference_db = truth.source_snr_db[:, 0] - truth.source_snr_db[:, 1]
    assert 9 < float(difference_db.abs().max()) <= 10
    assert float(difference_db.square().mean()) == pytest.approx(2 * 10**2 / 12, rel=0.15)


def test_the_wave_goes_through_what_was_applied() -> None:
    broken = Impairments(phase_error_rad=0.3, gain_error=0.2, dead_fraction=0.1, channel_error_db=-10.0)
    scenes = draw(preset("random", snr_db=200.0, impairments=broken, **SMALL), 20, stream(9, "applied"))
    torch.testing.assert_close(scenes.observation.measurements, clean(scenes), rtol=1e-8, atol=1e-8)


def test_noise_has_the_variance_and_is_circular() -> None:
    scenes = draw(preset("random", **SMALL), 500, stream(9, "scene"))
    noise = (scenes.observation.measurements - clean(scenes)) / scenes.truth.noise_variance.sqrt()[:, None, None]
    limit = 5 / math.sqrt(noise.numel())
    assert float(noise.abs().square().mean()) == pytest.approx(1, abs=limit)
    assert abs(complex(noise.square().mean())) < math.sqrt(2) * limit


def test_pilots_are_constant_and_unit_modulus() -> None:
    truth = draw(preset("pilot", **SMALL), 50, stream(10, "scene")).truth
    assert torch.equal(truth.symbols, truth.symbols[:, :1].expand_as(truth.symbols))
    unit = truth.symbols[:, 0].abs()[truth.present] / truth.powers[truth.present].sqrt()
    torch.testing.assert_close(unit, torch.ones_like(unit))


def test_gaussian_symbols_are_constant_and_vary_in_power() -> None:
    scenario = preset("random", symbols="gaussian", sources=1, **SMALL)
    scenes = draw(scenario, 3000, stream(11, "scene"))
    symbols = scenes.truth.symbols
    assert torch.equal(symbols, symbols[:, :1].expand_as(symbols))
    power = symbols[:, 0].abs().square() / scenes.truth.powers
    assert float(power.mean()) == pytest.approx(1, abs=5 / math.sqrt(3000))
    assert float(power.std()) == pytest.approx(1, rel=0.15)


def test_random_symbols_have_the_covariance_diag_p() -> None:
    scenario = preset("random", sources=3, power_db=(-10.0, 0.0), **SMALL)
    truth = draw(scenario, 2000, stream(12, "scene")).truth
    unit = (truth.symbols / truth.powers.sqrt()[:, None]).flatten(0, 1)
    limit = 5 / math.sqrt(unit.shape[0])
    second = unit.mH @ unit / unit.shape[0]
    assert float((second - torch.eye(3)).abs().max()) < limit
    assert float((unit.mT @ unit / unit.shape[0]).abs().max()) < math.sqrt(2) * limit


@pytest.mark.parametrize(("sources", "least_db", "most_db"), [(3, 10, 16), (5, 16, 23)])
def test_path_loss_leaves_a_weak_source(sources: int, least_db: float, most_db: float) -> None:
    """Median of strongest over weakest source."""
    powers = draw(preset("seed", sources=sources, **SMALL), 2000, stream(13, "scene")).truth.powers
    spread_db = 10 * (powers.amax(-1) / powers.amin(-1)).log10()
    assert least_db < float(spread_db.median()) < most_db


def test_both_precisions_are_the_same_scene() -> None:
    for name in ("random", "hard"):
        double = draw(preset(name), 8, stream(14, "scene"), torch.complex128)
        single = draw(preset(name), 8, stream(14, "scene"), torch.complex64)
        assert single.observation.measurements.dtype == torch.complex64
        assert single.truth.positions.dtype == torch.float32
        exact = double.observation.measurements
        error = (single.observation.measurements - exact).abs().amax() / exact.abs().amax()
        assert float(error) < 2e-6
        torch.testing.assert_close(single.truth.source_snr_db, double.truth.source_snr_db.float(), rtol=0, atol=1e-4)


def test_a_seed_gives_the_same_scenes_and_another_name_others() -> None:
    scenario = preset("hard", **SMALL)
    first, again = (draw(scenario, 5, stream(15, "train", 2)) for _ in range(2))
    assert torch.equal(first.observation.measurements, again.observation.measurements)
    assert torch.equal(first.truth.positions.nan_to_num(), again.truth.positions.nan_to_num())
    for other in (stream(15, "test", 2), stream(15, "train", 3), stream(16, "train", 2)):
        assert not torch.equal(draw(scenario, 5, other).observation.measurements, first.observation.measurements)


def test_some_of_the_scenes() -> None:
    scenes = draw(preset("random", **SMALL), 6, stream(17, "scene"))
    for index in (slice(2, 4), [2, 3], torch.tensor([2, 3])):
        part = scenes[index]
        assert len(part) == 2
        assert torch.equal(part.observation.measurements, scenes.observation.measurements[2:4])
        assert torch.equal(part.truth.present, scenes.truth.present[2:4])
    assert scenes.observation.to(dtype=torch.complex64).elements.dtype == torch.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_scenes_are_made_where_the_generator_lives() -> None:
    scenes = draw(preset("hard"), 50, stream(18, "scene", device="cuda"), torch.complex64)
    assert scenes.observation.measurements.is_cuda
    assert scenes.truth.positions.is_cuda
    host = scenes.observation.to("cpu")
    vectors = steering_at(torch.tensor([[0.3, 0.1, 0.5]]), host.array)
    there = steering_at(torch.tensor([[0.3, 0.1, 0.5]], device="cuda"), scenes.observation.array)
    torch.testing.assert_close(there.cpu(), vectors, rtol=0, atol=2e-5)
