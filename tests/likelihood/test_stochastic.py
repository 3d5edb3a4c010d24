"""The stochastic likelihood against explicit covariances, autograd, finite differences and its own statistics."""

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.likelihood import fisher_information, negative_log_likelihood, score, snapshot_gram, whiten
from ris_pytorch_pipeline.physics import (
    Chart,
    Scenes,
    Sounding,
    coded_response,
    cosines_from_positions,
    draw,
    preset,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream


@pytest.fixture(params=[1, 2, 4])
def scenes(request: pytest.FixtureRequest) -> Scenes:
    small = preset("random", sources=request.param, horizontal=6, vertical=5, antennas=5, snapshots=4, snr_db=7.0)
    return draw(small, 3, stream(0, "likelihood", request.param))


def parameters(scenes: Scenes) -> Tensor:
    truth = scenes.truth
    cosines = cosines_from_positions(truth.positions) + 0.01
    return torch.cat([cosines.flatten(1), truth.powers.log() + 0.1, (truth.noise_variance.log() - 0.1)[:, None]], dim=1)


def split(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    sources = (x.shape[1] - 1) // 4
    positions, log_powers, log_noise = x.split([3 * sources, sources, 1], dim=1)
    return positions.unflatten(1, (sources, 3)), log_powers.exp(), log_noise[:, 0].exp()


def covariances(x: Tensor, scenes: Scenes) -> Tensor:
    given, (cosines, powers, noise) = scenes.observation, split(x)
    b = coded_response(steering_at(cosines, given.array), given.codes, given.channel).mT
    eye = torch.eye(b.shape[-2], dtype=b.dtype)
    return (b * powers[:, None, None, :]) @ b.mH + noise[:, None, None, None] * eye


def slow_nll(x: Tensor, scenes: Scenes) -> Tensor:
    gamma, y = covariances(x, scenes), scenes.observation.measurements
    quadratic = (y.conj() * torch.linalg.solve(gamma, y)).sum(-1).real
    return (torch.linalg.slogdet(gamma).logabsdet + quadratic).sum(-1)


def fast(x: Tensor, scenes: Scenes) -> tuple[Tensor, Tensor, Tensor]:
    given, (cosines, powers, noise) = scenes.observation, split(x)
    gram = snapshot_gram(cosines, Chart(given.array), given, given.measurements)
    whitened = whiten(gram, powers, noise)
    return (
        negative_log_likelihood(whitened),
        score(whitened, powers),
        fisher_information(whitened, powers),
    )


def test_value_equals_the_explicit_covariance(scenes: Scenes) -> None:
    x = parameters(scenes)
    torch.testing.assert_close(fast(x, scenes)[0], slow_nll(x, scenes), rtol=1e-10, atol=1e-9)


def test_score_equals_autograd_of_the_explicit_likelihood(scenes: Scenes) -> None:
    x = parameters(scenes).requires_grad_()
    (slow,) = torch.autograd.grad(slow_nll(x, scenes).sum(), x)
    torch.testing.assert_close(fast(x.detach(), scenes)[1], slow, rtol=1e-8, atol=1e-7)


def test_information_equals_finite_differences_of_the_covariance(scenes: Scenes) -> None:
    x, h = parameters(scenes), 1e-6
    slopes = []
    for i in range(x.shape[1]):
        shift = torch.zeros_like(x)
        shift[:, i] = h
        slopes.append((covariances(x + shift, scenes) - covariances(x - shift, scenes)) / (2 * h))
    inverse = torch.linalg.inv(covariances(x, scenes))
    whitened = torch.stack([inverse @ s for s in slopes], dim=1)  # (scene, parameter, snapshot, antenna, antenna)
    slow = torch.einsum("silab,sjlba->sij", whitened, whitened).real
    got = fast(x, scenes)[2]
    scale = slow.diagonal(dim1=-2, dim2=-1).sqrt()
    scaled_error = (got - slow) / (scale[:, :, None] * scale[:, None, :])
    assert scaled_error.abs().max() < 1e-6


def test_score_has_zero_mean_and_the_information_as_covariance() -> None:
    small = preset("random", sources=2, horizontal=6, vertical=6, antennas=4, snapshots=4, snr_db=5.0)
    one = draw(small, 1, stream(0, "one"))
    n = 6000
    generator = stream(0, "symbols and noise")
    truth, given = one.truth, one.observation
    noise = torch.randn((n, 4, 4), generator=generator, dtype=torch.complex128) * truth.noise_variance.sqrt()
    symbols = torch.randn((n, 4, 2), generator=generator, dtype=torch.complex128) * truth.powers.sqrt()
    cosines = cosines_from_positions(truth.positions)
    b = coded_response(steering_at(cosines, given.array), given.codes, given.channel)
    y = (symbols.unsqueeze(-2) @ b).squeeze(-2) + noise
    many = Sounding(array=given.array, codes=given.codes.expand(n, -1, -1), channel=given.channel.expand(n, -1, -1))
    gram = snapshot_gram(cosines.expand(n, -1, -1), Chart(given.array), many, y)
    powers, variance = truth.powers.expand(n, -1), truth.noise_variance.expand(n)
    whitened = whiten(gram, powers, variance)
    scores = score(whitened, powers)
    information = fisher_information(whitened, powers)[0]
    scale = information.diagonal().sqrt()
    assert (scores.mean(0) / scale).abs().max() < 5 / n**0.5
    empirical = (scores / scale).T @ (scores / scale) / n
    assert (empirical - information / scale[:, None] / scale[None, :]).abs().max() < 0.12


def test_more_sources_than_antennas_have_the_information_of_the_explicit_covariance() -> None:
    """Γ is regular where B^H B is not; 40 dB above the noise."""
    small = preset("random", sources=3, horizontal=6, vertical=5, antennas=2, snapshots=6, snr_db=40.0)
    crowded = draw(small, 2, stream(0, "crowded"))
    x = parameters(crowded)
    slopes = torch.autograd.functional.jacobian(lambda z: torch.view_as_real(covariances(z, crowded)).sum(0), x)
    slopes = torch.view_as_complex(slopes.movedim(3, -1).contiguous()).movedim((3, 4), (0, 1))
    inverse = torch.linalg.inv(covariances(x, crowded))[:, None]
    whitened = inverse @ slopes
    slow = torch.einsum("silab,sjlba->sij", whitened, whitened).real
    scale = slow.diagonal(dim1=-2, dim2=-1).sqrt()
    away = (fast(x, crowded)[2] - slow) / (scale[:, :, None] * scale[:, None, :])
    assert away.abs().max() < 1e-5 and away[:, :-1, :-1].abs().max() < 1e-9
