"""Are scenes refused or marked that hold more sources, or another field of view, than the network was made for?"""

import math

import pytest
import torch

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import SearchRegion, Status
from ris_pytorch_pipeline.localise import Existence, Localiser
from ris_pytorch_pipeline.physics import Observation, preset

NETWORK = Localiser.reference()


def seen(kind: str, sources: int, count: int = 6) -> Observation:
    return simulate(preset(kind, sources=sources, snr_db=20.0), count, seed=5).observation


@pytest.mark.parametrize("kind", ["random", "pilot"])
@pytest.mark.parametrize("sources", [6, 7])
def test_more_sources_than_the_network_counts_are_no_silent_five(kind: str, sources: int) -> None:
    scenes = seen(kind, sources)
    found = NETWORK(scenes)
    assert set(found.status) == {Status.BEYOND}
    assert bool(Existence()(scenes, found).isnan().all())
    assert found.order_probability is not None and bool(found.order_probability.isnan().all())


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_five_are_not_beyond(kind: str) -> None:
    assert Status.BEYOND not in NETWORK(seen(kind, 5)).status


@pytest.mark.parametrize("kind", ["random", "pilot"])
def test_with_a_doubt_the_likelihood_counts_on(kind: str) -> None:
    found = Localiser.reference(doubt=0.7)(seen(kind, 7, 3))
    assert found.order.tolist() == [7, 7, 7] and Status.BEYOND not in found.status
    assert found.order_probability is not None and bool(found.order_probability.isnan().all())


def test_what_is_said_of_the_fit_begins_with_it() -> None:
    found = Localiser.reference(fit=True)(seen("pilot", 6, 2))
    assert found.fit is not None and all(said[0] is Status.BEYOND for said in found.fit.findings)


@pytest.mark.parametrize("degrees", [(80.0, 89.0), (40.0, 80.0), (-61.0, 0.0)])
def test_a_field_that_the_beams_do_not_cover_is_refused(degrees: tuple[float, float]) -> None:
    field = SearchRegion(azimuth=(math.radians(degrees[0]), math.radians(degrees[1])))
    with pytest.raises(InputError, match=r"azimuth -60 to 60°(.|\n)*without --model"):
        Localiser.reference(field=field)


@pytest.mark.parametrize("field", [SearchRegion(distance=(0.4, 10.0)), SearchRegion(elevation=(-0.6, 0.1))])
def test_other_distances_and_elevations_are_refused(field: SearchRegion) -> None:
    with pytest.raises(InputError, match="a field of view within"):
        Localiser.reference(field=field)


def test_a_field_inside_is_searched_alone() -> None:
    field = SearchRegion(azimuth=(0.0, math.radians(60)))
    found = Localiser.reference(field=field)(seen("random", 2, 12), 2)
    assert float(found.positions[..., 0].min()) > -0.05 and bool(torch.isfinite(found.positions).all())
    assert Localiser.reference(field=SearchRegion()).region == NETWORK.net.config.region
