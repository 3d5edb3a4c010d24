"""Does gridded sparse Bayesian learning lower its objective at every update, and find what stands out?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
from ris_pytorch_pipeline.estimate.baselines.sparse_bayesian import SparseBayesian, dictionary, fit_powers
from ris_pytorch_pipeline.physics import Scenes, cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream

REGION = SearchRegion(azimuth=(-0.5, 0.5), elevation=(-0.25, 0.25), distance=(1.0, 5.0))


def drawn(name: str = "random", sources: int = 1) -> Scenes:
    edges = {"azimuth_deg": (-25.0, 25.0), "elevation_deg": (-12.0, 12.0), "distance": (1.0, 5.0)}
    return draw(preset(name, sources=sources, snr_db=15.0, **edges), 3, stream(0, "sparse"))


def objective(atoms: torch.Tensor, y: torch.Tensor, power: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l, written plainly."""
    values = []
    for scene in range(len(y)):
        total = torch.zeros((), dtype=torch.float64)
        for atom, seen in zip(atoms[scene], y[scene], strict=True):
            gamma = atom @ torch.diag(power[scene]).to(atom.dtype) @ atom.mH + noise[scene] * torch.eye(len(seen))
            total = total + torch.linalg.slogdet(gamma).logabsdet + (seen.conj() @ torch.linalg.inv(gamma) @ seen).real
        values.append(total)
    return torch.stack(values)


def test_every_update_lowers_the_objective() -> None:
    seen = drawn(sources=2).observation
    atoms = dictionary(seen, search_grid(REGION, seen.array).points())
    values = [objective(atoms, seen.measurements, *fit_powers(atoms, seen.measurements, n)) for n in (0, 1, 2, 5, 12)]
    steps = torch.stack(values).diff(dim=0)
    assert bool((steps < 0).all())


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_a_strong_source_is_found(name: str) -> None:
    scenes = drawn(name)
    found = SparseBayesian(region=REGION)(scenes.observation, 1)
    gap = cosines_from_positions(found.positions) - cosines_from_positions(scenes.truth.positions)
    assert float(gap[..., :2].norm(dim=-1).max()) < math.radians(3)
    assert found.order.tolist() == [1] * 3


def test_an_unknown_number_is_counted() -> None:
    found = SparseBayesian(region=REGION, least=0.3)(drawn().observation)
    assert found.order.tolist() == [1] * 3
    assert found.powers.shape == (3, 8) and found.powers[:, 1:].isnan().all()
