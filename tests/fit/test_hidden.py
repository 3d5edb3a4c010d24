"""A source too few is called so, and no wrong model is named; a wrong model is not called a source too few."""

from dataclasses import replace

import pytest
import torch
from fitted_scenes import conjugated, flipped, scenes

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.estimate import PilotMl, Sml, Status
from ris_pytorch_pipeline.physics import steering


@pytest.mark.parametrize(("name", "sources", "asked"), [("random", 2, 1), ("pilot", 2, 1), ("pilot", 3, 1)])
def test_fewer_asked_for_than_there_are(name: str, sources: int, asked: int) -> None:
    right = scenes(name, sources=sources, snr_db=15.0)
    found = (Sml() if name == "random" else PilotMl())(right.observation, asked)
    assert found.order.tolist() == [asked] * len(right)
    assert sum(status is Status.INCOMPLETE for status in found.status) >= 3
    assert Status.MISFIT not in found.status


def test_most_of_many_are_missed() -> None:
    """Four of five are not asked for: they still leave nothing that a right model does not."""
    right = scenes("random", sources=5, snr_db=15.0, separation=0.3)
    found = Sml()(right.observation, 1)
    assert sum(status is Status.INCOMPLETE for status in found.status) >= 3


@pytest.mark.parametrize("name", ["random", "pilot"])
def test_where_a_count_stops_is_no_wrong_model(name: str) -> None:
    """Three sources, of which a count that stops at two leaves one over."""
    right = scenes(name, sources=3, snr_db=20.0, separation=0.3)
    found = (Sml(most_sources=2) if name == "random" else PilotMl(most_sources=2))(right.observation)
    assert found.order.tolist() == [2] * len(right)
    assert sum(status is Status.INCOMPLETE for status in found.status) >= 3
    assert Status.MISFIT not in found.status and Status.CONVERGED not in found.status


def test_a_silent_scene_of_another_reading_is_no_source_too_few() -> None:
    """Many sources of a wrong convention explain the measurements, too; the right one needs fewer."""
    seen = conjugated(scenes("random", sources=2, count=6).observation, "codes")
    found = Sml()(seen)
    assert Status.INCOMPLETE not in found.status and Status.CONVERGED not in found.status


def test_a_wrong_model_is_no_source_too_few() -> None:
    seen = scenes("pilot", sources=1, snr_db=20.0).observation
    for wrong in (conjugated(seen, "codes"), flipped(seen, 2)):
        found = PilotMl()(wrong, 1)
        assert Status.INCOMPLETE not in found.status and Status.CONVERGED not in found.status


def test_right_scenes_are_complete() -> None:
    found = Sml()(scenes(sources=2, snr_db=15.0).observation, 2)
    assert Status.INCOMPLETE not in found.status


def test_an_echo_is_not_counted_and_is_located_where_it_is_asked_for() -> None:
    """Symbols that are those of another source could be an error of the model: the count says so, and names echoes."""
    drawn = scenes(sources=2, snr_db=20.0, separation=0.3, snapshots=32)
    seen, truth = drawn.observation, drawn.truth
    waves = steering(truth.positions, seen.array)
    echoes = torch.stack([truth.symbols[..., 0], 0.8j * truth.symbols[..., 0]], -1)
    heard = torch.einsum("smn,sln,slk,skn->slm", seen.channel, seen.codes, echoes - truth.symbols, waves)
    echoed = replace(seen, measurements=seen.measurements + heard)
    counted, asked = Sml()(echoed), Sml()(echoed, 2)
    assert Status.CONVERGED not in counted.status and "echo" in Status.MISFIT.cause
    assert asked.status == (Status.CONVERGED,) * len(asked)
    assert bool(matched(asked, truth).found.all())
