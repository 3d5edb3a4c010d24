"""Does a calibration on the workers of a cluster come to the bytes of one process?"""

from pathlib import Path

import pytest
from running import SMALL, Run

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("quick_workers"),
]


@pytest.fixture
def scenes(ris: Run) -> str:
    """Scenes of one source each, more than a worker locates at a time."""
    options = (*SMALL[:-2], "--snr-db", "20", "--preset", "pilot", "--scenes", "36", "--seed", "3")
    assert ris("simulate", "learn", *options).code == 0
    return "learn"


@pytest.mark.parametrize("how", [("--folds", "3"), ("--blind", "--sources", "1")])
def test_bytes_are_those_of_one_process(ris: Run, scenes: str, how: tuple[str, ...]) -> None:
    for name, workers in {"none": (), "two": ("--cluster", "2")}.items():
        done = ris("calibrate", scenes, name, *how, *workers)
        assert done.code == 0, done.err
    assert Path("two").read_bytes() == Path("none").read_bytes()


def test_a_place_without_workers_is_refused_before_anything_is_read(ris: Run) -> None:
    ris("calibrate", "missing", "out", "--cluster", "0").refused("--cluster N")
