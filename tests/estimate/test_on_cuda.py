"""Do physics, estimators, bounds and the network of the package give on CUDA what they give on the CPU?"""

import pytest
import torch

from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.estimate import (
    BackProjected,
    Bartlett,
    Estimator,
    ModifiedMusic,
    Music,
    Mvdr,
    Omp,
    PilotMl,
    Sml,
    SparseBayesian,
)
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.nets import HybridNet
from ris_pytorch_pipeline.physics import Scenario, Scenes, draw, preset, steering
from ris_pytorch_pipeline.rng import stream

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

WIDE = Scenario(frequencies=3, bandwidth=0.1, bend_deg=90.0, sources=2, snr_db=15.0)
SCENARIOS = {"random": preset("random", sources=2, snr_db=15.0), "pilot": preset("pilot", sources=3, snr_db=15.0)}
SCENARIOS |= {"wide": WIDE, "sub6": preset("sub6", sources=1, snr_db=15.0)}


def scenes_of(scenario: Scenario, count: int = 4) -> Scenes:
    return draw(scenario, count, stream(7, "cuda"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_wavefronts_and_bound(name: str) -> None:
    scenes = scenes_of(SCENARIOS[name])
    far = scenes.to("cuda")
    positions = scenes.truth.positions
    near = steering(positions, scenes.observation.array)
    there = steering(positions.cuda(), far.observation.array)
    assert there.device.type == "cuda"
    assert torch.allclose(there.cpu(), near, atol=1e-11, equal_nan=True)
    here, other = scene_bound(scenes).covariance, scene_bound(far).covariance
    assert torch.allclose(other.cpu(), here, rtol=1e-6, equal_nan=True)


SPECTRAL = (Bartlett(), Music(), Mvdr(loading=1.0))
ESTIMATORS = [*(BackProjected(spectral=each, silent=True) for each in SPECTRAL), ModifiedMusic(silent=True), Omp()]


@pytest.mark.parametrize("kind", ["random", "pilot"])
@pytest.mark.parametrize("estimator", [*ESTIMATORS, SparseBayesian()], ids=lambda e: e.name)
def test_an_estimator(kind: str, estimator: Estimator) -> None:
    observation = scenes_of(SCENARIOS[kind]).observation
    agree(estimator(observation.to("cuda"), 2), estimator(observation, 2), 1e-3)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_search_with_its_fit(name: str) -> None:
    observation = scenes_of(SCENARIOS[name]).observation
    estimator = PilotMl() if name == "pilot" else Sml()
    for sources in (int(SCENARIOS[name].sources), None):  # pyright: ignore[reportArgumentType]
        near, far = estimator(observation, sources), estimator(observation.to("cuda"), sources)
        agree(far, near, 1e-4)
        assert near.fit is not None and far.fit is not None
        assert [list(map(str, one)) for one in far.fit.findings] == [list(map(str, one)) for one in near.fit.findings]


@pytest.mark.parametrize("kind", ["random", "pilot"])
@pytest.mark.parametrize("options", [{}, {"doubt": 0.7}, {"fit": True}], ids=str)
def test_the_network_of_the_package(kind: str, options: dict) -> None:
    observation = scenes_of(SCENARIOS[kind], 16).observation
    near = Localiser.reference(**options)
    far = Localiser.reference(**options)
    assert isinstance(far.net, HybridNet)
    far.net.cuda()
    sources = int(SCENARIOS[kind].sources)  # pyright: ignore[reportArgumentType]
    agree(far(observation.to("cuda"), sources), near(observation, sources), 1e-2)


def test_scenes_drawn_there_are_scenes() -> None:
    """Their numbers are others; their law is the same, and a stream gives the same ones again."""
    scenario = preset("random", sources=(1, 3), snr_db=(5.0, 20.0), distance_law="inverse")
    one, same = (draw(scenario, 2000, stream(0, "cuda", 0, "cuda")) for _ in range(2))
    here = draw(scenario, 2000, stream(0, "cuda"))
    assert torch.equal(one.observation.measurements, same.observation.measurements)
    for name in ("positions", "powers", "snr_db"):
        mine, theirs = (vars(each.truth)[name].double().cpu().nan_to_num().reshape(2000, -1) for each in (one, here))
        spread = (mine.var(0) + theirs.var(0)).div(2000).sqrt().clamp_min(1e-12)
        assert ((mine.mean(0) - theirs.mean(0)).abs() / spread).max() < 5, name
    power = one.observation.measurements.abs().square().mean(dim=(-1, -2))
    signal = power.double() / one.truth.noise_variance
    assert abs(float((signal / (1 + 10 ** (one.truth.snr_db / 10))).mean()) - 1) < 0.05


def agree(far, near, part: float) -> None:
    """The same answer, on the device of the measurements, within a part of a degree or of the distance."""
    assert far.positions.device.type == "cuda"
    assert far.order.tolist() == near.order.tolist()
    assert torch.allclose(far.positions.cpu(), near.positions, rtol=part, atol=part, equal_nan=True)
