"""Is GOSPA a metric, is it the slow truth, and are its three base distances right?"""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.bench import cartesian_gospa, direction_gospa, gospa, whitened_distance, whitened_gospa
from ris_pytorch_pipeline.physics import positions_from_cartesian
from ris_pytorch_pipeline.rng import stream

CUTOFF = 2.0
points = st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), max_size=4)


def of_sets(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> float:
    """GOSPA of two sets of points in the plane."""
    a = torch.tensor(first, dtype=torch.float64).reshape(-1, 2)
    b = torch.tensor(second, dtype=torch.float64).reshape(-1, 2)
    gap = (a[:, None] - b[None]).norm(dim=-1)[None]
    ones = torch.ones(1, len(first)).bool(), torch.ones(1, len(second)).bool()
    return float(gospa(gap, *ones, CUTOFF).value)


def slowly(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> float:
    """The definition: the best over all permutations of the larger set."""
    small, large = sorted((first, second), key=len)
    unmatched = CUTOFF**2 / 2 * (len(large) - len(small))
    totals = [
        sum(min(math.dist(a, b), CUTOFF) ** 2 for a, b in zip(small, order, strict=False))
        for order in itertools.permutations(large)
    ]
    return math.sqrt(min(totals) + unmatched)


@settings(max_examples=80)
@given(points, points)
def test_it_is_the_definition_symmetric_and_bounded(a: list, b: list) -> None:
    value = of_sets(a, b)
    assert value == pytest.approx(slowly(a, b), abs=1e-9)
    assert value == pytest.approx(of_sets(b, a), abs=1e-9)
    assert 0 <= value <= math.sqrt(CUTOFF**2 / 2 * (len(a) + len(b))) + 1e-9


@given(points)
def test_identity(a: list) -> None:
    assert of_sets(a, list(reversed(a))) == 0


@given(points, points)
def test_different_sets_are_apart(a: list, b: list) -> None:
    if sorted(a) != sorted(b) and of_sets(a, b) == 0:
        assert all(min(math.dist(p, q) for q in b) < 1e-150 for p in a)  # a subnormal squared is zero


@settings(max_examples=80)
@given(points, points, points)
def test_triangle_inequality(a: list, b: list, c: list) -> None:
    assert of_sets(a, c) <= of_sets(a, b) + of_sets(b, c) + 1e-9


def test_missed_and_false_are_told_apart() -> None:
    gap = torch.tensor([[[0.5, 9.0, 9.0], [9.0, 9.0, 9.0]]])
    result = gospa(gap, torch.ones(1, 2).bool(), torch.ones(1, 3).bool(), 2.0)
    assert (int(result.missed), int(result.false)) == (1, 2)
    assert float(result.value) == pytest.approx(math.sqrt(0.25 + 2 * 3))


def scattered(seed: int, scenes: int = 4, sources: int = 3) -> torch.Tensor:
    low, high = torch.tensor([-1.0, -0.5, 0.5]), torch.tensor([1.0, 0.5, 9.0])
    drawn = torch.rand(scenes, sources, 3, generator=stream(seed, "scattered"))
    return (low + (high - low) * drawn).double()


def test_whitening_counts_standard_deviations() -> None:
    true = scattered(0)
    factor = torch.randn(4, 3, 3, 3, generator=stream(0, "factor"), dtype=torch.float64).tril()
    factor.diagonal(dim1=-2, dim2=-1).abs_().add_(0.5)
    factor *= torch.tensor([1e-4, 1e-3, 1.0]).double()[:, None]  # very different units, strongly correlated
    white = torch.randn(4, 3, 3, generator=stream(0, "white"), dtype=torch.float64)
    found = true + (factor @ white.unsqueeze(-1)).squeeze(-1)
    pairs = whitened_distance(true, found, factor @ factor.mT)
    torch.testing.assert_close(pairs.diagonal(dim1=-2, dim2=-1), white.norm(dim=-1))


def test_whitened_distance_is_that_of_the_inverse() -> None:
    true, found = scattered(1), scattered(2)
    root = torch.randn(4, 3, 3, 5, generator=stream(0, "root"), dtype=torch.float64)
    covariance = root @ root.mT
    error = (found[:, None] - true[:, :, None]).unsqueeze(-1)
    slow = (error.mT @ torch.linalg.inv(covariance)[:, :, None] @ error).squeeze(-1).squeeze(-1).sqrt()
    torch.testing.assert_close(whitened_distance(true, found, covariance), slow)


def test_empty_slots_and_endless_distances_count_as_they_should() -> None:
    true = scattered(3, scenes=1, sources=2)
    true[0, 1] = torch.nan
    found = true[:, [1, 0]].clone()
    covariance = torch.eye(3, dtype=torch.float64).expand(1, 2, 3, 3).clone()
    covariance[0, 1] = torch.nan
    for value in (whitened_gospa(true, found, covariance), direction_gospa(true, found), cartesian_gospa(true, found)):
        assert float(value.value) == pytest.approx(0, abs=1e-12) and int(value.missed) == int(value.false) == 0
    found[0, 1, 2] = math.inf
    assert float(direction_gospa(true, found).value) == pytest.approx(0, abs=1e-12)
    assert float(whitened_gospa(true, found, covariance).value) == pytest.approx(5.0)
    assert float(cartesian_gospa(true, found).value) == pytest.approx(2.0)


def test_units_and_cutoffs_of_the_flavours() -> None:
    true = positions_from_cartesian(torch.tensor([[[3.0, 0.0, 0.0]]], dtype=torch.float64))
    near = positions_from_cartesian(torch.tensor([[[3.0, 0.1, 0.0]]], dtype=torch.float64))
    far = positions_from_cartesian(torch.tensor([[[3.0, 4.0, 0.0]]], dtype=torch.float64))
    assert float(cartesian_gospa(true, near).value) == pytest.approx(0.1)
    assert float(cartesian_gospa(true, far).value) == pytest.approx(2.0)
    assert float(direction_gospa(true, near).value) == pytest.approx(math.atan(0.1 / 3))
    assert float(direction_gospa(true, far).value) == pytest.approx(math.radians(5))
