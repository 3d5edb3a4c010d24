"""Does a network learn as much from beams by transforms as from exact ones? Two trainings of one budget for each seed.

The preset `tiny` with ten epochs on a panel of 20 x 20 at 28 GHz, whose sources are 0.3 m to 15 m away: three foci keep
96 % of the energy in the nearest plane. With `--nearest 0.12` they are eight and keep 90 %, much as on 64 x 64 from 1 m
on. Both kinds see the same scenes in the same order and begin with the same weights. Each network is then judged on the
same scenes that none was trained on. A third row gives the network of exact beams beams by transforms in their place,
without any training. A run that is whole is not trained again, and one that was interrupted goes on.

NMSE is that of R_pred. Found is the share of sources within 3° and success all of a scene, by the K likeliest
candidates; the count is the network's own. Located is success and GOSPA what `Localiser` does with the proposals,
before and after the polish: K known for success, estimated for GOSPA, which is in degrees with a cut-off of 5°.
Intervals are 95 %, by bootstrap over scenes. The last rows are differences, scene by scene, means over the seeds.

    python benchmarks/beams_learned.py runs/beams --seeds 0 1 --scenes 400
    python benchmarks/beams_learned.py runs/near --nearest 0.12 --scenes 400
"""

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench.gospa import direction_gospa
from ris_pytorch_pipeline.bench.interval import bootstrap_mean
from ris_pytorch_pipeline.bench.score import TOLERANCE
from ris_pytorch_pipeline.data import labels_from
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.experiment import TrainingExperiment, training_preset
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.losses import measure_prediction
from ris_pytorch_pipeline.matching import great_circle, match
from ris_pytorch_pipeline.nets import HybridNet
from ris_pytorch_pipeline.physics import Scenes, draw
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import Reporter, Trainer, load_network

PANEL = {"horizontal": 20, "vertical": 20, "wavelength": 0.0107068735}
FARTHEST = 15.0
"""Metres."""
MEASURES = ("NMSE", "found", "success", "count right", "located", "GOSPA", "GOSPA polished")
ROWS = ("exact", "fft", "exact, read by fft")
Judged = dict[str, Tensor]


def scenario_of(given: argparse.Namespace) -> dict[str, Any]:
    """The panel, and how near its sources are."""
    return PANEL | {"distance": [given.nearest, FARTHEST]}


def experiment_of(beams: str, seed: int, given: argparse.Namespace) -> TrainingExperiment:
    """The training of a kind of beams."""
    plan = {"epochs": given.epochs, "n_train": given.n_train, "n_val": given.n_val}
    return training_preset(
        "tiny", {"scenario": scenario_of(given), "seed": seed, "net": {"beams": beams}, "plan": plan}
    )


def trained(beams: str, seed: int, given: argparse.Namespace) -> HybridNet:
    """The network of a run, trained to its end first.

    Raises:
        InputError: the folder holds a run of another configuration.
    """
    folder, experiment = given.runs / f"{beams}-{seed}", experiment_of(beams, seed, given)
    last = folder / "last.safetensors"
    if not last.exists() or load_network(last).header.progress["epoch"] < experiment.plan.epochs:
        Trainer(experiment, directory=folder, reporter=Reporter(quiet=True)).fit(resume=last.exists())
    found = load_network(last)
    if found.experiment != experiment:
        raise InputError(
            "a run of this training", f"{folder} with another one", "options or a version that changed since",
            "name another folder",
        )  # fmt: skip
    assert isinstance(found.net, HybridNet)
    return found.net


def read_by_fft(net: HybridNet) -> HybridNet:
    """The same weights behind other beams."""
    other = HybridNet(replace(net.config, beams="fft"))
    other.load_state_dict(net.state_dict())
    return other.eval()


@torch.no_grad()
def judged(net: HybridNet, scenes: Scenes) -> Judged:
    """The measures of each scene; the share found over its sources."""
    seen, truth, present = scenes.observation, scenes.truth, scenes.truth.present
    measured = measure_prediction(Localiser(net).predict(seen), labels_from(truth, seen))
    near = (measured.angle < TOLERANCE) & present
    values: Judged = {
        "NMSE": measured.nmse,
        "found": near.sum(-1) / present.sum(-1),
        "success": (near | ~present).all(-1),
        "count right": measured.order,
    }
    for polish, name in ((0, "GOSPA"), (10, "GOSPA polished")):
        found = Localiser(net, polish=polish)(seen).positions
        values[name] = direction_gospa(truth.positions, found).value.rad2deg()
    places = Localiser(net)(seen, truth.sources).positions
    apart = great_circle(truth.positions[:, :, None], places[:, None])
    values["located"] = ((match(apart, present, places[..., 0].isfinite(), TOLERANCE) >= 0) | ~present).all(-1)
    return {name: values[name].double() for name in MEASURES}


def row(name: str, seed: str, values: Judged) -> str:
    """Means over the scenes, with intervals."""
    cells = [name, seed, str(len(values["NMSE"]))]
    for measure in MEASURES:
        mean = bootstrap_mean(values[measure], torch.Generator().manual_seed(0))
        spread = "" if math.isnan(mean.low) else f" [{mean.low:.3f}, {mean.high:.3f}]"
        cells.append(f"{mean.value:.3f}{spread}")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Train, judge, and print a row for each network and each difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the training's scenes")
    parser.add_argument("--scenes", type=int, default=400, help="that each network is judged on")
    parser.add_argument("--nearest", type=float, default=0.3, help="metres")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--n-train", type=int, default=2048, help="scenes of an epoch")
    parser.add_argument("--n-val", type=int, default=256)
    given = parser.parse_args()
    torch.set_num_threads(1)
    scenes = draw(
        training_preset("tiny", {"scenario": scenario_of(given)}).scenario, given.scenes, stream(81, "beams learned")
    )
    print("| beams | seed | n | " + " | ".join(MEASURES) + " |\n" + "|---" * (3 + len(MEASURES)) + "|")
    apart: dict[str, list[Judged]] = {name: [] for name in ROWS[1:]}
    for seed in given.seeds:
        exact, transformed = (trained(beams, seed, given) for beams in ROWS[:2])
        nets = dict(zip(ROWS, (exact, transformed, read_by_fft(exact)), strict=True))
        found = {name: judged(net, scenes) for name, net in nets.items()}
        for name, values in found.items():
            print(row(name, str(seed), values), flush=True)
            if name in apart:
                apart[name].append({each: values[each] - found["exact"][each] for each in MEASURES})
    for name, each in apart.items():
        whole = {measure: torch.stack([one[measure] for one in each]).mean(0) for measure in MEASURES}
        print(row(f"{name}, less exact", "all", whole), flush=True)


if __name__ == "__main__":
    main()
