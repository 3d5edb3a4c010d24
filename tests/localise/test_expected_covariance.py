"""Is the covariance of a localiser the mean over its estimate being right and being wrong?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.bench import trial_of
from ris_pytorch_pipeline.covariance import LowRank, nmse, true_covariance
from ris_pytorch_pipeline.localise import Localiser, Trust
from ris_pytorch_pipeline.localise.answer import joined_covariances, mixed
from ris_pytorch_pipeline.physics import Scenes, cosines_from_positions, preset
from ris_pytorch_pipeline.rng import stream

SURE, NEVER = (Trust(weights=(sign * 1e3, 0.0, 0.0, 0.0, 0.0)) for sign in (1, -1))


def scenes(count: int, snr_db: float) -> Scenes:
    return trial_of(preset("random", sources=2, snr_db=snr_db, distance_law="inverse"), count, 5).scenes


def low_rank(rank: int, seed: int) -> LowRank:
    generator = stream(seed, "covariance")
    factor = torch.randn((2, 6, rank), generator=generator, dtype=torch.complex128)
    return LowRank(factor, torch.rand(2, generator=generator, dtype=torch.float64)).normalised()


def test_a_mixture_is_that_of_the_matrices() -> None:
    first, second, share = low_rank(2, 0), low_rank(3, 1), torch.tensor([0.3, 1.0], dtype=torch.float64)
    weight = share[:, None, None]
    wanted = weight * first.dense() + (1 - weight) * second.dense()
    torch.testing.assert_close(mixed(first, second, share).dense(), wanted)


def test_parts_of_another_rank_are_joined() -> None:
    first, second = low_rank(2, 0), low_rank(3, 1)
    whole = joined_covariances([first, second])
    torch.testing.assert_close(whole.dense(), torch.cat([first.dense(), second.dense()]))


@pytest.mark.parametrize("trust", [SURE, NEVER])
def test_it_lies_between_estimate_and_prediction(trust: Trust) -> None:
    seen = scenes(3, 10.0).observation
    localiser = Localiser.reference(trust=trust)
    by_network = localiser.predict(seen).covariance.dense().to(torch.complex128)
    by_estimate = localiser(seen, 2).covariance(seen.array).dense()
    wanted = by_estimate if trust is SURE else by_network
    torch.testing.assert_close(localiser.covariance(seen, 2).dense(), wanted, rtol=1e-4, atol=1e-4)


def test_batches_do_not_matter_and_the_trace_is_the_number_of_elements() -> None:
    seen = scenes(5, 10.0).observation
    localiser = Localiser.reference()
    whole, parts = localiser.covariance(seen), replace(localiser, batch=2).covariance(seen)
    torch.testing.assert_close(parts.dense(), whole.dense(), rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(whole.trace, torch.full((5,), 144.0, dtype=torch.float64), rtol=1e-4, atol=0)


def test_where_noise_leaves_doubt_it_is_nearer_to_the_truth_than_either() -> None:
    drawn = scenes(96, 0.0)
    seen, truth = drawn.observation, drawn.truth
    true = true_covariance(cosines_from_positions(truth.positions), truth.powers, seen.array)
    localiser = Localiser.reference()
    predicted = localiser.predict(seen).covariance
    wide = LowRank(predicted.factor.to(true.factor), predicted.floor.to(true.floor))
    located = localiser(seen, 2).covariance(seen.array)
    expected, *others = (float(nmse(each, true).mean()) for each in (localiser.covariance(seen, 2), located, wide))
    assert expected < 0.9 * min(others)
