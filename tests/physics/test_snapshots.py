"""Do the fast forms of the measurement agree with the plain sums of y_l = H diag(c_l) A s_l?"""

import pytest
import torch

from ris_pytorch_pipeline.physics import (
    coded_operator,
    coded_response,
    complex_normal,
    draw,
    measure,
    panel_images,
    preset,
    received_power,
    stacked_gram,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream


@pytest.fixture(params=[(), (2,), (2, 3)], ids=["one scene", "a batch", "a batch of batches"])
def case(request: pytest.FixtureRequest) -> tuple[torch.Tensor, ...]:
    """Vectors, codes, channel, amplitudes and measurements with some batch axes."""
    batch, generator = request.param, stream(1, "snapshots")
    shapes = ((4, 5), (3, 5), (2, 5), (3, 4), (3, 2))
    return tuple(complex_normal((*batch, *shape), generator) for shape in shapes)


def test_coded_response_against_the_explicit_operator(case: tuple[torch.Tensor, ...]) -> None:
    vectors, codes, channel, _, _ = case
    operator = torch.stack([channel @ torch.diag_embed(codes[..., i, :]) for i in range(3)], dim=-3)
    torch.testing.assert_close(coded_operator(codes, channel), operator)
    slow = torch.stack([(operator @ vectors[..., k, :, None].unsqueeze(-3))[..., 0] for k in range(4)], dim=-2)
    torch.testing.assert_close(coded_response(vectors, codes, channel), slow)


def test_measure_is_the_sum_over_sources(case: tuple[torch.Tensor, ...]) -> None:
    vectors, codes, channel, amplitudes, _ = case
    slow = (coded_response(vectors, codes, channel) * amplitudes[..., None]).sum(-2)
    torch.testing.assert_close(measure(vectors, amplitudes, codes, channel), slow)


def test_images_hold_every_numerator(case: tuple[torch.Tensor, ...]) -> None:
    """b_l^H y_l = a^H z_l for any a."""
    vectors, codes, channel, _, measurements = case
    numerators = (coded_response(vectors, codes, channel).conj() * measurements[..., None, :]).sum(-1)
    images = panel_images(measurements, codes, channel)
    torch.testing.assert_close(images @ vectors.mH, numerators)


def test_gram_holds_every_energy(case: tuple[torch.Tensor, ...]) -> None:
    """x^H Q x = Σ_l ‖G_l x‖², and Q = Σ_l G_l^H G_l."""
    vectors, codes, channel, _, _ = case
    gram = stacked_gram(codes, channel)
    operator = coded_operator(codes, channel)
    torch.testing.assert_close(gram, (operator.mH @ operator).sum(-3))
    energy = coded_response(vectors, codes, channel).abs().square().sum(dim=(-1, -3))
    fast = (vectors.conj() * (vectors @ gram.mT)).sum(-1)
    torch.testing.assert_close(fast.real, energy)
    torch.testing.assert_close(received_power(vectors, codes, channel), energy / (3 * 2))


def test_the_identities_hold_on_a_drawn_scene_in_single_precision() -> None:
    scenes = draw(preset("random", sources=2), 3, stream(2, "snapshots"), torch.complex64)
    seen = scenes.observation
    vectors = steering_at(torch.tensor([[[0.3, 0.1, 0.5], [-0.2, 0.2, 0.0]]] * 3), seen.array)
    numerators = (coded_response(vectors, seen.codes, seen.channel).conj() * seen.measurements[..., None, :]).sum(-1)
    fast = panel_images(seen.measurements, seen.codes, seen.channel) @ vectors.mH
    torch.testing.assert_close(fast, numerators, rtol=0, atol=1e-5 * float(numerators.abs().max()))


def test_sizes_that_disagree_fail_in_the_tests() -> None:
    with pytest.raises(TypeError, match="channel"):
        coded_response(torch.ones(1, 5) + 0j, torch.ones(3, 5) + 0j, torch.ones(2, 4) + 0j)
