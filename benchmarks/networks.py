"""How do networks compare? Loss, NMSE of R_pred, and time and success of one scene after the other, on the same scenes.

Loss: 512 scenes of the training's kind. NMSE: 384 scenes, random symbols, K = 1..3, 5-20 dB, distance uniform in its
inverse and uniform. Success: 96 scenes of five pilots at 5 dB and of five random sources at 10 dB. One scene: median of
24, K = 3 at 10 dB, with the search beside it. None was trained on. `--fit` prints what the fit adds to one scene.

    python benchmarks/networks.py src/ris_pytorch_pipeline/localise/reference.safetensors [another.safetensors ...]
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import torch

from ris_pytorch_pipeline.bench import score, trial_of
from ris_pytorch_pipeline.data import SceneSource
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.losses import HybridLoss, measure_prediction
from ris_pytorch_pipeline.nets import Network
from ris_pytorch_pipeline.physics import Observation, draw, preset
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import load_network


def source(kinds: tuple[str, ...], scenes: int, seed: int, **changes: object) -> SceneSource:
    """Scenes of the training's kind with some fields of the scenario replaced."""
    scenario = replace(training_preset("reference").scenario, **changes)
    return SceneSource(scenario=scenario, split="test", seed=seed, scenes=scenes, batch=64, kinds=kinds)  # pyright: ignore[reportArgumentType]


@torch.no_grad()
def loss(net: Network) -> float:
    """Mean over the scenes of both kinds."""
    criterion = HybridLoss(training_preset("reference").loss)
    batches = list(source(("random", "pilot"), 512, 5))
    return sum(float(criterion(net(inputs), inputs, labels).total) for inputs, labels in batches) / len(batches)


@torch.no_grad()
def nmse(net: Network, law: str) -> float:
    """Mean over the scenes."""
    batches = source(("random",), 384, 9, sources=(1, 3), snr_db=(5.0, 20.0), distance_law=law)
    return float(torch.cat([measure_prediction(net(inputs), labels).nmse for inputs, labels in batches]).mean())


def success(net: Network, kind: str, snr_db: float) -> float:
    """Share of scenes with all of five sources within 3°."""
    trial = trial_of(preset(kind, distance_law="inverse", sources=5, snr_db=snr_db), 96, 0)
    found = Localiser(net)(trial.scenes.observation, 5)
    return float(score(trial.scenes.truth, trial.bound, found).success.double().mean())


def alone(locate: Callable[[Observation, int], Estimate], kind: str) -> float:
    """Milliseconds of processor time for one scene."""
    observation = draw(
        preset(kind, sources=3, snr_db=10.0, distance_law="inverse"), 24, stream(3, "networks")
    ).observation
    locate(observation[:1], 3)
    times = []
    for number in range(24):
        start = time.process_time()
        locate(observation[number : number + 1], 3)
        times.append(1e3 * (time.process_time() - start))
    return median(times)


def fitted(path: Path) -> None:
    """Print what the fit, the default of the search, costs one scene."""
    net = load_network(path).net
    for kind, search in (("random", Sml), ("pilot", PilotMl)):
        plain, whole = alone(search(fit=False), kind), alone(search(), kind)
        few, all_of_it = alone(Localiser(net), kind), alone(Localiser(net, fit=True), kind)
        print(
            f"{kind}, one scene: search {plain:.0f} ms, with its fit {whole:.0f}, {whole / plain:.2f} times; network "
            f"{few:.0f} ms, with a fit {all_of_it:.0f}, {all_of_it / few:.2f} times",
            flush=True,
        )


def main() -> None:
    """Print a line for each network, and one for the search."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", type=Path, nargs="+")
    parser.add_argument(
        "--fit", action="store_true", help="one scene of network and search with their fit, and no more"
    )
    torch.set_num_threads(1)
    given = parser.parse_args()
    for path in given.networks:
        if given.fit:
            fitted(path)
            continue
        net = load_network(path).net
        print(
            f"{path.name}: {sum(p.numel() for p in net.parameters())} weights, loss {loss(net):.4f}, NMSE "
            f"{nmse(net, 'inverse'):.4f} (uniform distance {nmse(net, 'uniform'):.4f}), success of five pilots at 5 dB "
            f"{success(net, 'pilot', 5.0):.3f}, of five random at 10 dB {success(net, 'random', 10.0):.3f}; one scene "
            f"{alone(Localiser(net), 'random'):.0f} ms random, {alone(Localiser(net), 'pilot'):.0f} ms pilot",
            flush=True,
        )
    if given.fit:
        return
    print(f"search, one scene: {alone(Sml(fit=False), 'random'):.0f} ms random, "
          f"{alone(PilotMl(fit=False), 'pilot'):.0f} ms pilot")  # fmt: skip


if __name__ == "__main__":
    main()
