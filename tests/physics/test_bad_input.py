"""Is every input that cannot be right refused at the door, with wanted, got, likely cause and next move?"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.errors import ConfigurationError, InputError, RisError
from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml, asked_sources
from ris_pytorch_pipeline.physics import Observation, Panel, check_positions, draw, preset, steering
from ris_pytorch_pipeline.rng import stream

SMALL = preset("random", horizontal=4, vertical=3, antennas=5, snapshots=6, sources=1)


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shapes and types are not checked at each call, as where a user works."""
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)


def seen() -> Observation:
    return draw(SMALL, 2, stream(1, "bad input")).observation


def refused(kind: type[RisError], call: Callable[[], Any], *parts: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert all((error.wanted, error.got, error.cause, error.move))
    for part in parts:
        assert part in str(error), str(error)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"measurements": (2, 6)}, ["(scene, snapshot, antenna)", "(2, 6)", "a missing scene axis"]),
        ({"codes": (6, 12)}, ["(scene, snapshot, element)", "a missing scene axis"]),
        ({"channel": (1, 2, 5, 12)}, ["(scene, antenna, element)"]),
        ({"codes": (2, 64, 12)}, ["codes have 64 snapshots but measurements have 6", "not the codebook"]),
        ({"codes": (3, 6, 12)}, ["the same number of scenes", "2 and 3 and 2"]),
        ({"channel": (2, 4, 12)}, ["the same number of antennas", "5 and 4"]),
        ({"channel": (2, 5, 11)}, ["the same number of elements", "12 and 12 and 11"]),
        ({"channel": (2, 12, 5)}, ["axes of channel exchanged", "channel.swapaxes(-1, -2)"]),
        ({"measurements": (2, 5, 6)}, ["axes of measurements exchanged", "measurements.swapaxes(-1, -2)"]),
        (
            {"measurements": (2, 5, 6), "codes": (2, 12, 6), "channel": (2, 12, 5)},
            ["axes of measurements and codes and channel exchanged"],
        ),
    ],
)
def test_shapes_that_disagree(change: dict[str, tuple[int, ...]], parts: list[str]) -> None:
    tensors = {name: torch.ones(shape, dtype=torch.complex128) for name, shape in change.items()}
    refused(InputError, lambda: replace(seen(), **tensors), *parts)


def test_elements_of_another_shape() -> None:
    refused(InputError, lambda: replace(seen(), elements=torch.zeros(12, 2)), "coordinates of an element", "3 and 2")
    refused(InputError, lambda: replace(seen(), elements=torch.zeros(12)), "(element, 3)")


def test_measurements_that_lost_their_phase() -> None:
    refused(InputError, lambda: replace(seen(), measurements=torch.ones(2, 6, 5)), "complex measurements", "float32")


@pytest.mark.parametrize("name", ["measurements", "codes", "channel", "elements"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers(name: str, value: float) -> None:
    tensor = getattr(seen(), name).clone()
    tensor.view(-1)[3] = value
    refused(InputError, lambda: replace(seen(), **{name: tensor}), f"finite {name}", f"1 of {tensor.numel()} values")


def test_infinities_that_cancel_are_found() -> None:
    measured = seen().measurements.clone()
    measured.view(-1)[0], measured.view(-1)[1] = math.inf, -math.inf
    refused(InputError, lambda: replace(seen(), measurements=measured), "2 of 60 values")


def test_an_observation_of_another_kind() -> None:
    refused(InputError, lambda: replace(seen(), wavelength=0.0), "a positive wavelength")
    refused(InputError, lambda: replace(seen(), wavelength=math.nan), "a positive wavelength")
    refused(InputError, lambda: replace(seen(), symbols="qam"), "'random', 'pilot' or 'known'")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("position", "part"),
    [
        ((0.1, 0.1, 0.0), "a positive distance"),
        ((0.1, 0.1, -2.0), "a positive distance"),
        ((0.1, 0.1, math.nan), "a positive distance"),
        ((math.pi / 2, 0.1, 3.0), "the panel looks along +x"),
        ((3.0, 0.1, 3.0), "a direction behind the panel"),
        ((-45.0, 0.1, 3.0), "degrees passed as radians"),
        ((math.nan, 0.1, 3.0), "an azimuth inside"),
        ((0.1, 2.0, 3.0), "an elevation inside"),
        ((0.1, math.nan, 3.0), "an elevation inside"),
    ],
)
def test_a_position_the_panel_cannot_see(position: tuple[float, float, float], part: str) -> None:
    positions = torch.tensor([[(0.2, 0.1, 3.0), position]], dtype=torch.float64)
    refused(InputError, lambda: check_positions(positions), part, f"{position[0]:.6g} rad")
    array = Panel(horizontal=2, vertical=2, spacing=0.1).array(0.2)
    refused(InputError, lambda: steering(positions, array), part)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"distance": (0.0, 5.0)}, "a positive, finite distance"),
        ({"distance": -1.0}, "a positive, finite distance"),
        ({"azimuth_deg": (-30.0, 91.0)}, "a direction behind the panel"),
        ({"azimuth_deg": 180.0}, "a direction behind the panel"),
        ({"sources": 8}, "not identifiable from 2 snapshots of 3 antennas"),
        ({"sources": (1, 12)}, "lower sources, or raise snapshots or antennas"),
    ],
)
def test_a_scenario_that_cannot_be(change: dict[str, Any], part: str) -> None:
    refused(
        ConfigurationError, lambda: preset("random", **({"snapshots": 2, "antennas": 3, "sources": 1} | change)), part
    )


