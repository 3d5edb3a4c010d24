"""Is the assignment optimal, and do empty slots and cut-offs keep out of it?"""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.matching import UNMATCHED, gather_found, great_circle, match, occupied
from ris_pytorch_pipeline.rng import stream

sizes = st.integers(0, 4)


def best_by_trying(cost: torch.Tensor, cutoff: float) -> float:
    """Least total cost over every way to pair rows with columns, leaving any of them alone at half the cut-off."""
    rows, columns = cost.shape
    best = math.inf
    for count in range(min(rows, columns) + 1):
        for left in itertools.combinations(range(rows), count):
            for right in itertools.permutations(range(columns), count):
                pairs = sum(float(cost[i, j]) for i, j in zip(left, right, strict=True))
                best = min(best, pairs + cutoff / 2 * (rows + columns - 2 * count))
    return best


@settings(max_examples=60)
@given(true=sizes, found=sizes, seed=st.integers(0, 10_000))
def test_total_cost_is_the_least_possible(true: int, found: int, seed: int) -> None:
    cost = 3 * torch.rand(1, true, found, generator=stream(seed, "matching"), dtype=torch.float64)
    cutoff = 1.5
    partner = match(cost, torch.ones(1, true).bool(), torch.ones(1, found).bool(), cutoff)[0]
    pairs = [(i, j) for i, j in enumerate(partner.tolist()) if j != UNMATCHED]
    total = sum(float(cost[0, i, j]) for i, j in pairs) + cutoff / 2 * (true + found - 2 * len(pairs))
    assert len({j for _, j in pairs}) == len(pairs)
    assert total == pytest.approx(best_by_trying(cost[0], cutoff))


def test_empty_slots_and_nan_in_them_are_ignored() -> None:
    cost = torch.tensor([[[9.0, 0.5, math.nan], [0.1, 9.0, math.nan], [math.nan] * 3]])
    present, detected = torch.tensor([[True, True, False]]), torch.tensor([[True, True, False]])
    assert match(cost, present, detected, 5.0).tolist() == [[1, 0, UNMATCHED]]


def test_a_pair_at_the_cutoff_is_no_pair() -> None:
    cost = torch.tensor([[[2.0]], [[1.9]], [[math.inf]]])
    one = torch.ones(3, 1).bool()
    assert match(cost, one, one, 2.0).tolist() == [[UNMATCHED], [0], [UNMATCHED]]


def test_fewer_and_more_found_than_true() -> None:
    cost = torch.tensor([[[0.3, 0.1]]])
    assert match(cost, torch.ones(1, 1).bool(), torch.ones(1, 2).bool(), 1.0).tolist() == [[1]]
    assert match(cost.mT, torch.ones(1, 2).bool(), torch.ones(1, 1).bool(), 1.0).tolist() == [[UNMATCHED, 0]]
    assert match(cost[:, :, :0], torch.ones(1, 1).bool(), torch.ones(1, 0).bool(), 1.0).tolist() == [[UNMATCHED]]


@pytest.mark.parametrize("cutoff", [0.0, -1.0, math.inf, math.nan])
def test_bad_cutoff_is_refused(cutoff: float) -> None:
    one = torch.ones(1, 1).bool()
    with pytest.raises(InputError, match="finite cut-off"):
        match(torch.zeros(1, 1, 1), one, one, cutoff)


def test_nan_between_two_sources_is_refused() -> None:
    one = torch.ones(1, 1).bool()
    with pytest.raises(InputError, match="NaN in 1 of 1 pairs"):
        match(torch.full((1, 1, 1), math.nan), one, one, 1.0)


angles = st.floats(-1.5, 1.5)


@given(angles, angles, angles, angles)
def test_great_circle_is_the_angle_between_unit_vectors(a: float, b: float, c: float, d: float) -> None:
    first, second = (torch.tensor([x, y, 3.0], dtype=torch.float64) for x, y in ((a, b), (c, d)))
    cosine = math.sin(b) * math.sin(d) + math.cos(b) * math.cos(d) * math.cos(a - c)
    assert float(great_circle(first, second)) == pytest.approx(math.acos(max(-1, min(1, cosine))), abs=3e-8)
    assert float(great_circle(first, second)) == pytest.approx(float(great_circle(second, first)), abs=1e-15)
    assert float(great_circle(first, first)) < 1e-15


def test_great_circle_keeps_small_angles() -> None:
    first, second = torch.zeros(3, dtype=torch.float64), torch.tensor([1e-9, 0, 0], dtype=torch.float64)
    assert float(great_circle(first, second)) == pytest.approx(1e-9, rel=1e-6)


def test_gathered_values_follow_the_true_order() -> None:
    values = torch.tensor([[[1.0], [2.0]]])
    gathered = gather_found(values, torch.tensor([[1, UNMATCHED, 0]]))
    assert gathered[0, 0, 0] == 2 and gathered[0, 1].isnan().all() and gathered[0, 2, 0] == 1
    assert gather_found(values[:, :0], torch.tensor([[UNMATCHED]])).isnan().all()


def test_an_infinite_distance_is_a_source_and_nan_is_none() -> None:
    positions = torch.tensor([[[0.1, 0.2, math.inf], [0.1, 0.2, math.nan]]])
    assert occupied(positions).tolist() == [[True, False]]
