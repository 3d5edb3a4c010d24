"""Is the fast polish that of the search: the same optimum, the same information, whatever the precision?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.estimate.ml.hypothesis import Hypothesis, Likelihood
from ris_pytorch_pipeline.estimate.ml.levenberg import Local
from ris_pytorch_pipeline.estimate.ml.pilots.likelihood import PilotLikelihood
from ris_pytorch_pipeline.estimate.ml.polish import Compact, Known, compact
from ris_pytorch_pipeline.estimate.ml.stochastic import StochasticLikelihood
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream

KINDS, REGION, SCENES = ("random", "pilot"), SearchRegion(), 5
ROWS = torch.arange(SCENES)


def prepared(kind: str, dtype: torch.dtype = torch.complex128) -> tuple[Compact, Likelihood, Hypothesis]:
    drawn = draw(preset(kind, sources=2, snr_db=10.0, separation=0.3), SCENES, stream(1, "polish"))
    scaled = scale(drawn.observation).observation
    slow = (StochasticLikelihood if kind == "random" else PilotLikelihood)(scaled, REGION)
    start = slow.start_at(ROWS, cosines_from_positions(drawn.truth.positions) + 0.02)
    return compact(scaled.to(dtype=dtype), REGION), slow, start


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_where_the_search_refines_to(kind: str) -> None:
    fast, slow, start = prepared(kind)
    ended = fast.polish(start, 30)
    wanted = slow.refine(ROWS, start, iterations=30, tolerance=1e-6)
    spread = slow.information(ROWS, wanted).inverse().diagonal(dim1=-2, dim2=-1)[:, :6].sqrt()
    apart = (ended.hypothesis.cosines - wanted.cosines).flatten(1) / spread
    assert float(apart.abs().max()) < 0.1
    torch.testing.assert_close(ended.hypothesis.log_noise, wanted.log_noise, rtol=0, atol=0.02)
    torch.testing.assert_close(ended.hypothesis.log_powers, wanted.log_powers, rtol=0, atol=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_its_information_is_that_of_the_likelihood_there(kind: str) -> None:
    fast, slow, start = prepared(kind)
    ended = fast.polish(start, 6)
    wanted = slow.information(ROWS, ended.hypothesis)
    size = wanted.shape[-1]
    scale_ = wanted.diagonal(dim1=-2, dim2=-1).rsqrt()
    apart = (ended.information[:, :size, :size] - wanted) * scale_[:, :, None] * scale_[:, None]
    assert float(apart.abs().max()) < 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_single_precision_moves_it_by_little(kind: str) -> None:
    exact, _, start = prepared(kind)
    rough, _, _ = prepared(kind, torch.complex64)
    one, other = (each.polish(start, 5).hypothesis for each in (exact, rough))
    torch.testing.assert_close(other.cosines, one.cosines, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_some_scenes_alone_end_where_they_end_among_others(kind: str) -> None:
    """Scenes that are done leave the others as they are, and a part of the scenes is what it is in the whole."""
    whole, _, start = prepared(kind)
    done = whole.polish(start, 30).hypothesis
    mixed = start.replaced(torch.tensor([0, 2, 3]), done[torch.tensor([0, 2, 3])])
    rows = torch.tensor([1, 4])
    together = whole.polish(mixed, 5).hypothesis[rows]
    alone = whole.of(rows).polish(start[rows], 5).hypothesis
    torch.testing.assert_close(together.cosines, alone.cosines, rtol=0, atol=1e-9)


def test_powers_that_are_given_are_where_it_starts() -> None:
    fast, _, start = prepared("random")
    loud = replace(start, log_powers=start.log_powers + 1.0)
    kept = fast.polish(loud, 0).hypothesis
    torch.testing.assert_close(kept.log_powers, loud.log_powers)
    assert bool((fast.polish(loud, 4).hypothesis.value < kept.value).all())


@pytest.mark.parametrize("kind", KINDS)
def test_going_on_from_what_is_known_ends_where_starting_anew_does(kind: str) -> None:
    fast, _, start = prepared(kind)
    first = fast.polish(start, 2)
    changed = torch.tensor([1, 3])
    mixed = first.hypothesis.replaced(changed, start[changed])
    known = Known(mixed, first.local, changed)
    anew, on = (fast.polish(each, 5) for each in (mixed, known))
    torch.testing.assert_close(on.hypothesis.cosines, anew.hypothesis.cosines, rtol=0, atol=1e-12)
    torch.testing.assert_close(on.information, anew.information)
    rows = torch.tensor([3, 4])
    some = fast.of(rows).polish(known[rows], 5)
    torch.testing.assert_close(some.hypothesis.cosines, anew.hypothesis.cosines[rows], rtol=0, atol=1e-9)


def test_what_is_known_is_not_evaluated_again() -> None:
    fast, _, start = prepared("random")
    first = fast.polish(start, 2)
    asked = []

    def evaluate(point: torch.Tensor, rows: torch.Tensor) -> Local:
        asked.append(rows.tolist())
        return first.local[rows]

    point = torch.zeros(SCENES, 9)
    Known(first.hypothesis, first.local, torch.tensor([2])).at(evaluate, point)
    Known(first.hypothesis, first.local, ROWS[:0]).at(evaluate, point)
    assert asked == [[2]]


def test_two_loud_sources_at_one_place_can_be_refined_in_single_precision() -> None:
    """Each explains what the other takes away, at powers without bound: B^H B is singular there."""
    _, slow, start = prepared("random")
    rough, _, _ = prepared("random", torch.complex64)
    together = start.cosines[:, :1].expand(-1, 2, -1) + torch.tensor([[0.0], [1e-6]])
    merged = replace(start, cosines=together, log_powers=start.log_powers + 12, log_noise=start.log_noise.clamp_min(-2))
    ended = slow.refine(ROWS, merged, iterations=3, tolerance=1e-2)
    assert bool(ended.value.isfinite().all())
    assert bool(rough.polish(merged, 3).hypothesis.value.isfinite().all())
