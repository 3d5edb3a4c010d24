"""Is an empty capture without a source, where a network that never saw one counts some?"""

from contextlib import suppress
from dataclasses import replace

import pytest

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.physics.channel import complex_normal
from ris_pytorch_pipeline.rng import stream


def answers(network: Localiser, kind: str) -> list[Estimate]:
    """Of ten scenes of nothing but noise, those that are not refused for their SNR."""
    seen = simulate(preset(kind, sources=1), 10, seed=5).observation
    noise = complex_normal(tuple(seen.measurements.shape), stream(3, "nothing but noise"))
    empty, found = replace(seen, measurements=noise.to(seen.measurements.dtype)), []
    for scene in range(len(empty)):
        with suppress(InputError):
            found.append(network(empty[[scene]]))
    return found


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_no_number_of_sources_is_likely_in_noise(kind: str) -> None:
    stated = [found.order_probability for found in answers(Localiser.reference(), kind)]
    assert len(stated) > 1
    assert all(each is not None and (bool(each.isnan()) or float(each) < 0.5) for each in stated)


def test_with_a_doubt_the_likelihood_finds_none() -> None:
    found = answers(Localiser.reference(doubt=0.7, fit=True), "pilot")
    assert len(found) > 5 and all(each.fit is not None for each in found)
    assert sum(int(each.order) > 0 for each in found) <= 1


def test_scenes_of_the_training_keep_what_is_stated() -> None:
    seen = simulate(preset("pilot", sources=1, snr_db=-5.0), 12, seed=7).observation
    stated = Localiser.reference()(seen).order_probability
    assert stated is not None and int(stated.isnan().sum()) <= 1
