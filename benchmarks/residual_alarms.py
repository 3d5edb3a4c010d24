"""How often is the residual of a right scene called no white noise? Sources at their true places, or searched.

For each preset the share of scenes with p < 0.01 and p < 0.05, at 0 to 20 dB. `--search` finds the sources first, with
K known. Usage: python benchmarks/residual_alarms.py --scenes 1000 --presets random,pilot,seed,sub6
"""

import argparse

import torch
from torch import Tensor

from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.estimate.fit import groups_of, structure
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Impairments, draw, preset
from ris_pytorch_pipeline.rng import stream

_BLOCK = 50


def p_values(name: str, block: int, count: int, *, search: bool) -> Tensor:
    """p-values of some scenes of a preset without impairments."""
    scenes = draw(preset(name, snr_db=(0.0, 20.0), impairments=Impairments()), count, stream(0, f"null/{name}", block))
    if not search:
        seen = scale(scenes.observation).observation
        return structure(seen, groups_of(seen, scenes.truth.positions)).p_value
    estimator = Sml() if scenes.observation.symbols == "random" else PilotMl()
    found = estimator(scenes.observation, scenes.truth.sources).fit
    assert found is not None
    return found.p_value


def main() -> None:
    """Print a line for each preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--presets", default="random,pilot,seed,sub6")
    parser.add_argument("--search", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.presets.split(","):
        starts = range(0, given.scenes, _BLOCK)
        counts = [min(_BLOCK, given.scenes - start) for start in starts]
        found = torch.cat([p_values(name, b, count, search=given.search) for b, count in enumerate(counts)])
        alarms, doubts = (float((found < level).double().mean()) for level in (0.01, 0.05))
        print(f"{name}, n = {len(found)}: p < 0.01 in {alarms:.4f}, p < 0.05 in {doubts:.4f}", flush=True)


if __name__ == "__main__":
    main()
