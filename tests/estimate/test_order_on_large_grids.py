"""Does the number of sources stay right where a panel sees many more directions than the default one?"""

import numpy as np
import pytest
import torch

from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml, search_grid
from ris_pytorch_pipeline.estimate.ml.search import search_known
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Observation, Panel

WAVELENGTH = 0.3


def sparse_scene(azimuth_deg: float, elevation_deg: float, distance: float, seed: int) -> Observation:
    """One source at 20 dB before 12 x 12 elements one wavelength apart, by plain NumPy: it has grating lobes."""
    generator = np.random.default_rng(seed)
    axis = (np.arange(12) - 5.5) * WAVELENGTH
    elements = np.array([[0, y, z] for z in axis for y in axis])
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    toward = [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    path = np.linalg.norm(distance * np.array(toward) - elements, axis=1) - distance

    def noise(*shape: int) -> np.ndarray:
        return (generator.standard_normal(shape) + 1j * generator.standard_normal(shape)) / 2**0.5

    channel = noise(16, 144)
    codes = np.exp(2j * np.pi * generator.integers(0, 8, (16, 144)) / 8)
    clean = (codes * (noise(16, 1) * np.exp(-2j * np.pi / WAVELENGTH * path))) @ channel.T
    seen = clean + np.sqrt(np.mean(abs(clean) ** 2) / 100) * noise(16, 16)
    return Observation(
        measurements=seen[None],
        codes=codes[None],
        channel=channel[None],
        elements=elements,
        wavelength=WAVELENGTH,
        symbols="random",
    )


def test_one_source_that_grew_to_eight_from_a_grating_lobe_is_one() -> None:
    assert Sml(fit=False)(sparse_scene(33.0, 0.0, 8.0, 7)).order.tolist() == [1]


def test_a_gain_of_noise_above_the_plain_threshold_is_no_source() -> None:
    place = (-52.29552817882951, 16.956242418639086, 6.797819183218991)
    assert Sml()(sparse_scene(*place, 104)).order.tolist() == [1]


@pytest.mark.parametrize("seed", [7, 9])
def test_a_cycle_ends_at_an_optimum(seed: int) -> None:
    """Nats that a cycle leaves would count as the gain of the next source."""
    estimator = Sml()
    likelihood = estimator.likelihood(scale(sparse_scene(33.0, 0.0, 8.0, seed)).observation)
    rows = torch.arange(1)
    found = search_known(likelihood, rows, 1, estimator.effort)
    settled = likelihood.refine(rows, found, iterations=60, tolerance=1e-6)
    assert float(found.value - settled.value) < 0.1


@pytest.mark.parametrize("estimator", [Sml(), PilotMl()], ids=["sml", "pilot"])
def test_the_threshold_follows_the_number_of_points(estimator: Sml | PilotMl) -> None:
    default, large = (
        search_grid(SearchRegion(), Panel(horizontal=12, vertical=12, spacing=spacing).array(WAVELENGTH))
        for spacing in (0.15, 0.3)
    )
    assert estimator.threshold_on(default) == estimator.threshold
    raised = estimator.threshold_on(large) - estimator.threshold
    assert raised == pytest.approx(2 * np.log(large.size / default.size), abs=1e-9)
