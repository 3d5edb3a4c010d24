"""Do the terms of the loss come and go as the phases say, by applied updates?"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_world import SmallLoss

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import GEOMETRY_ORDER_JOINT, Phase, Phases, TrainingExperiment
from ris_pytorch_pipeline.losses import LossWeights
from ris_pytorch_pipeline.train import Parts, Trainer

weights = st.integers(1, 100)


def staged(*stages: Phase) -> Phases:
    return Phases(stages=stages)


@given(st.lists(weights, min_size=1, max_size=5), st.integers(1, 500))
def test_phases_follow_each_other_and_end_jointly(parts, updates) -> None:
    names = [str(index) for index in range(len(parts))]
    phases = staged(*(Phase(name=n, share=part / sum(parts)) for n, part in zip(names, parts, strict=True)))
    course = [phases.at(update, updates) for update in range(updates)]
    assert course == sorted(course)
    assert phases.weights(LossWeights())[-1] == LossWeights()
    for phase, first in enumerate(phases.begins(updates)):
        assert [at >= phase for at in course] == [update >= first for update in range(updates)]


def test_a_share_of_a_third_of_nine_updates_is_three() -> None:
    third = 1 / 3
    assert staged(*(Phase(name=name, share=third) for name in "abc")).begins(9) == [0, 3, 6]
    tenths = staged(Phase(name="a", share=0.1), Phase(name="b", share=0.2), Phase(name="c", share=0.7))
    assert tenths.begins(10) == [0, 1, 3]


def test_geometry_order_and_joint_are_a_value() -> None:
    assert [phase.name for phase in GEOMETRY_ORDER_JOINT.stages] == ["geometry", "order", "joint"]
    loss = LossWeights(contrast=0.3, order=0.7)
    geometry, order, joint = GEOMETRY_ORDER_JOINT.weights(loss)
    assert geometry == replace(loss, order=0.0)
    assert order.active == {"order": 0.7}
    assert joint == loss
    assert [GEOMETRY_ORDER_JOINT.at(update, 10) for update in range(10)] == [0] * 4 + [1] + [2] * 5


def test_without_phases_there_is_one_with_the_weights_of_the_loss() -> None:
    loss = LossWeights(heat=3.0)
    assert [phase.name for phase in Phases().stages] == ["joint"]
    assert Phases().weights(loss) == [loss]


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([], "at least one phase"),
        ([Phase(name="a", share=0.5)], "sum to 1; got 0.5 for a"),
        ([Phase(name="a", share=0.7), Phase(name="b", share=0.7)], "sum to 1; got 1.4"),
        ([Phase(share=0.5), Phase(share=0.5)], "names of their own; got joint, joint"),
        ([Phase(name="a", share=0.5), Phase(name="b", share=0.5, weights=(("order", 0.0),))], "add a joint phase"),
    ],
)
def test_phases_that_do_not_make_up_a_run_are_refused(stages, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        staged(*stages)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "with a name"),
        ({"share": 0.0}, r"share in \(0, 1\] for phase 'joint'; got 0.0"),
        ({"share": 40.0}, "a percentage"),
        ({"weights": (("ordr", 0.0),)}, "did you mean 'order'"),
        ({"weights": (("order", 0.0), ("order", 1.0))}, "one weight of order"),
    ],
)
def test_a_phase_that_cannot_be_is_refused(values, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Phase(**values)


def test_weights_that_cannot_be_are_refused_with_the_experiment() -> None:
    with pytest.raises(ConfigurationError, match="weight above 0"):
        TrainingExperiment(phases=GEOMETRY_ORDER_JOINT, loss=LossWeights(order=0.0))
    negative = staged(Phase(name="a", share=0.5, weights=(("heat", -1.0),)), Phase(share=0.5))
    with pytest.raises(ConfigurationError, match="heat >= 0"):
        TrainingExperiment(phases=negative)


def test_training_takes_the_terms_of_the_phase_and_validation_all(world) -> None:
    """Two epochs of five updates; a loss is made for the joint phase and for each phase in turn."""
    geometry = Phase(name="geometry", share=0.3, weights=(("order", 0.0),))
    experiment = replace(world.experiment, phases=staged(geometry, Phase(share=0.7)))
    made: list[tuple[set[str], SmallLoss]] = []

    def loss(of: TrainingExperiment) -> SmallLoss:
        made.append((set(of.loss.active), SmallLoss()))
        return made[-1][1]

    parts = Parts(net=lambda _: world.trainer().net, loss=loss, measure=None)
    progress = Trainer(experiment, reporter=world.trainer().reporter, parts=parts).fit()
    assert [("order" in active, small.calls) for active, small in made] == [(True, 0), (False, 3), (True, 7)]
    assert [record["phase"] for record in progress.history] == [1, 1]
