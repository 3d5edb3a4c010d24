"""What memory would one scale of the channel save, for the maps of the network and for its likelihood?

`Localiser` divides the channel by a power of two for the maps, and by its mean amplitude for the likelihood. In the
other way the likelihood takes the channel of the maps as it is. Each way runs in a process of its own, K = 3 at 10 dB,
all scenes in one batch; in a third way a batch has 32, so that the copies are of as many. A row is a way: the most
memory of the process, in all and beyond what it had before it located them, the size of the channel, and the scenes in
which a direction is moved by more than .06° from the first way's.

    python benchmarks/one_scale.py --scenes 256
"""

import argparse
import json
import resource
import subprocess
import sys
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from ris_pytorch_pipeline.data import batch
from ris_pytorch_pipeline.estimate.normalise import Scaled
from ris_pytorch_pipeline.localise import Localiser, explaining
from ris_pytorch_pipeline.physics import Observation, draw, preset
from ris_pytorch_pipeline.physics.scaling import near_unit, nearest_power_of_two
from ris_pytorch_pipeline.rng import stream

WAYS = {"two": "a scale for each", "one": "one scale for both", "few": "a scale for each, 32 scenes at a time"}
FEW = 32
SAME = 1e-3
"""Radians, or cosines."""


class Shared:
    """The channel of the maps, kept for the likelihood."""

    def near_unit(self, observation: Observation) -> Observation:
        """As of the package; the result is kept."""
        self.before, self.even = observation, near_unit(observation)
        return self.even

    def scale(self, _: Observation, __: torch.dtype) -> Scaled:
        """Measurements of unit mean power; codes and channel as the maps have them."""
        codes, channel = (_two(vars(self.before)[name]) for name in ("codes", "channel"))
        y = self.even.measurements
        power = torch.view_as_real(y).square().sum(-1).flatten(1).mean(1)
        scaled = replace(self.even, measurements=y / power.sqrt()[:, None, None])
        return Scaled(scaled, power * _two(self.before.measurements).square(), (codes * channel).square())


def _two(value: Tensor) -> Tensor:
    return nearest_power_of_two(torch.view_as_real(value).abs().flatten(1).amax(1))


def most_memory() -> float:
    """MB that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work(kind: str, scenes: int, way: str) -> dict[str, Any]:
    """What one way takes and finds."""
    torch.set_num_threads(1)
    if way == "one":
        shared = Shared()
        patch.object(batch, "near_unit", shared.near_unit).start()
        patch.object(explaining, "scale", shared.scale).start()
    seen = draw(preset(kind, sources=3, snr_db=10.0), scenes, stream(5, "one scale")).observation
    seen = seen.to(dtype=torch.complex64)
    locate = Localiser.reference(batch=FEW if way == "few" else scenes)
    locate(seen[:8], 3)
    before, found = most_memory(), locate(seen, 3)
    told = {"before": before, "most": most_memory(), "channel": seen.channel.nbytes / 2**20}
    return told | {"directions": found.positions[..., :2].tolist()}


def main() -> None:
    """Print a row a way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=256)
    parser.add_argument("--kinds", nargs="+", default=["random", "pilot"])
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        print(json.dumps(work(given.work[0], given.scenes, given.work[1])))
        return
    print("| symbols | way | most MB | of them more than before | MB of channel | moved |\n|---|---|---|---|---|---|")
    for kind in given.kinds:
        first: Tensor | None = None
        for way, name in WAYS.items():
            asked = [sys.executable, __file__, "--scenes", str(given.scenes), "--work", kind, way]
            told = json.loads(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
            found = torch.tensor(told["directions"])
            first = found if first is None else first
            moved = int(((found - first).abs().flatten(1).amax(1) > SAME).sum())
            sizes = f"{told['most']:.0f} | {told['most'] - told['before']:.0f} | {told['channel']:.1f}"
            print(f"| {kind} | {name} | {sizes} | {moved} of {given.scenes} |", flush=True)


if __name__ == "__main__":
    main()
