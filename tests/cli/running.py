"""What a user sees of a command, and scenes that are located fast."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ris_pytorch_pipeline.calibrate import Calibration
from ris_pytorch_pipeline.data import save_scenes
from ris_pytorch_pipeline.physics import Observation, Panel, Points, complex_normal, direct, measure, steering
from ris_pytorch_pipeline.rng import stream


@dataclass(frozen=True)
class Outcome:
    """What a user sees of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def refused(self, *parts: str) -> None:
        """Exit code 2, one message of four parts with these texts in it, and nothing on stdout."""
        assert self.code == 2, self
        assert not self.out
        assert self.err.startswith("ris: wanted ")
        assert "Traceback" not in self.err
        for part in ("; got ", ". Likely cause: ", ". Next: ", *parts):
            assert part in self.err, self.err


Run = Callable[..., Outcome]

SMALL = (
    "--horizontal", "6", "--vertical", "6", "--antennas", "8", "--snapshots", "8", "--sources", "1", "--snr-db", "20",
)  # fmt: skip
"""A scenario that is located fast."""
SMALL_TOML = """
[scenario]
horizontal = 6
vertical = 6
antennas = 8
snapshots = 8
sources = 1
snr_db = 20
"""
"""The same in a file."""

NETWORK = """
preset = "tiny"
[scenario]
horizontal = 6
vertical = 6
antennas = 8
snapshots = 8
sources = [1, 2]
snr_db = [10.0, 20.0]
[net]
width = 8
blocks = 1
passes = 1
[plan]
epochs = 1
n_train = 32
n_val = 16
batch = 16
"""
"""A configuration of a training of two updates on a small panel."""


def around_file(path: Path) -> None:
    """Random symbols of a source at azimuth 150°, elevation 20°, 3 m, seen by forty antennas in a cube."""
    generator = stream(3, "around")
    array = Points(torch.rand(40, 3, generator=generator).double() - 0.5, 0.3)
    position = torch.tensor([[math.radians(150), math.radians(20), 3.0]], dtype=torch.float64)
    sounding = direct(array, 1, 16)
    clean = measure(
        steering(position, array)[None], complex_normal((1, 16, 1), generator), sounding.codes, sounding.channel
    )
    seen = Observation(
        measurements=clean + 0.05 * complex_normal((1, 16, 40), generator), array=array,
        codes=sounding.codes, channel=sounding.channel, symbols="random",
    )  # fmt: skip
    save_scenes(path, seen, note="a cube")


def hardware() -> Calibration:
    """A panel whose elements turn phases by half a radian, and antennas of unequal gains."""
    generator = stream(0, "hardware")
    phases, gains = (torch.randn(n, generator=generator, dtype=torch.float64) for n in (36, 8))
    nominal = Calibration.nominal(Panel(horizontal=6, vertical=6, spacing=0.15).array(0.3), antennas=8)
    elements, antennas = torch.polar(torch.ones(36).double(), 0.5 * phases), (1 + 0.2 * gains).to(torch.complex128)
    return Calibration(**{**vars(nominal), "elements": elements[None], "antennas": antennas[None]})
