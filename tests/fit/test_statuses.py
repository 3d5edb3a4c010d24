"""Does an estimate say when it does not fit, where it does not, and what to do next?"""

import math
from dataclasses import replace

import pytest
import torch
from fitted_scenes import conjugated, flipped, scenes

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, SearchRegion, Sml, Status
from ris_pytorch_pipeline.physics import Array, Impairments, Observation, Panel, complex_normal, draw, preset
from ris_pytorch_pipeline.rng import stream


def said(estimate: Estimate) -> list[set[Status]]:
    assert estimate.fit is not None
    return [set(findings) for findings in estimate.fit.findings]


def test_a_right_scene_converges_with_its_fit() -> None:
    true = scenes(sources=2, snr_db=15.0)
    found = Sml()(true.observation)
    assert found.fit is not None
    assert found.sandwich is not None
    assert found.status == (Status.CONVERGED,) * 4
    assert bool((found.fit.p_value > 0.01).all())
    assert bool((found.fit.evidence > 42).all())
    assert bool((found.sandwich >= found.deviations).all())
    assert bool((found.sandwich < 4 * found.deviations).all())


@pytest.mark.parametrize("names", [("codes",), ("channel",), ("measurements",), ("measurements", "codes", "channel")])
def test_conjugates_end_in_one_source_at_most_and_a_word(names: tuple[str, ...]) -> None:
    wrong = conjugated(scenes(snr_db=20.0).observation, *names)
    found = Sml()(wrong)
    assert int(found.order.max()) <= 1
    assert Status.CONVERGED not in found.status
    known = Sml()(wrong, 1)
    assert known.order.tolist() == [1] * 4
    assert Status.CONVERGED not in known.status


def test_a_flipped_antenna_adds_few_sources_and_is_a_misfit() -> None:
    found = Sml()(flipped(scenes(snr_db=20.0).observation, 3))
    assert bool((found.order <= 2).all())
    assert all(Status.MISFIT in findings for findings in said(found))


def test_one_loud_antenna_that_hides_the_source_is_a_misfit() -> None:
    """Nothing is found in most scenes, and noise of one antenna is not what a source too weak to be counted leaves."""
    true = scenes(snr_db=18.0, count=12).observation
    loud, measured = stream(5, "loud antenna"), true.measurements.clone()
    size = 10 * measured.abs().square().mean().sqrt()
    measured[..., 4] += size * complex_normal((12, measured.shape[1]), loud).to(measured)
    found = Sml()(replace(true, measurements=measured))
    assert (found.order == 0).sum() >= 6
    assert all(Status.MISFIT in findings for findings in said(found))


def test_a_source_too_weak_to_be_counted_is_no_misfit() -> None:
    found = Sml()(scenes(snr_db=-9.0, count=12).observation)
    assert 0 in found.order.tolist()
    assert not any(Status.MISFIT in findings for findings in said(found))


def test_random_symbols_called_pilots_are_a_misfit() -> None:
    wrong = replace(scenes(sources=2, snr_db=20.0).observation, symbols="pilot")
    assert all(Status.MISFIT in findings for findings in said(PilotMl()(wrong, 2)))


def test_phase_errors_are_a_misfit() -> None:
    true = scenes("pilot", impairments=Impairments(phase_error_rad=0.5))
    found = PilotMl()(true.observation, 1)
    assert all(Status.MISFIT in findings for findings in said(found))
    assert found.fit is not None
    assert all(word for word in found.fit.striking)


@pytest.mark.parametrize("distance", [60.0, 0.3])
def test_a_source_beyond_the_field_lies_at_the_edge(distance: float) -> None:
    true = scenes(snr_db=20.0, distance=distance, azimuth_deg=(-30.0, 30.0))
    found = Sml(region=SearchRegion())(true.observation, 1)
    assert found.status == (Status.EDGE,) * 4


def test_a_direction_beyond_the_field_is_no_success() -> None:
    true = scenes(snr_db=20.0, azimuth_deg=82.0, elevation_deg=0.0)
    found = Sml(region=SearchRegion())(true.observation, 1)
    assert set(found.status) <= {Status.EDGE, Status.MISFIT}


def test_one_source_too_many_is_called_weak() -> None:
    """Through a channel without a line of sight, the place that noise likes best may gain more than τ over scatter."""
    found = Sml()(scenes(sources=2, snr_db=15.0, count=48, rician_factor=(1e-6, 1e-6)).observation, 3)
    assert found.fit is not None
    assert bool((found.fit.evidence.nan_to_num(0.0).amin(-1) > Sml().threshold).any())
    assert Status.CONVERGED not in found.status


def test_weak_sources_are_called_weak() -> None:
    found = Sml()(scenes(sources=4, snr_db=-10.0).observation, 4)
    assert all(Status.WEAK in findings for findings in said(found))


@pytest.mark.parametrize("asked", [2, 5])
def test_sources_too_many_are_weak_before_they_are_ambiguous(asked: int) -> None:
    found = Sml()(scenes(sources=1, snr_db=20.0).observation, asked)
    assert found.status == (Status.WEAK,) * len(found)


