"""Is the likeliest answer given, where the search ended at a less likely one?"""

import pytest
import torch
from fitted_scenes import scenes

from ris_pytorch_pipeline.bench import region_of
from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.estimate.fit.elsewhere.modes import contest, modes_of, won
from ris_pytorch_pipeline.estimate.ml.hypothesis import Hypothesis, Likelihood
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Scenes, preset, to_cosines

LINE = {"horizontal": 15, "vertical": 1, "elevation_deg": 0.0}
COUNT = 4


def line_of(symbols: str) -> tuple[Scenes, PilotMl | Sml]:
    """A line, on whose small grid every source is sought elsewhere once more."""
    drawn = scenes(symbols, count=COUNT, snr_db=20.0, **LINE)
    region = region_of(preset(symbols, **LINE))
    return drawn, PilotMl(region=region) if symbols == "pilot" else Sml(region=region)


def astray(likelihood: Likelihood, true: torch.Tensor) -> Hypothesis:
    """An optimum 0.4 in u away from the truth."""
    rows, wrong = torch.arange(COUNT), true.clone()
    wrong[..., 0] = torch.where(true[..., 0] > 0, true[..., 0] - 0.4, true[..., 0] + 0.4)
    return likelihood.refine(rows, likelihood.start_at(rows, wrong), iterations=30, tolerance=1e-6)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_the_likeliest_answer_is_given_and_refined(symbols: str) -> None:
    drawn, estimator = line_of(symbols)
    likelihood, rows = estimator.likelihood(scale(drawn.observation).observation), torch.arange(COUNT)
    true = to_cosines(drawn.truth.positions, drawn.observation.array)
    end, searched = astray(likelihood, true), torch.tensor([True, True, True, False])
    met = contest(likelihood, rows, end, estimator.region)
    better = won(likelihood, rows, met, searched, 30)
    at_truth = likelihood.refine(rows, likelihood.start_at(rows, true), iterations=30, tolerance=1e-6)
    assert bool((at_truth.value < end.value - 10).all()), "the start leads to a wrong optimum"
    assert torch.allclose(better.answers.value[:3], at_truth.value[:3], atol=1e-5)
    assert torch.equal(better.answers.value[3:], end.value[3:]), "the optimum of a given start stays"
    listed = modes_of(likelihood, rows, better, estimator.region)
    assert all(mode.loss > 0 for modes in listed[:3] for mode in modes)
    assert listed[3][0].loss < -10


def test_the_former_answer_is_listed_where_it_is_nearly_as_likely() -> None:
    drawn, estimator = line_of("random")
    likelihood, rows = estimator.likelihood(scale(drawn.observation).observation), torch.arange(COUNT)
    end = astray(likelihood, to_cosines(drawn.truth.positions, drawn.observation.array))
    met = won(likelihood, rows, contest(likelihood, rows, end, estimator.region), torch.ones(COUNT).bool(), 30)
    near = Hypothesis(**{**vars(met.rivals), "value": met.answers.value.min().expand_as(met.rivals.value)})
    listed = modes_of(likelihood, rows, type(met)(met.answers, met.scenes, near), estimator.region)
    former = estimator.region.reported(end.cosines, drawn.observation.array)[:, 0, 0]
    for row, modes in enumerate(listed):
        assert min(abs(mode.position[0] - float(former[row])) for mode in modes) < 1e-9


def test_an_answer_that_nothing_beats_is_left_as_it_is() -> None:
    drawn, estimator = line_of("pilot")
    likelihood, rows = estimator.likelihood(scale(drawn.observation).observation), torch.arange(COUNT)
    true = to_cosines(drawn.truth.positions, drawn.observation.array)
    end = likelihood.refine(rows, likelihood.start_at(rows, true), iterations=30, tolerance=1e-6)
    met = contest(likelihood, rows, end, estimator.region)
    assert won(likelihood, rows, met, torch.ones(COUNT).bool(), 30) is met
