"""Is one source of random symbols that moves counted as one, and are two or three that rest taken for one that moves?

For a source whose azimuth moves by some degrees while it is recorded: the orders that `Sml` counts, how many scenes are
converged, and how many of these with more than one source. For two and three sources that rest, all within 12 degrees
of the broadside, 5 to 20 dB, independent or sending one sequence: in how many scenes a moving one is said to explain
more. Usage: python benchmarks/moving_source.py --scenes 500 --seed 7
"""

import argparse
import math
from collections import Counter
from dataclasses import replace

import torch
from kept_rows import keep, row_options

from ris_pytorch_pipeline.estimate import SearchRegion, Sml, Status, search_grid
from ris_pytorch_pipeline.estimate.fit.images.moving import moving_mates
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Observation, Scenes, complex_normal, draw, measure, preset, steering
from ris_pytorch_pipeline.rng import stream

_NEAR = {"azimuth_deg": (-12.0, 12.0), "elevation_deg": (-12.0, 12.0)}
_WAYS = ((4.0, 10.0), (4.0, 20.0), (8.0, 10.0), (8.0, 20.0), (16.0, 10.0), (16.0, 20.0))


def noisy(scenes: Scenes, clean: torch.Tensor, seed: int) -> Observation:
    """The scenes with other noise-free measurements, and noise of the power that they had."""
    noise = complex_normal(tuple(clean.shape), stream(seed, "moving source noise"))
    level = scenes.truth.noise_variance.sqrt()[:, None, None]
    return replace(scenes.observation, measurements=clean + noise * level)


def moved(scenes: Scenes, degrees: float, seed: int) -> Observation:
    """Azimuths that move by so many degrees from the first snapshot to the last."""
    seen, truth = scenes.observation, scenes.truth
    parts = []
    for late, shift in enumerate(torch.linspace(-0.5, 0.5, seen.codes.shape[1]).tolist()):
        at = slice(late, late + 1)
        places = truth.positions + math.radians(degrees) * shift * truth.positions.new_tensor([1.0, 0.0, 0.0])
        parts.append(measure(steering(places, seen.array), truth.symbols[:, at], seen.codes[:, at], seen.channel))
    return noisy(scenes, torch.cat(parts, dim=1), seed)


def coherent(scenes: Scenes, seed: int) -> Observation:
    """Sources that send one sequence, each with a complex factor."""
    seen, truth = scenes.observation, scenes.truth
    factors = complex_normal((len(seen), 1, truth.symbols.shape[-1]), stream(seed, "moving source factors"))
    clean = measure(steering(truth.positions, seen.array), truth.symbols[..., :1] * factors, seen.codes, seen.channel)
    return noisy(scenes, clean, seed)


def moving_row(degrees: float, snr_db: float, count: int, seed: int) -> str:
    """What becomes of scenes with one source that moves."""
    scenes = draw(preset("random", sources=1, snr_db=snr_db), count, stream(seed, f"moving source {degrees} {snr_db}"))
    found = Sml()(moved(scenes, degrees, seed))
    orders = dict(sorted(Counter(found.order.tolist()).items()))
    good = [int(order) for order, status in zip(found.order, found.status, strict=True) if status is Status.CONVERGED]
    return (
        f"moves {degrees:g} degrees, {snr_db:g} dB, n = {count}: orders {orders}, converged {len(good)}, "
        f"of these with more than one source {sum(order > 1 for order in good)}"
    )


def resting_row(sources: int, count: int, seed: int, *, alike: bool) -> str:
    """In how many scenes with sources that rest a moving one is said to explain more."""
    span = preset("random", sources=sources, snr_db=(5.0, 20.0), **_NEAR)
    scenes = draw(span, count, stream(seed, f"resting sources {sources}"))
    seen = coherent(scenes, seed) if alike else scenes.observation
    scaled, estimator, region = scale(seen), Sml(fit=False), SearchRegion()
    found, grid = estimator(seen, sources), search_grid(region, seen.array)
    levels = found.powers * (scaled.channel / scaled.measured)[:, None], found.noise_variance / scaled.measured
    mates = moving_mates(scaled.observation, found.positions, levels, grid, estimator.threshold)
    kind = "coherent" if alike else "independent"
    return f"{sources} {kind} sources at rest, n = {count}: {int(mates.any(-1).sum())} called moving"


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--moving", type=int, default=100, help="scenes of each row with a source that moves")
    row_options(parser, seed=7)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for degrees, snr_db in _WAYS:
        keep(moving_row(degrees, snr_db, given.moving, given.seed), given.out)
    for sources in (2, 3):
        for alike in (False, True):
            keep(resting_row(sources, given.scenes, given.seed, alike=alike), given.out)


if __name__ == "__main__":
    main()
