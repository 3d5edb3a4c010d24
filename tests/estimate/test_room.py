"""Is a scene that fits in no memory refused before it is allocated, with its number and the likely unit?"""

import pytest
import torch

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Sml, search_grid
from ris_pytorch_pipeline.estimate.ml import room
from ris_pytorch_pipeline.estimate.ml.scanning.steered import grid_steering, steering_bytes
from ris_pytorch_pipeline.physics import Observation, Panel, complex_normal
from ris_pytorch_pipeline.rng import stream

GIGABYTE = 10**9


def seen(spacing: float, antennas: int = 16) -> Observation:
    generator = stream(0, "room")
    codes, channel = (complex_normal((1, n, 144), generator) for n in (16, antennas))
    return Observation(
        measurements=complex_normal((1, 16, antennas), generator), codes=codes, channel=channel,
        elements=Panel(horizontal=12, vertical=12, spacing=spacing).elements(), wavelength=0.3, symbols="random",
    )  # fmt: skip


@pytest.mark.parametrize("sources", [1, None])
def test_elements_in_half_wavelengths_are_refused_by_their_unit(sources: int | None) -> None:
    with pytest.raises(InputError, match=r"at most 8\.59 GB each; got 1\d\.\d GB.*3\.33 wavelengths apart.*metres"):
        Sml()(seen(1.0), sources)


def test_what_is_not_free_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda device: GIGABYTE)
    array = seen(0.15).array
    room.check_room(array, int(0.89 * GIGABYTE), 8 * GIGABYTE)
    with pytest.raises(InputError, match=r"at most 0\.9 GB each; got 0\.95 GB.*a large array over a wide field"):
        room.check_room(array, int(0.95 * GIGABYTE), 8 * GIGABYTE)


def test_where_nobody_knows_what_is_free_the_estimator_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda device: None)
    room.check_room(seen(0.15).array, 7 * GIGABYTE, 8 * GIGABYTE)
    with pytest.raises(InputError, match=r"at most 8 GB each; got 9 GB"):
        room.check_room(seen(0.15).array, 9 * GIGABYTE, 8 * GIGABYTE)


def test_what_the_steering_of_a_grid_takes() -> None:
    array = seen(0.15).array.to(dtype=torch.float32)
    grid = search_grid(Sml().region, array)
    steering = grid_steering(array, grid)
    held = steering.images * sum(tile.nbytes for tile in steering.tiles)
    assert steering_bytes(array, grid) / 2 < held <= 1.1 * steering_bytes(array, grid)


@pytest.mark.parametrize(
    ("spacing", "cause"),
    [(0.15, "a large array over a wide field of view: 40000 elements"), (0.6, "2 wavelengths apart")],
)
def test_a_grid_too_large_names_the_size_or_the_unit(spacing: float, cause: str) -> None:
    array = Panel(horizontal=200, vertical=200, spacing=spacing).array(0.3)
    with pytest.raises(InputError, match=f"2e\\+07 points.*{cause}"):
        search_grid(Sml().region, array)