def test_grating_lobes_are_listed() -> None:
    true = scenes(horizontal=6, vertical=6, spacing=0.45, azimuth_deg=(-20.0, 20.0), elevation_deg=(-5.0, 5.0),
                  snr_db=20.0, distance=(100.0, 300.0))  # fmt: skip
    found = Sml(region=SearchRegion(distance=(50.0, 500.0)))(true.observation, 1)
    assert found.fit is not None
    assert all(Status.AMBIGUOUS in findings for findings in said(found))
    for scene, modes in enumerate(found.fit.modes):
        assert all(mode.loss <= 2 for mode in modes)
        places = [found.positions[scene, 0], *(torch.tensor(mode.position) for mode in modes)]
        gaps = [float((place - true.truth.positions[scene, 0])[:2].abs().max()) for place in places]
        assert min(gaps) < 0.1


def test_every_status_that_is_no_success_says_cause_and_next() -> None:
    assert not Status.CONVERGED.cause
    assert all(status.cause and status.move for status in Status if status != Status.CONVERGED)


@pytest.mark.parametrize(("elements", "wavelength", "word"), [(1000.0, 1.0, "millimetres"), (1.0, 1e9, "frequency")])
def test_units_are_refused_before_anything_is_allocated(elements: float, wavelength: float, word: str) -> None:
    seen = scenes().observation
    array = Panel(horizontal=12, vertical=12, spacing=0.15 * elements).array(0.3 * wavelength)
    with pytest.raises(InputError, match=word):
        Sml()(replace(seen, array=array), 1)


def test_elements_that_are_all_at_one_place_are_no_unit() -> None:
    seen = scenes().observation
    with pytest.raises(InputError, match="all elements at one place"):
        Sml()(replace(seen, array=replace(seen.array, elements=torch.zeros_like(seen.elements))), 1)


def test_an_array_far_larger_than_the_field_is_refused_with_both_lengths() -> None:
    seen = scenes().observation
    array = replace(seen.array, elements=seen.elements * 1000, wavelengths=seen.wavelength * 1000)
    size = float((array.placed.amax(0) - array.placed.amin(0)).norm())
    with pytest.raises(InputError, match="millimetres") as caught:
        Sml()(replace(seen, array=array))
    assert f"{size:.4g} m" in caught.value.got
    assert "10 m" in caught.value.got


@pytest.mark.parametrize(("side", "gigahertz"), [(4, 3.5), (12, 28), (12, 60)])
def test_an_array_in_millimetres_is_refused_at_any_carrier(side: int, gigahertz: float) -> None:
    wavelength = 299.792458 / gigahertz
    seen = scenes().observation
    elements = Panel(horizontal=side, vertical=side, spacing=wavelength / 2).elements()
    few = {name: vars(seen)[name][..., : side**2] for name in ("codes", "channel")}
    with pytest.raises(InputError, match="millimetres"):
        Sml()(replace(seen, array=Array(elements, wavelength), **few))


def test_a_large_array_before_a_near_field_is_searched() -> None:
    seen = scenes(sources=1).observation
    assert Sml(region=SearchRegion(distance=(0.5, 0.5)))(seen, 1).order.tolist() == [1] * len(seen)


def test_without_a_fit_nothing_is_said() -> None:
    found = Sml(fit=False)(scenes().observation, 1)
    assert found.fit is None
    assert found.sandwich is None


def test_scenes_are_judged_alone() -> None:
    true = scenes(count=5)
    mixed = Observation(
        measurements=torch.cat([true.observation.measurements[:3], true.observation.measurements[3:].conj()]),
        codes=true.observation.codes,
        channel=true.observation.channel,
        array=true.observation.array,
        symbols="random",
    )
    found = Sml()(mixed)
    alone = Sml()(mixed[[0]])
    assert found.status[0] == alone.status[0]
    assert found.order[:3].tolist() == [1, 1, 1]
    assert Status.CONVERGED not in found.status[3:]


@pytest.mark.parametrize(("kind", "estimator"), [("random", Sml), ("pilot", PilotMl)])
@pytest.mark.parametrize("known", ["distance", "elevation"])
def test_a_stated_coordinate_that_the_data_contradict_is_told(kind: str, estimator: type, known: str) -> None:
    """A field of one distance or elevation: the right one converges, another one is told."""
    right, degrees = {"distance": (2.0, 2.0), "elevation": (math.radians(8.0), 8.0)}[known]
    span = {"distance": "distance", "elevation": "elevation_deg"}[known]
    seen = draw(preset(kind, sources=2, snr_db=15.0, **{span: (degrees, degrees)}), 24, stream(3, "stated")).observation
    ends = [estimator(region=SearchRegion(**{known: (x, x)}))(seen, 2).status for x in (right, 1.5 * right)]
    assert sum(ended is Status.EDGE for ended in ends[0]) <= 1 and ends[0].count(Status.CONVERGED) >= 20
    assert sum(ended is Status.CONVERGED for ended in ends[1]) <= 1
