"""Are positions to begin from taken as a tensor, an array or lists, and refused with a reason otherwise?"""

import numpy as np
import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import PilotMl
from ris_pytorch_pipeline.estimate.given import given_positions
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream

SCENES = draw(preset("pilot", horizontal=6, vertical=6, sources=1, snr_db=20.0), 2, stream(0, "given"))


def test_arrays_and_lists_begin_where_a_tensor_does() -> None:
    places = SCENES.truth.positions
    for given in (places.numpy(), places.tolist(), places.numpy().astype(np.float32)[::-1][::-1]):
        taken, counts = given_positions(SCENES.observation, given)
        torch.testing.assert_close(taken.double(), places, rtol=1e-6, atol=1e-6)
        assert counts.tolist() == [1, 1]
    one, other = (PilotMl(fit=False).refine(SCENES.observation, given) for given in (places, places.numpy()))
    assert torch.equal(one.positions, other.positions)


@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (3, 1, 3), (2, 1, 2)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"positions \(scene, source, 3\) of 2 scenes"):
        given_positions(SCENES.observation, np.zeros(shape))
