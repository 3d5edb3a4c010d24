"""What does `torch.compile` buy for one scene alone, and how long does it compile? The likelihood and the network.

One scene of three random sources at 10 dB, one thread. `evaluation` is the likelihood, its gradient and its curvature
from the Gram products of the scene, `powers` and noise, which the polish asks for again and again; `gram` makes these
products from places as well; `network` is the backbone and the head on the maps of the beams. Each is timed as it is
and compiled, by turns: the median CPU time of a call, the ratio with its 95 % interval, and the seconds of the first
compiled call. It needs a C++ compiler; where there is none, torch says so.

    python benchmarks/compiled.py [--parts evaluation gram network] [--turns 51]
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from against_checkout import median_interval

from ris_pytorch_pipeline.estimate.ml.stochastic import quadratic
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.likelihood import snapshot_gram, stochastic
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.nets import HybridNet
from ris_pytorch_pipeline.physics import chart_at, cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream


def parts() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """What is compiled, and what it is called with."""
    scenes = draw(preset("random", sources=3, snr_db=10.0, distance_law="inverse"), 1, stream(3, "compiled"))
    seen, cosines = scale(scenes.observation).observation, cosines_from_positions(scenes.truth.positions)
    chart = chart_at(cosines, seen.array)
    coordinates = chart.coordinates(cosines)
    gram = snapshot_gram(coordinates, chart, seen, seen.blocks)
    powers, noise = torch.full((1, 3), -5.0, dtype=torch.float64), torch.full((1, 1), -2.3, dtype=torch.float64)

    def whole(coordinates: Any, powers: Any, noise: Any) -> Any:  # noqa: ANN401
        return vars(quadratic(snapshot_gram(coordinates, chart, seen, seen.blocks), powers, noise))

    def evaluation(powers: Any, noise: Any) -> Any:  # noqa: ANN401
        return vars(quadratic(gram, powers, noise))

    net = Localiser.reference().net
    assert isinstance(net, HybridNet)
    maps = torch.randn(1, net.beams.channels, *net.beams.grid.valid.shape, generator=stream(3, "compiled", 1))

    def network(maps: Any) -> Any:  # noqa: ANN401
        return net.head(net.backbone(maps))

    return {
        "evaluation": (evaluation, (powers, noise)),
        "gram": (whole, (coordinates, powers, noise)),
        "network": (network, (maps,)),
    }


@torch.inference_mode()
def row(name: str, call: Callable[..., Any], given: tuple[Any, ...], turns: int) -> str:
    """A line of the table in Markdown."""
    made = torch.compile(call)
    start = time.perf_counter()
    made(*given)
    compiling = time.perf_counter() - start
    for each in (call, made):
        each(*given)
    plain, compiled = [], []
    for _ in range(turns):
        for each, times in ((call, plain), (made, compiled)):
            start = time.process_time()
            each(*given)
            times.append(1e3 * (time.process_time() - start))
    ratio, low, high = median_interval([a / b for a, b in zip(plain, compiled, strict=True)])
    middles = [sorted(times)[turns // 2] for times in (plain, compiled)]
    cells = [name, *(f"{middle:.2f}" for middle in middles), f"{ratio:.2f} [{low:.2f}, {high:.2f}]", f"{compiling:.0f}"]
    return "| " + " | ".join([*cells, str(turns)]) + " |"


def main() -> None:
    """Print a line for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["evaluation", "gram", "network"])
    parser.add_argument("--turns", type=int, default=51)
    given = parser.parse_args()
    torch.set_num_threads(1)
    stochastic._parameters = torch.compiler.disable(stochastic._parameters)  # constants; dynamo cannot trace them
    print("| part | ms as it is | ms compiled | times as fast | s to compile | turns |\n|---|---|---|---|---|---|")
    for name, (call, values) in parts().items():
        if name in given.parts:
            print(row(name, call, values, given.turns), flush=True)


if __name__ == "__main__":
    main()
