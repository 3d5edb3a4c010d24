"""Is the covariance that an estimate states that of its sources, whatever its empty slots hold?"""

import math
from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.covariance import nmse, true_covariance
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate, Status
from ris_pytorch_pipeline.physics import cosines_from_positions, preset

SCENES = simulate(preset("random", horizontal=4, vertical=4, sources=(1, 3)), 8, seed=3)


def found() -> Estimate:
    """The truth as an estimate: slots beyond K hold NaN."""
    truth = SCENES.truth
    empty = torch.arange(truth.positions.shape[1]) >= truth.sources[:, None]
    return Estimate(
        positions=truth.positions.masked_fill(empty[..., None], math.nan),
        order=truth.sources,
        powers=truth.powers.masked_fill(empty, math.nan),
        deviations=torch.full_like(truth.positions, math.nan),
        noise_variance=torch.ones(len(SCENES.truth.sources), dtype=torch.float64),
        status=(Status.CONVERGED,) * len(SCENES.truth.sources),
    )


def test_the_truth_states_the_true_covariance() -> None:
    truth, array = SCENES.truth, SCENES.observation.array
    assert int(truth.sources.min()) < int(truth.sources.max())
    true = true_covariance(cosines_from_positions(truth.positions), truth.powers, array)
    stated = found().covariance(array)
    assert float(nmse(stated, true).max()) < 1e-12
    assert torch.allclose(stated.trace, torch.full_like(stated.trace, 16.0))


def test_a_source_too_few_is_seen() -> None:
    array = SCENES.observation.array
    several = torch.nonzero(SCENES.truth.sources > 1)[:, 0]
    whole = found()[several]
    fewer = replace(whole, order=whole.order - 1)
    assert float(nmse(fewer.covariance(array), whole.covariance(array)).min()) > 1e-3


def test_nothing_found_states_nothing() -> None:
    nothing = replace(found(), order=torch.zeros_like(SCENES.truth.sources))
    with pytest.raises(InputError, match="without energy"):
        nothing.covariance(SCENES.observation.array)
