"""Are sources that are there likely, and those that are not unlikely, whatever the units are?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import match_directions
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate
from ris_pytorch_pipeline.localise import Existence, Localiser
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream


def scenes(kind: str, snr_db: float, sources: int = 2) -> Scenes:
    return draw(preset(kind, sources=sources, snr_db=snr_db), 64, stream(5, f"existence/{kind}/{snr_db}"))


def located(drawn: Scenes, more: int) -> tuple[Estimate, torch.Tensor]:
    """An estimate with so many sources too many, and which of them are there."""
    found = Localiser.reference(domain=None)(drawn.observation, 2 + more)
    partner = match_directions(drawn.truth.positions.double(), found.positions.double())
    right = torch.zeros(found.positions.shape[:2], dtype=torch.bool)
    scene, source = torch.nonzero(partner >= 0, as_tuple=True)
    right[scene, partner[scene, source]] = True
    return found, right


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_what_is_one_too_many_is_unlikely(kind: str) -> None:
    drawn = scenes(kind, 15.0)
    found, right = located(drawn, 1)
    p = Existence()(drawn.observation, found)
    assert right.sum() > 120 and (~right).sum() > 60
    assert p[right].mean() > 0.9 and p[~right].mean() < 0.15
    brier = (p - right.double()).square().mean()
    assert brier < 0.25 * right.double().var()


@pytest.mark.parametrize(("kind", "snr_db"), [("random", 0.0), ("pilot", -5.0)])
def test_in_noise_less_is_certain_and_about_as_many_are_there_as_is_said(kind: str, snr_db: float) -> None:
    drawn = scenes(kind, snr_db)
    found, right = located(drawn, 0)
    p = Existence()(drawn.observation, found)
    n, share = right.numel(), float(right.double().mean())
    assert abs(float(p.mean()) - share) < 4 * math.sqrt(share * (1 - share) / n) + 0.1
    assert p.max() - p.min() > 0.3


def test_units_change_nothing() -> None:
    drawn = scenes("random", 10.0)
    found, _ = located(drawn, 1)
    seen, times = drawn.observation, 1e-3
    other = replace(seen, measurements=seen.measurements * times)
    scaled = replace(found, powers=found.powers * times**2, noise_variance=found.noise_variance * times**2)
    assert torch.allclose(Existence()(other, scaled), Existence()(seen, found), atol=1e-6)


def test_what_is_not_stated_has_no_probability() -> None:
    drawn = scenes("random", 10.0)
    found, _ = located(drawn, 0)
    silent = replace(found, noise_variance=torch.full_like(found.noise_variance, math.nan))
    assert Existence()(drawn.observation, silent).isnan().all()
    fewer = replace(found, order=found.order - 1, positions=found.positions.index_fill(1, torch.tensor([1]), math.nan))
    p = Existence()(drawn.observation, fewer)
    assert p[:, 1].isnan().all() and p[:, 0].isfinite().all()
    nothing = found[torch.tensor([0])]
    nothing = replace(nothing, order=torch.tensor([0]), positions=nothing.positions * math.nan)
    assert Existence()(drawn.observation[:1], nothing).isnan().all()
    columns = {name: vars(nothing)[name][:, :0] for name in ("positions", "powers", "deviations")}
    assert Existence()(drawn.observation[:1], replace(nothing, **columns)).shape == (1, 0)


def test_other_scenes_are_refused() -> None:
    drawn = scenes("random", 10.0)
    found, _ = located(drawn, 0)
    with pytest.raises(InputError, match="32 and 64 scenes"):
        Existence()(drawn.observation[:32], found)
    known = draw(preset("random", sources=1, symbols="known"), 2, stream(5, "known"))
    with pytest.raises(InputError, match="'known'"):
        Existence()(known.observation, found[torch.tensor([0, 1])])
