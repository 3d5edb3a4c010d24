"""What the outlined scan of large panels saves and what it costs, scene by scene against every steering vector.

Both search the same scenes by turns in one process on one thread; CPU time is compared. Scenes are those of `mmwave`
on a square panel. `found` counts scenes with all sources within 3°, `same` those in which both ends agree within 0.06°
in all directions, and `better` and `worse` those in which the outlined end has the higher or the lower likelihood.

    python benchmarks/large_panels.py --side 64 --scenes 20 [--sources 1] [--symbols random] [--snr-db 10]
    python benchmarks/large_panels.py --side 32 48 64 --scenes 8 --alone    # outlined alone: how the time grows
    python benchmarks/large_panels.py --side 32 48 64 --scenes 8 --network  # an untrained network: its beams and all
    python benchmarks/large_panels.py --side 32 48 64 --scenes 8 --network --most-planes 3  # fewer planes of distance
    python benchmarks/large_panels.py --side 64 --planes  # which share of its planes a direction needs
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch

from ris_pytorch_pipeline.bench import Matched, matched
from ris_pytorch_pipeline.bench.genie import region_of
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.estimate.grid import search_grid
from ris_pytorch_pipeline.estimate.ml.large import outline
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.physics import Scenario, Scenes, draw, preset, scenario_array
from ris_pytorch_pipeline.rng import stream

NEVER = 10**9
"""More elements than any panel has: nothing is outlined."""
SAME = math.radians(0.06)


def timed(call: Callable[[], Estimate], least: int) -> tuple[float, Estimate]:
    """CPU seconds and the estimate, where panels of so many elements are outlined."""
    outline.LARGE = least
    start = time.process_time()
    found = call()
    return time.process_time() - start, found


def scenario_of(side: int, given: argparse.Namespace) -> Scenario:
    """The scenario of one size."""
    return preset(
        "mmwave", horizontal=side, vertical=side, sources=given.sources, snr_db=given.snr_db, symbols=given.symbols
    )


def scenes_of(side: int, given: argparse.Namespace) -> Scenes:
    """The scenes of one size."""
    return draw(scenario_of(side, given), given.scenes, stream(5, f"large {side}", given.sources))


def growth(given: argparse.Namespace) -> None:
    """Median CPU seconds of a scene alone, and the power of N by which they grow from size to size."""
    estimator, before = estimator_of(given), None
    for side in given.side:
        scenes = scenes_of(side, given).observation
        alone = [scenes[[index]] for index in range(given.scenes)]
        spent = [timed(lambda seen=seen: estimator(seen, given.sources), 1)[0] for seen in alone]
        seconds = statistics.median(spent)
        power = "" if before is None else f", N^{math.log(seconds / before[1]) / math.log((side / before[0]) ** 2):.2f}"
        print(f"{side:3d} x {side}: {seconds:.3f} s a scene{power}  (n={given.scenes})", flush=True)
        before = side, seconds


def network_growth(given: argparse.Namespace) -> None:
    """CPU seconds of an untrained network: once for its beams, and the median of a scene, as proposed and polished.

    The beams alone find these sources; training changes no time.
    """
    for side in given.side:
        scenes, begin = scenes_of(side, given), time.process_time()
        config = replace(NetConfig(), planes=given.most_planes).fitted_to(scenario_of(side, given))
        net = HybridNet(replace(config, beams=given.beams)).eval()
        once = time.process_time() - begin
        spent: dict[str, list[float]] = {"proposed": [], "polished": []}
        ends: list[Estimate] = []
        for index in range(given.scenes):
            seen = scenes.observation[[index]]
            for name, polish in (("proposed", 0), ("polished", 10)):
                begin = time.process_time()
                ends.append(Localiser(net, polish=polish)(seen, given.sources))
                spent[name].append(time.process_time() - begin)
        limits = scene_bound(scenes).deviations
        match = [matched(end, scenes[[i]].truth) for i, end in enumerate(ends[1::2])]
        times = ", ".join(f"{name} {statistics.median(each):.2f} s a scene" for name, each in spent.items())
        print(f"{side:3d} x {side}: beams once {once:.2f} s, {times}, {told(match, limits)}", flush=True)


def planes_needed(given: argparse.Namespace) -> None:
    """Which share of the planes of distance a direction needs, beside straight ahead.

    A distance bends the wave by (q/2) {(1 - u²) x² + (1 - w²) z² - 2 u w x z} over the panel, and planes are as far
    apart as this may spread. Over a square of side D it spreads by D² √{[(1 - u²)² + (1 - w²)²]/180 + u² w²/36} q/2.
    """
    for side in given.side:
        scenario = scenario_of(side, given)
        grid = search_grid(region_of(scenario), scenario_array(scenario))
        squares = grid.directions[grid.valid].square()
        share = (((1 - squares).square().sum(-1) + 5 * squares.prod(-1)) / 2).sqrt()
        print(
            f"{side:3d} x {side}: {grid.q.numel()} planes; of these a direction needs {share.mean():.3f} on average "
            f"and {share.amin():.3f} at least (n={len(share)} directions)"
        )


def estimator_of(given: argparse.Namespace) -> Sml | PilotMl:
    """The estimator for the symbols, which says how well the model explains the measurements unless told not to."""
    return (Sml if given.symbols == "random" else PilotMl)(fit=not given.no_fit)


def compared(side: int, given: argparse.Namespace) -> None:
    """Both scans on the same scenes."""
    scenes, estimator = scenes_of(side, given), estimator_of(given)
    ends: dict[int, list[Estimate]] = {1: [], NEVER: []}
    spent: dict[int, list[float]] = {1: [], NEVER: []}
    for index in range(given.scenes):
        seen = scenes.observation[[index]]
        for least in (1, NEVER) if index % 2 else (NEVER, 1):
            seconds, found = timed(lambda seen=seen: estimator(seen, given.sources), least)
            spent[least].append(seconds)
            ends[least].append(found)
    limits = scene_bound(scenes).deviations
    for least, name in ((NEVER, "every steering vector"), (1, "in outline")):
        match = [matched(end, scenes[[i]].truth) for i, end in enumerate(ends[least])]
        print(f"{name:22s} {statistics.median(spent[least]):7.3f} s a scene, {told(match, limits)}")
    pairs = [a / b for a, b in zip(spent[NEVER], spent[1], strict=True)]
    noise = [float(one.noise_variance / other.noise_variance) for one, other in zip(ends[1], ends[NEVER], strict=True)]
    same = sum(agreed(one, other) for one, other in zip(ends[1], ends[NEVER], strict=True))
    print(
        f"{side} x {side}, {estimator.name}, K={given.sources}: ratio {statistics.median(pairs):.1f} (median of "
        f"{given.scenes} pairs), same {same}/{given.scenes}, less noise left in {sum(x < 1 - 1e-4 for x in noise)}, "
        f"more in {sum(x > 1 + 1e-4 for x in noise)}"
    )


def agreed(one: Estimate, other: Estimate) -> bool:
    """Whether two estimates of a scene have the same directions."""
    gaps = torch.cdist(one.positions[0, :, :2], other.positions[0, :, :2])
    return bool((gaps.amin(1) < SAME).all() and (gaps.amin(0) < SAME).all())


def told(match: list[Matched], limits: torch.Tensor) -> str:
    """Scenes with all sources found, and RMSE over the bound of those that were."""
    right = torch.cat([m.found for m in match])
    error = torch.cat([m.error for m in match])
    ratio = ((error / limits)[right].square().mean(0)).sqrt()
    shown = ", ".join(f"{x:.2f}" for x in ratio.tolist())
    return f"found {int(right.all(1).sum())}/{len(right)}, RMSE/CRB of azimuth, elevation and distance {shown}"


def main() -> None:
    """Compare, or time the outlined scan alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, nargs="+", default=[64])
    parser.add_argument("--sources", type=int, default=1)
    parser.add_argument("--symbols", choices=["random", "pilot"], default="random")
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--planes", action="store_true")
    parser.add_argument("--beams", choices=("exact", "fft"), default="exact", help="of the network")
    parser.add_argument("--most-planes", type=int, default=NetConfig().planes, help="of the network's beams (5)")
    parser.add_argument("--no-fit", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.planes:
        planes_needed(given)
        return
    if given.alone or given.network:
        (growth if given.alone else network_growth)(given)
        return
    for side in given.side:
        compared(side, given)


if __name__ == "__main__":
    main()