def test_unknown_names() -> None:
    refused(ConfigurationError, lambda: preset("hrad"), "did you mean 'hard'")
    refused(ConfigurationError, lambda: preset("hard", distnace=3.0), "did you mean 'distance'")


def test_more_sources_than_identifiable() -> None:
    observation = seen()
    most = observation.most_sources
    estimator = Sml(region=SearchRegion())
    refused(InputError, lambda: estimator(observation, most + 1), f"between 1 and {most} sources", "lower sources")
    refused(InputError, lambda: estimator(observation, 0), "a count left at zero")
    refused(InputError, lambda: estimator(observation, torch.tensor([1])), "one number of sources per scene")


@pytest.mark.parametrize(
    "region",
    [
        {"azimuth": (-60.0, 60.0)},
        {"azimuth": (-4.0, 0.5)},
        {"elevation": (0.5, -0.5)},
        {"distance": (0.0, 5.0)},
        {"distance": (-1.0, 5.0)},
        {"distance": (1.0, math.inf)},
        {"distance": (math.nan, 5.0)},
    ],
)
def test_a_region_that_cannot_be(region: dict[str, tuple[float, float]]) -> None:
    refused(InputError, lambda: SearchRegion(**region), "pass radians and metres")


def test_a_panel_that_cannot_be() -> None:
    refused(InputError, lambda: Panel(horizontal=0, vertical=2, spacing=0.1), "at least 1 x 1 elements")
    refused(InputError, lambda: Panel(horizontal=2, vertical=2, spacing=-0.1), "a positive spacing")


@pytest.mark.parametrize("sources", [1.5, "2", True, None, [1, None], torch.tensor([1.0, 1.0]), np.ones(2)])
def test_a_number_of_sources_that_is_no_whole_number(sources: object) -> None:
    refused(InputError, lambda: asked_sources(seen(), sources, 3), "a whole number of sources")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("sources", [2, np.int64(2), [2, 2], np.array([2, 2]), torch.tensor([2, 2])])
def test_whole_numbers_of_any_kind_are_numbers_of_sources(sources: Any) -> None:
    assert asked_sources(seen(), sources, 3).tolist() == [2, 2]


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_codes_of_zeros(symbols: Literal["random", "pilot"]) -> None:
    kept = torch.tensor([1.0, 0.0])[:, None, None]
    wrong = replace(seen(), codes=seen().codes * kept, symbols=symbols)
    refused(InputError, lambda: (Sml() if symbols == "random" else PilotMl())(wrong, 1), "codes with", "1 of 2 scenes")


def test_codes_and_channel_that_let_nothing_through() -> None:
    first = (torch.arange(12) < 6).double()
    wrong = replace(seen(), codes=seen().codes * first, channel=seen().channel * (1 - first))
    refused(InputError, lambda: Sml()(wrong, 1), "codes times channel", "2 of 2")


def test_arrays_of_any_stride_and_byte_order_are_taken() -> None:
    given = seen()
    arrays = {name: getattr(given, name).numpy() for name in ("measurements", "codes", "channel")}
    backwards = {name: x[..., ::-1].copy()[..., ::-1] for name, x in arrays.items()}
    swapped = {name: x.astype(x.dtype.newbyteorder(">")) for name, x in arrays.items()}
    elements = given.elements.numpy()[:, ::-1].copy()[:, ::-1]
    for other in (backwards, swapped):
        got = Observation(**other, elements=elements, wavelength=given.wavelength, symbols="random")
        assert all(torch.equal(getattr(got, name), getattr(given, name)) for name in (*arrays, "elements"))


def test_ragged_lists() -> None:
    refused(
        InputError, lambda: replace(seen(), codes=[[[1j], [1j, 1j]]]), "nested lists of numbers", "different lengths"
    )
