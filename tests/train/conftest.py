"""What the tests of training share: a small world, and twelve scenes."""

import pytest
from small_world import SCENARIO, World

from ris_pytorch_pipeline.data import Inputs, Labels, SceneSource
from ris_pytorch_pipeline.experiment import Optimisation, Plan, TrainingExperiment


@pytest.fixture(scope="session")
def small() -> World:
    plan = Plan(epochs=2, n_train=20, n_val=8, batch=4)
    return World(TrainingExperiment(scenario=SCENARIO, optimisation=Optimisation(rate=1e-2), plan=plan))


@pytest.fixture
def world(small: World) -> World:
    return World(small.experiment)


@pytest.fixture(scope="session")
def batch() -> tuple[Inputs, Labels]:
    """Twelve scenes."""
    return SceneSource(scenario=SCENARIO, split="train", seed=0, scenes=12, batch=12)[0]
