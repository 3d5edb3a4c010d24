"""Do the terms of the loss come and go as the phases say, by applied updates?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import SmallLoss

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Phases, TrainingExperiment
from ris_pytorch_pipeline.losses import LossWeights
from ris_pytorch_pipeline.train import Parts, Trainer

shares = st.floats(0, 0.49)


@given(shares, shares, st.integers(1, 500))
def test_phases_follow_each_other_and_end_jointly(geometry, order, updates) -> None:
    phases = Phases(geometry=geometry, order=order)
    course = [phases.at(update, updates) for update in range(updates)]
    assert course == sorted(course)
    assert phases.starts[-1][0] == "joint"
    assert phases.weights(len(phases.starts) - 1, LossWeights()) == LossWeights()


def test_each_phase_has_its_terms() -> None:
    phases = Phases(geometry=0.5, order=0.2)
    active = [set(phases.weights(phase, LossWeights()).active) for phase in range(3)]
    assert active[0] == set(LossWeights().active) - {"order"}
    assert active[1] == {"order"}
    assert active[2] == set(LossWeights().active)
    assert [phases.at(update, 10) for update in range(10)] == [0] * 5 + [1] * 2 + [2] * 3


@pytest.mark.parametrize("values", [{"geometry": -0.1}, {"geometry": 0.6, "order": 0.4}, {"order": 1.0}])
def test_shares_that_leave_no_joint_phase_are_refused(values) -> None:
    with pytest.raises(ConfigurationError, match="joint"):
        Phases(**values)


def test_a_phase_without_a_term_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="weight above 0"):
        TrainingExperiment(phases=Phases(order=0.2), loss=LossWeights(order=0.0))


def test_training_takes_the_terms_of_the_phase_and_validation_all(world) -> None:
    """Two epochs of five updates; a loss is made for the joint phase and for each phase in turn."""
    experiment = replace(world.experiment, phases=Phases(geometry=0.3))
    made: list[tuple[set[str], SmallLoss]] = []

    def loss(of: TrainingExperiment) -> SmallLoss:
        made.append((set(of.loss.active), SmallLoss()))
        return made[-1][1]

    parts = Parts(net=lambda _: world.trainer().net, loss=loss, measure=None)
    progress = Trainer(experiment, reporter=world.trainer().reporter, parts=parts).fit()
    assert [("order" in active, small.calls) for active, small in made] == [(True, 0), (False, 3), (True, 7)]
    assert [record["phase"] for record in progress.history] == [1, 1]
