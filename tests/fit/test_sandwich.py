"""Is the sandwich ± Fisher's where the model holds, and larger where scores scatter more?"""

import pytest
import torch

from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.estimate.fit import sandwich_information
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import chart_of, draw, preset
from ris_pytorch_pipeline.rng import stream


def test_many_blocks_of_right_scores_give_fishers_information() -> None:
    generator = stream(0, "scores")
    root = torch.randn(1, 5, 5, generator=generator, dtype=torch.float64)
    information = root @ root.mT + torch.eye(5)
    factor = torch.linalg.cholesky(information / 40_000)
    scores = torch.randn(1, 40_000, 5, generator=generator, dtype=torch.float64) @ factor.mT
    got = sandwich_information(information, scores)
    assert torch.allclose(got, information, rtol=0.05, atol=0.05 * float(information.abs().max()))
    twice = sandwich_information(information, 2 * scores)
    assert torch.allclose(twice, information / 4, rtol=0.05, atol=0.05 * float(information.abs().max()))


def test_one_block_says_nothing() -> None:
    assert bool(sandwich_information(torch.eye(3)[None].double(), torch.ones(1, 1, 3).double()).isnan().all())


@pytest.mark.parametrize("estimator", [Sml(), PilotMl()], ids=["sml", "pilot"])
def test_block_scores_sum_to_the_gradient_and_vanish_at_the_optimum(estimator: Sml | PilotMl) -> None:
    name = "random" if isinstance(estimator, Sml) else "pilot"
    scenes = draw(preset(name, sources=2, snr_db=15.0), 2, stream(1, "block scores"))
    scaled = scale(scenes.observation).observation
    likelihood, rows = estimator.likelihood(scaled), torch.arange(2)
    _, coordinates = chart_of(scenes.truth.positions, scaled.array)
    end = likelihood.refine(rows, likelihood.start_at(rows, coordinates), iterations=50, tolerance=1e-10)
    scores, information = likelihood.scores(rows, end), likelihood.information(rows, end)
    deviations = torch.linalg.inv(information).diagonal(dim1=-2, dim2=-1).sqrt()
    assert float((scores.sum(1) * deviations).abs().max()) < 0.02
    assert float((scores * deviations[:, None]).abs().max()) > 0.05
