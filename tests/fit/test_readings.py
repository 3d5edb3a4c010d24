"""Are sources dropped that another order of the elements explains better, and kept where none does?"""

from dataclasses import replace

import pytest
import torch
from fitted_scenes import conjugated, scenes

from ris_pytorch_pipeline.estimate import PilotMl, Sml, Status
from ris_pytorch_pipeline.estimate.fit.images.steady import steady_symbols
from ris_pytorch_pipeline.estimate.ml.readings import better_readings
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import complex_normal, measure, steering
from ris_pytorch_pipeline.rng import stream

COLUMNS = torch.arange(72).reshape(6, 12).T.reshape(-1)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_no_source_is_kept_of_elements_in_another_order(symbols: str) -> None:
    true = scenes(symbols=symbols, sources=2, snr_db=20.0, horizontal=12, vertical=6)
    seen = true.observation
    wrong = replace(seen, array=replace(seen.array, elements=seen.array.elements[COLUMNS]))
    found = (Sml() if symbols == "random" else PilotMl())(wrong)
    assert found.order.tolist() == [0] * len(found)
    assert found.status == (Status.MISFIT,) * len(found)


def test_pilots_called_random_are_named_and_none_is_kept() -> None:
    true = scenes(symbols="pilot", sources=2, snr_db=20.0, horizontal=8, vertical=8)
    found = Sml()(replace(true.observation, symbols="random"))
    assert found.order.tolist() == [0] * len(found)
    assert found.fit is not None
    named = ["symbols pilot" in said for said in found.fit.striking]
    assert sum(named) >= 3, "where nothing stood out of what coherent sources leave, nothing is read again"


@pytest.mark.parametrize("snapshots", [8, 16])
def test_symbols_are_steady_where_chance_does_not_make_them_so(snapshots: int) -> None:
    true = scenes(symbols="pilot", sources=2, snr_db=10.0, horizontal=8, vertical=8, snapshots=snapshots)
    seen, places = replace(true.observation, symbols="random"), true.truth.positions
    assert steady_symbols(seen, places).tolist() == [snapshots == 16] * len(seen)
    other = scenes(sources=2, snr_db=10.0, horizontal=8, vertical=8, snapshots=snapshots)
    assert not bool(steady_symbols(other.observation, other.truth.positions).any())
    assert not bool(steady_symbols(seen, places[:, :0]).any())


@pytest.mark.parametrize("wave", ["fresnel", "legacy_fresnel"])
def test_no_source_is_kept_of_data_made_with_a_fresnel_wave(wave: str) -> None:
    """As stated a near pilot shows as two or three sources; the wave that made it explains all with one."""
    near = scenes(symbols="pilot", snr_db=20.0, distance=(0.7, 1.5), azimuth_deg=(35.0, 50.0))
    seen, generator = near.observation, stream(5, "noise of a Fresnel wave")
    vectors = steering(near.truth.positions, replace(seen.array, wavefront=wave)).to(seen.codes.dtype)
    clean = measure(vectors, vectors.new_ones(4, 16, 1), seen.codes, seen.channel)
    noise = 0.1 * clean.abs().square().mean((-1, -2), keepdim=True).sqrt()
    made = clean + noise * complex_normal(tuple(clean.shape), generator).to(clean)
    found = PilotMl()(replace(seen, measurements=made))
    assert found.fit is not None
    assert found.order.tolist() == [0] * 4
    named = ["fresnel" in said for said in found.fit.striking]
    assert sum(named) >= 3, "where nothing stood out as stated, nothing is read again"
    read = PilotMl()(replace(seen, measurements=made, array=replace(seen.array, wavefront=wave)))
    assert read.order.tolist() == [1] * 4


def test_the_better_reading_has_its_name() -> None:
    true = scenes(symbols="pilot", sources=2, snr_db=20.0, horizontal=12, vertical=6)
    seen, truth = true.observation, true.truth
    names = better_readings(
        PilotMl(), scale(conjugated(seen, "channel")), truth.positions, truth.sources, threshold=28.0
    )
    assert set(names) <= {"channel conjugated", "measurements, codes conjugated"}, "the same, said in two ways"
    assert better_readings(PilotMl(), scale(seen), truth.positions, truth.sources, threshold=28.0) == [""] * len(seen)


def test_orders_that_only_turn_the_array_are_not_tried() -> None:
    true = scenes(symbols="pilot", sources=1)
    told = better_readings(
        PilotMl(), scale(true.observation), true.truth.positions, true.truth.sources, threshold=28.0, conjugated=False
    )
    assert told == [""] * len(told)
