"""How fast the maximum-likelihood searches are on one core, against the same algorithm written plainly in NumPy.

Both run in one process on the same scenes; the ratio is what to quote, scenes/s depends on the machine.
Usage: python benchmarks/speed.py [--scenes 64]
"""

import argparse
import cProfile
import pstats
import time

import numpy as np
import plain_numpy
import torch

from ris_pytorch_pipeline.estimate import MaximumLikelihood, PilotMl, SearchRegion, Sml, search_grid
from ris_pytorch_pipeline.physics import Scenes, cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream

PHASES = {"grid scans": "scan", "local refinement": "minimise"}


def plain_scene(scenes: Scenes, index: int) -> plain_numpy.Scene:
    """One scene as NumPy arrays."""
    given = scenes.observation
    grid = search_grid(SearchRegion(), given.array).points()
    return plain_numpy.Scene(
        measurements=given.measurements[index].numpy(),
        codes=given.codes[index].numpy(),
        channel=given.channel[index].numpy(),
        elements=given.elements.numpy(),
        wavelength=given.wavelength,
        grid=grid.numpy(),
    )


def where_time_goes(estimator: MaximumLikelihood, scenes: Scenes, sources: int) -> str:
    """Share of the run in each phase, by profile."""
    profile = cProfile.Profile()
    profile.runcall(estimator, scenes.observation, sources)
    rows = pstats.Stats(profile).get_stats_profile()
    total = rows.total_tt
    spent = {
        phase: rows.func_profiles[name].cumtime if name in rows.func_profiles else 0.0 for phase, name in PHASES.items()
    }
    return ", ".join(f"{phase} {seconds / total:.0%}" for phase, seconds in spent.items())


def compare(name: str, sources: int, count: int, plain_count: int) -> None:
    """Time both implementations on the same scenes and print scenes/s, the ratio and how often they agree."""
    estimator: MaximumLikelihood = Sml() if name == "random" else PilotMl()
    model = plain_numpy.Stochastic if name == "random" else plain_numpy.Pilot
    scenes = draw(preset(name, sources=sources, snr_db=10.0), count, stream(0, "speed", sources))
    estimator(scenes[slice(0, 8)].observation, sources)  # warm up
    start = time.perf_counter()
    found = estimator(scenes.observation, sources)
    ours = count / (time.perf_counter() - start)
    start = time.perf_counter()
    plain = [plain_numpy.locate(model, plain_scene(scenes, i), sources)[0] for i in range(plain_count)]
    theirs = plain_count / (time.perf_counter() - start)
    width = 4 if name == "random" else 3
    same = 0
    for i, x in enumerate(plain):
        cosines = np.asarray(x[: width * sources]).reshape(sources, width)[:, :2]
        mine = cosines_from_positions(found.positions[i])[:, :2].numpy()
        same += int((np.abs(mine[:, None] - cosines[None]).max(-1).min(1) < 1e-3).all())
    print(
        f"{estimator.name:6s} K={sources}: {ours:6.1f} scenes/s, plain NumPy {theirs:5.2f} scenes/s, "
        f"ratio {ours / theirs:5.1f}  (n={count}/{plain_count}; same answer in {same}/{plain_count})\n"
        f"        {where_time_goes(estimator, scenes, sources)}"
    )


def main() -> None:
    """Run the comparison on one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=64)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name, sources in (("random", 1), ("random", 3), ("random", 5), ("pilot", 3), ("pilot", 5)):
        compare(name, sources, arguments.scenes, min(arguments.scenes, max(4, arguments.scenes // 8)))


if __name__ == "__main__":
    main()
