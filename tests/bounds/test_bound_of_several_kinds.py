"""The bound of sources of several kinds beside a Fisher matrix of finite differences, and its special cases."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.bounds import (
    known_bound,
    mixed_bound,
    pilot_bound,
    scene_bound,
    stochastic_bound,
)
from ris_pytorch_pipeline.physics import Scenario, Scenes, draw, preset, steering
from ris_pytorch_pipeline.rng import stream

SMALL = {"horizontal": 6, "vertical": 5, "antennas": 5, "snapshots": 8, "snr_db": 10.0}
KINDS = ("random", "pilot", "known", "random")


def drawn(**changes: object) -> Scenes:
    scenario: Scenario = preset("random", **(SMALL | {"symbols": KINDS} | changes))
    return draw(scenario, 3, stream(5, "bound of several kinds"))


def moments(scenes: Scenes, scene: int) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
    """Parameters of a scene, and what gives (mean, covariance) of all its snapshots for them."""
    seen, truth = scenes.observation[[scene]], scenes.truth[[scene]]
    kinds = seen.symbols
    random = [k for k, kind in enumerate(kinds) if kind == "random"]
    others = [k for k, kind in enumerate(kinds) if kind != "random"]
    frequencies, blocks = seen.array.frequencies, seen.blocks.shape[1]
    symbols = truth.symbols.flatten(1, -2)[0]  # (block, source)
    positions = truth.positions[0].flatten()
    start = torch.cat([positions, truth.powers[0, random].log(), truth.noise_variance.log()])
    start = torch.cat([start, torch.ones(frequencies * len(others)), torch.zeros(frequencies * len(others))])

    def model(x: Tensor) -> tuple[Tensor, Tensor]:
        places, rest = x.split([positions.numel(), len(x) - positions.numel()])
        waves = steering(places.reshape(1, -1, 3), seen.array)
        heard = seen.response(waves.to(seen.codes.dtype))[0]  # (block, source, antenna)
        powers, noise, real, imaginary = rest.split([len(random), 1] + 2 * [frequencies * len(others)])
        factors = torch.complex(real, imaginary).reshape(frequencies, -1).repeat_interleave(blocks // frequencies, 0)
        mean = ((factors * symbols[:, others])[:, None] @ heard[:, others]).squeeze(1)
        b = heard[:, random].mT
        eye = torch.eye(b.shape[1], dtype=b.dtype)
        return mean, (b * powers.exp()) @ b.mH + noise.exp() * eye

    return start, model


def numeric_covariance(scenes: Scenes, scene: int) -> Tensor:
    """The inverse of 2 Re{∂μ^H Γ⁻¹ ∂μ} + tr(Γ⁻¹ ∂Γ Γ⁻¹ ∂Γ) over all parameters, by central differences."""
    start, model = moments(scenes, scene)
    step, size = 1e-6, len(start)
    ends = [(model(start + step * e), model(start - step * e)) for e in torch.eye(size, dtype=torch.float64)]
    means, covariances = (
        torch.stack([(above[part] - below[part]) / (2 * step) for above, below in ends]) for part in (0, 1)
    )
    inverse = torch.linalg.inv(model(start)[1])
    along = (inverse @ means.unsqueeze(-1)).squeeze(-1)
    turned = inverse @ covariances
    first = 2 * torch.einsum("ilm,jlm->ij", means.conj(), along).real
    second = torch.einsum("ilab,jlba->ij", turned, turned).real
    return torch.linalg.inv(first + second)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"symbols": ("pilot", "known")},
        {"frequencies": 2, "bandwidth": 0.1},
        {"bend_deg": 120.0},
    ],
    ids=["flat", "no random one", "wide", "bent"],
)
def test_the_bound_is_that_of_a_numeric_fisher_matrix(changes: dict[str, object]) -> None:
    scenes = drawn(**changes)
    bound = scene_bound(scenes)
    for scene in range(3):
        wanted = numeric_covariance(scenes, scene)
        for source in range(bound.azimuth.shape[1]):
            own = slice(3 * source, 3 * source + 3)
            block = bound.covariance[scene, source]
            scale = wanted[own, own].diagonal().sqrt()
            assert float(((block - wanted[own, own]) / scale / scale[:, None]).abs().max()) < 1e-6


def test_one_kind_alone_has_its_own_bound() -> None:
    scenes = drawn()
    truth, seen = scenes.truth, scenes.observation
    given = truth.positions, truth.powers, truth.symbols, truth.noise_variance
    of = {kind: mixed_bound(given[0], (kind,) * 4, *given[1:], seen) for kind in ("random", "pilot", "known")}
    wanted = {
        "random": stochastic_bound(given[0], given[1], given[3], seen),
        "known": known_bound(given[0], given[2], given[3], seen),
    }
    for kind, bound in wanted.items():
        assert torch.allclose(of[kind].covariance, bound.covariance, rtol=1e-6)
    steady = truth.symbols[:, :1].expand_as(truth.symbols)
    pilots = mixed_bound(given[0], ("pilot",) * 4, given[1], steady, given[3], seen)
    assert torch.allclose(pilots.covariance, pilot_bound(given[0], steady[:, 0], given[3], seen).covariance, rtol=1e-6)


def test_random_sources_are_bound_as_if_the_others_were_not_there() -> None:
    scenes = drawn()
    truth, mine = scenes.truth, [0, 3]
    alone = stochastic_bound(truth.positions[:, mine], truth.powers[:, mine], truth.noise_variance, scenes.observation)
    assert torch.allclose(scene_bound(scenes).covariance[:, mine], alone.covariance, rtol=1e-8)
