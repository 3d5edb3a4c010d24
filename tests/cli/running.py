"""What a user sees of a command, and a scenario that is located fast."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
