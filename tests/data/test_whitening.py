"""Are signal and noise at the antennas told apart?"""

from dataclasses import replace

import torch

from ris_pytorch_pipeline.data import Prior
from ris_pytorch_pipeline.physics import Line, Observation, complex_normal, draw, preset
from ris_pytorch_pipeline.rng import stream

SMALL = preset("random", antennas=8, snapshots=4000, sources=1, horizontal=4, vertical=4)


def observed(signal: float, noise: float) -> Observation:
    """Measurements that follow y ~ CN(0, p H H^H + σ² I) exactly."""
    template, generator = draw(SMALL, 3, stream(1, "prior")).observation, stream(2, "prior")
    panel = complex_normal((3, 4000, 16), generator) * signal**0.5
    measurements = panel @ template.channel.mT + noise**0.5 * complex_normal((3, 4000, 8), generator)
    return Observation(**{**vars(template), "measurements": measurements})


def test_signal_and_noise_are_recovered_where_the_model_is_true() -> None:
    for signal, noise in ((1.0, 0.5), (2e-6, 4e-5), (0.3, 0.2)):
        prior = Prior(observed(signal, noise))
        torch.testing.assert_close(prior.signal, torch.full((3,), signal).double(), rtol=0.1, atol=0)
        torch.testing.assert_close(prior.noise, torch.full((3,), noise).double(), rtol=0.1, atol=0)


def test_whitened_measurements_are_inverse_covariance_times_measurements() -> None:
    seen = observed(1.0, 0.5)
    prior = Prior(seen)
    covariance = prior.signal[:, None, None] * (seen.channel @ seen.channel.mH)
    covariance = covariance + torch.diag_embed(prior.noise[:, None].expand(-1, 8).to(covariance.dtype))
    mean = covariance.diagonal(dim1=-2, dim2=-1).real.mean(-1)[:, None, None]
    slow = torch.linalg.solve(covariance, seen.measurements.mT).mT * mean
    channel = torch.linalg.solve(covariance, seen.channel) * mean
    torch.testing.assert_close(prior.solve_measurements(seen.measurements[:, None])[:, 0], slow)
    torch.testing.assert_close(prior.solve_channel(seen.channel[:, None])[:, 0], channel)
    torch.testing.assert_close(prior.log_noise, (prior.noise / mean[:, 0, 0]).log())


def test_the_estimate_stays_finite_without_noise() -> None:
    prior = Prior(observed(1.0, 0.0))
    assert bool(torch.isfinite(prior.log_noise).all())
    assert bool((prior.noise > 0).all())


def test_without_a_RIS_the_share_of_noise_is_a_half() -> None:
    line = Line(count=9, spacing=0.15).array(0.3)
    scenario = preset("random", array=line, channel="direct", codes="ones", antennas=9, sources=2)
    prior = Prior(draw(scenario, 4, stream(0, "no RIS")).observation)
    torch.testing.assert_close(prior.log_noise.exp(), torch.full((4,), 0.5).double())


def test_frequencies_share_signal_and_noise() -> None:
    scenario = preset("random", horizontal=6, vertical=6, frequencies=4, bandwidth=0.1, snapshots=200, sources=1)
    drawn = draw(replace(scenario, snr_db=0.0), 8, stream(0, "wide"))
    share = Prior(drawn.observation).log_noise.exp()
    assert float((share - 0.5).abs().max()) < 0.1
