"""How fast are scenes drawn, and where does the time go?

python benchmarks/simulate.py --scenes 10000
"""

import argparse
import cProfile
import pstats
import time

import torch

from ris_pytorch_pipeline.physics import PRESETS, Scenario, draw, preset
from ris_pytorch_pipeline.rng import stream


def simulate(scenario: Scenario, scenes: int, chunk: int) -> float:
    """Seconds to draw `scenes` scenes in chunks, single precision."""
    start = time.perf_counter()
    for index, first in enumerate(range(0, scenes, chunk)):
        draw(scenario, min(chunk, scenes - first), stream(0, "benchmark", index), torch.complex64)
    return time.perf_counter() - start


def shares(scenario: Scenario, scenes: int, chunk: int) -> list[tuple[str, float]]:
    """The functions that `draw` calls, with their share of its time, largest first."""
    profile = cProfile.Profile()
    profile.runcall(simulate, scenario, scenes, chunk)
    entries = pstats.Stats(profile).stats  # pyright: ignore[reportAttributeAccessIssue]
    caller = next(key for key in entries if key[2] == "draw")
    whole = entries[caller][3]
    parts = [(key[2], row[4][caller][3] / whole) for key, row in entries.items() if caller in row[4]]
    return sorted([*parts, ("draw itself", entries[caller][2] / whole)], key=lambda part: -part[1])


def main() -> None:
    """Print scenes per second and the shares."""
    parser = argparse.ArgumentParser(description="Draw scenes and say how long it took.")
    parser.add_argument("--preset", default="random", choices=list(PRESETS))
    parser.add_argument("--scenes", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    scenario = preset(options.preset)
    simulate(scenario, options.chunk, options.chunk)  # warm up
    seconds = simulate(scenario, options.scenes, options.chunk)
    print(
        f"{options.scenes} scenes of preset {options.preset} in {seconds:.2f} s: {options.scenes / seconds:.0f}/s "
        f"({options.threads} threads, chunks of {options.chunk}, complex64)"
    )
    for name, share in shares(scenario, options.scenes, options.chunk)[:8]:
        print(f"{share:6.1%}  {name}")


if __name__ == "__main__":
    main()
