"""How fast this checkout is against another one: the same scenes by turns in two processes, one thread each.

CPU time is compared, because other work on the machine disturbs it least; the ratio is what to quote. A case is timed
as often as asked for, in pairs; the ratio is the median over pairs, and its 95 % interval that of the median. Where
the search is exact on both sides, the answers agree: `same` counts scenes whose directions all agree within 0.06°,
`right` those in which each side finds every true direction within 3°.

    git worktree add ../older 5083eca && python benchmarks/against_checkout.py ../older [--pairs 7] [--only sml]
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve()
CASES = {
    "sml K=1, batch 32": ("sml", "random", 1, 32),
    "sml K=3, batch 32": ("sml", "random", 3, 32),
    "sml K=5, batch 32": ("sml", "random", 5, 32),
    "sml K unknown, batch 32": ("sml", "random", 0, 32),
    "sml K=3, one scene": ("sml", "random", 3, 1),
    "pilot K=1, batch 32": ("pilot", "pilot", 1, 32),
    "pilot K=3, batch 32": ("pilot", "pilot", 3, 32),
    "pilot K=5, batch 32": ("pilot", "pilot", 5, 32),
    "pilot K unknown, batch 32": ("pilot", "pilot", 0, 32),
    "pilot K=5, one scene": ("pilot", "pilot", 5, 1),
    "seed K=3, batch 32": ("sml", "seed", 3, 32),
    "hard K=3, batch 32": ("sml", "hard", 3, 32),
    "seed pilots K=3, batch 32": ("pilot", "seed", 3, 32),
    "sub6 K=1, batch 8": ("sml", "sub6", 1, 8),
    "mmwave K=1, one scene": ("sml", "mmwave", 1, 1),
    "polish K=3, batch 32": ("polish", "random", 3, 32),
    "polish K=3, one scene": ("polish", "random", 3, 1),
    "localiser K=3, batch 32": ("localiser", "random", 3, 32),
    "localiser K=3, one scene": ("localiser", "random", 3, 1),
    "reference random K=3, one scene": ("reference", "random", 3, 1),
    "reference pilot K=3, one scene": ("reference", "pilot", 3, 1),
    "reference random K=3, batch 64": ("reference", "random", 3, 64),
    "reference random K=5, batch 64": ("reference", "random", 5, 64),
    "music 12 x 12, 19513 points": ("music", "144 x 19513", 2, 16),
    "music line of 15, 481 x 85": ("music", "15 x 40885", 2, 16),
    "bound random K=3, 64 scenes": ("bound", "random", 3, 64),
    "bound random K=3, one scene": ("bound", "random", 3, 1),
    "network, search: random K=3, 512 scenes": ("reference/sml", "random", 3, 512),
    "network, search: pilot K=5, 512 scenes": ("reference/pilot", "pilot", 5, 512),
}
"""What is timed: (contender, preset, sources or 0 for unknown, scenes); reference needs a checkout with a network, and
a pair is this checkout's contender and the other's. Of music elements and points are given, and vectors are cached."""
SAME, RIGHT = 1e-3, math.radians(3)
"""Radians in both angles within which two answers are the same, and within which a source is found."""


class Known(NamedTuple):
    """What stands for an answer where a computation finds no places."""

    positions: Any


def prepared(contender: str, name: str, sources: int, count: int, *, plain: bool) -> tuple[Callable[[], Any], Any]:
    """The call to be timed, and the true positions; `plain` leaves the fit out where a checkout has one."""
    import torch

    if contender == "music":
        elements, points = map(int, name.split(" x "))
        return spectrum(elements, points, sources, count)

    from ris_pytorch_pipeline.estimate import PilotMl, Sml
    from ris_pytorch_pipeline.physics import draw, preset
    from ris_pytorch_pipeline.rng import stream

    scenes = draw(preset(name, sources=sources or (1, 3), snr_db=10.0), count, stream(3, "against", sources))
    seen, truth = scenes.observation, scenes.truth.positions
    build = PilotMl if contender == "pilot" else Sml
    estimator = build(fit=False) if plain and "fit" in build.__dataclass_fields__ else build()
    if contender == "bound":
        from ris_pytorch_pipeline.bounds import scene_bound

        return (lambda: (scene_bound(scenes), Known(truth))[1]), truth
    if contender == "reference":
        from ris_pytorch_pipeline.localise import Localiser

        network = Localiser.reference(domain=None)
        return (lambda: network(seen, sources)), truth
    if contender == "localiser":
        from ris_pytorch_pipeline.localise import Localiser
        from ris_pytorch_pipeline.nets import NET_PRESETS, HybridNet

        torch.manual_seed(0)
        net = HybridNet(NET_PRESETS["tiny"]).eval()
        return (lambda: Localiser(net)(seen, sources)), truth
    if contender == "polish":
        start = scenes.truth.positions.clone()
        start[..., :2] += 0.02
        return (lambda: estimator.refine(seen, start, 5)), truth
    return (lambda: estimator(seen, sources or None)), truth


def spectrum(elements: int, points: int, sources: int, count: int) -> tuple[Callable[[], Any], Any]:
    """MUSIC of so many covariances at so many vectors of random phases, and no places."""
    import torch

    from ris_pytorch_pipeline.covariance import music, signal_subspace

    phases = 2 * math.pi * torch.rand(points, elements, generator=torch.manual_seed(0), dtype=torch.float64)
    vectors = torch.polar(torch.ones_like(phases), phases)
    some = vectors[: sources * count].unflatten(0, (count, sources)).mT
    covariances, none = some @ some.mH + 0.01 * torch.eye(elements), torch.full((count, sources, 3), torch.nan)
    return (lambda: (music(signal_subspace(covariances, sources), vectors), Known(none))[1]), none


def work(*, plain: bool, other: bool) -> None:
    """Answer case names from the standard input with CPU seconds and directions, found and true, until it ends."""
    import torch

    torch.set_num_threads(1)
    ready: dict[str, tuple[Callable[[], Any], Any]] = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in ready:
            contender, kind, sources, count = CASES[name]
            ready[name] = prepared(contender.split("/")[-1 if other else 0], kind, sources, count, plain=plain)
            ready[name][0]()  # warm up
        locate, truth = ready[name]
        start = time.process_time()
        found = locate()
        seconds = time.process_time() - start
        told = {"seconds": seconds, "directions": directions(found.positions), "truth": directions(truth)}
        print(json.dumps(told), flush=True)


def directions(positions: Any) -> list[list[list[float]]]:  # noqa: ANN401
    """Both angles of the sources of each scene; empty slots are left out."""
    return [[p[:2] for p in scene if p[0] == p[0]] for scene in positions.tolist()]


@contextmanager
def worker(checkout: Path, *options: str) -> Iterator[Callable[[str], dict[str, Any]]]:
    """A process of another checkout that times one case at a time."""
    paths = os.pathsep.join(str(checkout / source) for source in ("src", "trainlint/src"))
    process = subprocess.Popen(
        [sys.executable, str(HERE), "--work", *options],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    source, sink = process.stdout, process.stdin

    def ask(case: str) -> dict[str, Any]:
        sink.write(case + "\n")
        sink.flush()
        return json.loads(source.readline())

    try:
        yield ask
    finally:
        sink.close()
        process.wait()


def median_interval(values: list[float]) -> tuple[float, float, float]:
    """The median and the order statistics around it that hold it with 95 % or more; all of them for fewer than six."""
    ranked, n = sorted(values), len(values)
    tail, low = 0.0, -1
    while tail <= 0.025 and low < n:
        low += 1
        tail += math.comb(n, low) / 2**n
    low = max(low - 1, 0)
    middle = (ranked[(n - 1) // 2] + ranked[n // 2]) / 2
    return middle, ranked[low], ranked[n - 1 - low]


def agreement(ours: list[Any], theirs: list[Any], within: float = SAME) -> int:
    """Scenes with as many sources, each of which has a counterpart within so many radians in both angles."""

    def near(p: list[float], q: list[float]) -> bool:
        return all(abs(a - b) < within for a, b in zip(p, q, strict=True))

    pairs = list(zip(ours, theirs, strict=True))
    return sum(len(a) == len(b) and all(any(near(p, q) for q in b) for p in a) for a, b in pairs)


def main() -> None:
    """Print one line a case: scenes a CPU second on both sides, the ratio and its interval."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, nargs="?", help="another checkout of this repository")
    parser.add_argument("--pairs", type=int, default=7, help="timings of each case on each side (default: 7)")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--plain", action="store_true", help="without the fit")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--other", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(plain=arguments.plain, other=arguments.other)
        return
    print("scenes per CPU second, one thread        this    other    ratio  [95 % interval]   same answers   right")
    options = ["--plain"] if arguments.plain else []
    with (
        worker(HERE.parents[1], *options) as ours,
        worker(arguments.checkout.resolve(), "--other", *options) as theirs,
    ):
        for case, (*_, count) in CASES.items():
            if arguments.only not in case:
                continue
            pairs = [(ours(case), theirs(case)) for _ in range(arguments.pairs)]
            ratio, low, high = median_interval([b["seconds"] / a["seconds"] for a, b in pairs])
            this, other = (count / median_interval([p[side]["seconds"] for p in pairs])[0] for side in (0, 1))
            first, second = (each["directions"] for each in pairs[0])
            same = agreement(first, second)
            right = " and ".join(str(agreement(pairs[0][0]["truth"], found, RIGHT)) for found in (first, second))
            print(
                f"{case:38s} {this:7.1f}  {other:7.1f}   {ratio:5.2f}  [{low:.2f}, {high:.2f}] n={arguments.pairs}"
                f"   {same}/{count}   {right}",
                flush=True,
            )


if __name__ == "__main__":
    main()
