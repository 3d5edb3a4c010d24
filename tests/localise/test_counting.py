"""Is the number of sources raised, lowered or kept by what network and likelihood say together?"""

import math

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.estimate import Estimate, Status
from ris_pytorch_pipeline.localise import Counting, Evidence, Localiser
from ris_pytorch_pipeline.physics import preset


def evidence(weakest: Tensor, spare: Tensor, value: Tensor) -> Evidence:
    zero = torch.zeros_like(weakest)
    return Evidence(weakest=weakest, spare=spare, doubtful=zero, rise=zero, value=value)


def world(weakest: dict[int, float], spare: dict[int, float], value: dict[int, float]):
    """Estimates of scenes that show so much with so many sources; what was asked for is kept."""
    asked: list[list[int]] = []

    def located(counts: Tensor) -> tuple[Estimate, Evidence]:
        asked.append(counts.tolist())
        some = counts[counts > 0]
        slots = int(some.max())
        empty = torch.arange(slots) >= some[:, None]
        found = Estimate(
            positions=torch.ones(len(some), slots, 3).double().masked_fill(empty[..., None], torch.nan),
            order=some, powers=torch.ones(len(some), slots).double(),
            deviations=torch.ones(len(some), slots, 3).double(), noise_variance=some.double(),
            status=(Status.CONVERGED,) * len(some),
        )  # fmt: skip
        told = ([table[int(k)] for k in some] for table in (weakest, spare, value))
        return found, evidence(*(torch.tensor(each).double() for each in told))

    return located, asked


LOUD = {1: 500.0, 2: 500.0, 3: 500.0}
QUIET = {1: 1.0, 2: 1.0, 3: 1.0}
ONE, TWO, THREE = {1: 0.0, 2: -2.0, 3: -4.0}, {1: 200.0, 2: 0.0, 3: -2.0}, {1: 400.0, 2: 200.0, 3: 0.0}
"""Negative log-likelihoods of worlds with so many sources."""


@pytest.mark.parametrize(
    ("weakest", "spare", "value", "logits", "order"),
    [
        (LOUD, QUIET, TWO, [-9.0, -5.0, 3.0, -5.0], 2),  # both agree
        (LOUD, {1: 900.0, 2: 900.0, 3: 1.0}, THREE, [-9.0, -5.0, 1.0, 0.5], 3),  # one more is worth much
        (LOUD, {1: 900.0, 2: 900.0, 3: 1.0}, TWO, [-9.0, -5.0, 1.0, 0.5], 2),  # it seemed so, until it was tried
        ({1: 500.0, 2: 0.5, 3: 0.1}, QUIET, ONE, [-9.0, 0.5, 1.0, -5.0], 1),  # the second is worth nothing
        (
            {1: 500.0, 2: 100.0, 3: 90.0},
            QUIET,
            ONE,
            [-9.0, 0.5, 1.0, -5.0],
            1,
        ),  # two share one place: each is needed while the other is held
    ],
)
def test_the_count_follows_both(weakest, spare, value, logits, order) -> None:
    located, asked = world(weakest, spare, value)
    counted = Counting().settled(located, torch.tensor([logits, logits]), coherent=True)
    found = counted.estimate
    assert counted.order.tolist() == found.order.tolist() == [order, order]
    assert counted.evidence.weakest.tolist() == [weakest[order]] * 2
    assert found.noise_variance.tolist() == [float(order)] * 2
    assert counted.probability[0] == counted.probability[1] > 0.5
    assert asked[0] == [2, 2] and len(asked) <= 3


def test_scenes_are_kept_apart() -> None:
    """Only the scene with a doubt is located again, and its neighbours keep their estimates."""
    located, asked = world(LOUD, {1: 900.0, 2: 1.0, 3: 1.0}, TWO)
    logits = torch.tensor([[-9.0, -5.0, 9.0, -5.0], [-9.0, 1.0, 0.8, -5.0], [-9.0, -5.0, -5.0, 9.0]])
    counted = Counting().settled(located, logits, coherent=False)
    found = counted.estimate
    assert counted.order.tolist() == found.order.tolist() == [2, 2, 3]
    assert asked == [[2, 1, 3], [0, 2, 0]]
    assert (~found.positions[..., 0].isnan()).sum(-1).tolist() == [2, 2, 3]


def test_the_network_counts_better_with_the_likelihood() -> None:
    observation = simulate(preset("pilot", sources=5, snr_db=5.0, distance_law="inverse"), 48, seed=3).observation
    alone, both = (Localiser.reference(**options)(observation).order for options in ({"counting": None}, {}))
    assert (both == 5).sum() > (alone == 5).sum() and (both == 5).float().mean() > 0.8


def test_more_of_a_doubt_is_less_of_a_probability() -> None:
    """Of two sources: the odds of one more, of one fewer, and of what the network alone thinks of."""
    logits, two = torch.tensor([[-9.0, -5.0, 3.0, -5.0]]), torch.tensor([2])

    def stated(more: float, fewer: float) -> float:
        chances = {1: torch.tensor([more]).double(), -1: torch.tensor([fewer]).double()}
        return float(Counting(stated=(0.0, 1.0)).probability(logits, two, two, chances))

    none = 1 / (1 + math.exp(-12.0))
    assert stated(0.0, 0.0) == pytest.approx(none)
    assert stated(0.5, 0.0) == pytest.approx(1 / (1 / none + 1))
    assert stated(0.2, 0.2) == pytest.approx(1 / (1 / none + 0.5))
    assert stated(0.1, 0.1) > stated(0.2, 0.1) > stated(0.2, 0.3)


def test_a_count_says_how_sure_it_is() -> None:
    """More of the counts that are surest are right, and a number that was given has no probability."""
    scenes = simulate(preset("random", sources=(1, 5), snr_db=5.0, distance_law="inverse"), 128, seed=4)
    found = Localiser.reference(polish=3)(scenes.observation)
    assert found.order_probability is not None
    assert bool(((found.order_probability > 0) & (found.order_probability < 1)).all())
    right = (found.order == scenes.truth.sources).double()
    assert abs(float((found.order_probability - right).mean())) < 0.1  # two standard deviations of the share
    surest = found.order_probability.argsort(descending=True)
    assert right[surest[:64]].mean() > right[surest[64:]].mean() + 0.3
    assert Localiser.reference(polish=3)(scenes.observation[:2], 4).order_probability is None
    assert Localiser.reference(counting=None)(scenes.observation[:2]).order_probability is None
