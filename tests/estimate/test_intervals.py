"""Do intervals hold the share they promise, with the distance by its inverse?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import interval_of

ROWS = 20000


def drawn(q: float, spread: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """True positions, found ones with normal errors in (φ, θ, q), and ± of their own place."""
    generator = torch.Generator().manual_seed(2)
    true = torch.tensor([0.3, -0.1, q], dtype=torch.float64).expand(ROWS, 1, 3)
    deviation = torch.tensor([0.01, 0.02, spread], dtype=torch.float64)
    found = true + deviation * torch.randn(ROWS, 1, 3, generator=generator, dtype=torch.float64)
    found = found[(found[..., 2] > 0).squeeze(-1)]
    r = found[..., 2:].reciprocal()
    true = torch.cat([true[: len(found), :, :2], true[: len(found), :, 2:].reciprocal()], -1)
    wide = torch.cat([deviation[:2].expand(len(found), 1, 2), spread * r.square()], -1)
    return true, torch.cat([found[..., :2], r], -1), wide


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize(("q", "spread"), [(1.0, 0.05), (0.2, 0.05)])
def test_the_share_is_held(share: float, q: float, spread: float) -> None:
    true, found, wide = drawn(q, spread)
    held = interval_of(found, wide, share).holds(true).double().mean(0).squeeze(0)
    assert torch.allclose(held, torch.full_like(held, share), atol=4 * math.sqrt(share * (1 - share) / len(true)))


def test_a_distance_beyond_what_is_told_is_bounded_from_below_alone() -> None:
    found = torch.tensor([[[0.0, 0.0, 20.0]]], dtype=torch.float64)
    wide = torch.tensor([[[0.01, 0.01, 0.05 * 400.0]]], dtype=torch.float64)
    told = interval_of(found, wide, 0.9)
    z = float(torch.special.ndtri(torch.tensor(0.95, dtype=torch.float64)))
    assert told.high[0, 0, 2] == torch.inf
    assert float(told.low[0, 0, 2]) == pytest.approx(1 / (0.05 + z * 0.05))
    assert bool(told.holds(torch.tensor([[[0.0, 0.0, 1e6]]], dtype=torch.float64)).all())


def test_what_is_not_stated_is_not_a_number() -> None:
    found = torch.tensor([[[0.0, 0.0, 5.0]]], dtype=torch.float64)
    told = interval_of(found, torch.full_like(found, torch.nan), 0.9)
    assert told.low.isnan().all() and told.high.isnan().all() and not told.holds(found).any()


@pytest.mark.parametrize("share", [0.0, 1.0, 90.0, math.nan])
def test_per_cent_is_refused(share: float) -> None:
    place = torch.zeros(1, 1, 3, dtype=torch.float64)
    with pytest.raises(InputError, match="within"):
        interval_of(place, place, share)
