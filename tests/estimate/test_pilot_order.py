"""Is the number of pilot sources found at any number of wavelengths, each of which brings symbols of its own?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.physics import Observation, Panel, complex_normal, steering, uniform
from ris_pytorch_pipeline.rng import stream

PLACES = torch.tensor([[math.radians(40), math.radians(8), 3.0], [math.radians(-30), math.radians(-10), 2.0]]).double()
CARRIERS = tuple(0.3 / (0.95 + 0.1 * f / 15) for f in range(16))


def stepped(sources: int, antennas: int, scenes: int, snr_db: float = 15.0) -> Observation:
    """Scenes of 16 carriers, one snapshot each, with a symbol of its own for each source and carrier."""
    generator, array = (
        stream(3, f"stepped pilots/{sources}/{antennas}"),
        Panel(horizontal=8, vertical=8, spacing=0.15).array(CARRIERS),
    )
    codes = torch.exp(1j * uniform(0, 2 * math.pi, (scenes, 16, 64), generator))
    channel = complex_normal((scenes, antennas, 64), generator)
    symbols = torch.exp(1j * uniform(0, 2 * math.pi, (scenes, 16, sources), generator))
    arriving = torch.einsum("fkn,bfk->bfn", steering(PLACES[None, :sources], array)[0], symbols)
    clean = torch.einsum("bmn,bfn->bfm", channel, codes * arriving)
    level = 10 ** (-snr_db / 20) * (float(clean.abs().square().mean().sqrt()) if sources else 1.0)
    noisy = clean + level * complex_normal(clean.shape, generator)
    return Observation(measurements=noisy, codes=codes, channel=channel, array=array, symbols="pilot")


@pytest.mark.parametrize("sources", [1, 2])
@pytest.mark.parametrize("antennas", [8, 16])
def test_stepped_pilots_are_counted(sources: int, antennas: int) -> None:
    found = PilotMl(most_sources=3)(stepped(sources, antennas, 6))
    assert found.order.tolist() == [sources] * 6


def test_noise_alone_is_seldom_a_source() -> None:
    assert int(PilotMl(most_sources=3)(stepped(0, 8, 40)).order.sum()) <= 2  # 1 % a scene: more in 1 of 100 draws


def test_no_source_is_counted_that_has_as_many_unknowns_as_there_are_equations() -> None:
    seen = stepped(1, 2, 3)
    assert PilotMl().needed(seen, 1) == math.inf
    assert bool((PilotMl()(seen).order <= 1).all())


def test_a_source_needs_more_with_more_wavelengths_and_fewer_equations() -> None:
    few, many = (stepped(1, antennas, 1) for antennas in (8, 64))
    narrow = Observation(
        measurements=few.blocks, codes=few.codes[:, :, 0], channel=few.channel[:, 0],
        elements=few.elements, wavelength=0.3, symbols="pilot",
    )  # fmt: skip
    assert 1 < PilotMl().needed(narrow, 0) / PilotMl().threshold < 1.02
    assert 78.4 < PilotMl().needed(many, 0) < PilotMl().needed(few, 0) < PilotMl().needed(few, 1)
