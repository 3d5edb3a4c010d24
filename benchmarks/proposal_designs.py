"""Which design proposes sources best on one budget: a heat-map, a set, or the heat-map asked again and again?

Each is trained on the same scenes by the same optimiser: the preset `tiny` (K = 1..3, 5 to 20 dB), random and pilot
batches in turns. Judged on the same scenes, by kind: share of sources with a candidate within 0.04 in (u, w) and 0.1 in
q; the same of the K likeliest candidates alone; success (all within 3°, K known) after the choice among all candidates
and the polish alone, and with the places of the beams and the look behind the polished sources, as the localiser works.
Processor seconds of the training without its judging; another heat-map has about as many as the sequence, and sees more
scenes. `--tune` trains the set with other weights of its loss, judged on scenes of their own.

    python benchmarks/proposal_designs.py --seeds 0 1
    python benchmarks/proposal_designs.py --table results/parts/designs.csv
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from proposals import near
from sequence_network import SequenceLoss
from set_network import SetLoss, SetWeights
from torch import nn
from trained_parts import Row, budget, head, keep, success, training_options

from ris_pytorch_pipeline.experiment import TrainingExperiment, training_preset
from ris_pytorch_pipeline.experiment.training import laid_over
from ris_pytorch_pipeline.localise import Explaining, Localiser
from ris_pytorch_pipeline.nets import Network, Prediction
from ris_pytorch_pipeline.nets.statistics import Statistics
from ris_pytorch_pipeline.physics import Scenes, cosines_from_positions, draw
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import Parts, Reporter, Trainer
from ris_pytorch_pipeline.train.parts import Criterion, hybrid_loss

KINDS = ("random", "pilot")
SHARES = ("near", "likeliest", "alone", "polished")
COLUMNS = ("candidate near", "near, K likeliest", "polished, candidates alone", "polished as located")
HEADS: list[str] = ["design", "symbols", "seed", "weights", "updates", "scenes_seen", "seconds", "judged", *SHARES]


@dataclass(frozen=True, kw_only=True)
class Design:
    """A kind of network, and what of its training is its own.

    Args:
        values: laid over the experiment.
        loss: makes its loss.
        times: scenes and updates, over those of the budget.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    loss: Callable[[TrainingExperiment], Criterion] = hybrid_loss
    times: float = 1.0


def of_sets(head_ratio: float = 1.0, layers: int = 1, **weights: float) -> Design:
    """The set with weights of its own terms, and the rate of its head over the rate."""
    values = {"network": "set", "net": {"layers": layers}, "optimisation": {"head_ratio": head_ratio}}
    return Design(values=values, loss=lambda experiment: SetLoss(experiment.loss, SetWeights(**weights)))


DESIGNS: dict[str, Design] = {
    "heat-map": Design(),
    "set": of_sets(pointing=3.0),
    "sequence": Design(values={"network": "sequence"}, loss=lambda experiment: SequenceLoss(experiment.loss)),
    "heat-map, as long as the sequence": Design(times=2.5),
}
TRIED: dict[str, Design] = {
    "rate of the head x 1": of_sets(),
    "rate of the head x 4, as the heat-map's": of_sets(4.0),
    "pointing x 1": of_sets(pointing=1.0),
    "pointing x 1, presence x 0.3": of_sets(pointing=1.0, presence=0.3),
    "pointing x 1, direction x 3, distance x 5": of_sets(pointing=1.0, direction=3.0, distance=1.0),
    "pointing x 3": of_sets(pointing=3.0),
    "pointing x 1, rate of the head x 4": of_sets(4.0, pointing=1.0),
}


class Unaided(nn.Module):
    """A network whose beams keep the places that they took for sources to themselves.

    Args:
        net: any.
    """

    def __init__(self, net: Network) -> None:
        super().__init__()
        self.net, self.config, self.beams = net, net.config, net.beams

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Those of the network."""
        return self.net.groups()

    def forward(self, inputs: Statistics) -> Prediction:
        """Its answer without the places."""
        return replace(self.net(inputs), places=None)


@torch.no_grad()
def judged(net: Network, scenes: Scenes) -> Row:
    """The four shares."""
    truth, whole = scenes.truth, Localiser(net)
    counts, present = truth.present.sum(-1), truth.present
    seen = whole.predict(scenes.observation)
    true = cosines_from_positions(truth.positions).float()
    number = torch.arange(seen.candidates.shape[1])
    likeliest = seen.candidates.masked_fill((number >= counts[:, None])[..., None], torch.inf)
    alone = Localiser(Unaided(net), estimator=Explaining(looks=0))
    values = [near(true, each)[1][present].double().mean() for each in (seen.candidates, likeliest)]
    for localiser in (alone, whole):
        values.append(success(truth, localiser(scenes.observation, counts).positions).double().mean())
    return {name: round(float(value), 4) for name, value in zip(SHARES, values, strict=True)}


def trained(name: str, design: Design, seed: int, scenes: int, judges: Mapping[str, Scenes]) -> Iterator[Row]:
    """A row of each kind of symbols."""
    experiment = laid_over(replace(budget(seed, round(design.times * scenes)), kinds=KINDS), design.values)
    trainer = Trainer(experiment, reporter=Reporter(quiet=True), parts=Parts(loss=design.loss))
    start = time.process_time()
    progress = trainer.fit()
    seconds = time.process_time() - start
    net: Any = trainer.average.net
    size = sum(weights.numel() for weights in net.parameters())
    row = {"design": name, "seed": seed, "weights": size, "updates": progress.updates, "seconds": round(seconds, 1)}
    row["scenes_seen"] = experiment.plan.n_train * experiment.plan.epochs
    for kind, each in judges.items():
        yield row | {"symbols": kind, "judged": len(each.truth.positions)} | judged(net, each)


def judges_of(label: str, scenes: int) -> dict[str, Scenes]:
    """Scenes of the training's kind by kind of symbols, that none was trained on."""
    scenario = training_preset("tiny").scenario
    return {kind: draw(replace(scenario, symbols=kind), scenes, stream(83, label, i)) for i, kind in enumerate(KINDS)}


def table(path: Path) -> str:
    """The kept rows: one line for each design and kind; mean, least and largest over the seeds."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = head(["design", "symbols", "weights", "seeds", *COLUMNS, "seconds"])
    for name, kind in dict.fromkeys((row["design"], row["symbols"]) for row in rows):
        own = [row for row in rows if (row["design"], row["symbols"]) == (name, kind)]
        cells = [name, kind, f"{int(own[0]['weights']):,}".replace(",", " "), str(len(own))]
        cells += [_spread([float(row[share]) for row in own], 3) for share in SHARES]
        cells.append(_spread([float(row["seconds"]) for row in own], 0))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _spread(values: list[float], digits: int) -> str:
    mean_, low, high = (f"{value:.{digits}f}" for value in (mean(values), min(values), max(values)))
    return f"{mean_} [{low}, {high}]" if len(values) > 1 else mean_


def main() -> None:
    """Train, or print what was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    training_options(parser, Path("runs/designs.csv"))
    parser.add_argument("--judge", type=int, default=256, help="scenes of a kind that each is judged on")
    parser.add_argument("--tune", action="store_true", help="other weights of the set's loss, on scenes of their own")
    parser.add_argument("--only", nargs="+", default=[], help="designs whose name contains one of these")
    given = parser.parse_args()
    if given.table:
        print(table(given.table))
        return
    torch.set_num_threads(1)
    designs, label = (TRIED, "tuning of designs") if given.tune else (DESIGNS, "proposal designs")
    judges = judges_of(label, given.judge)
    for seed in given.seeds:
        for name, design in designs.items():
            if not given.only or any(each in name for each in given.only):
                for row in trained(name, design, seed, given.scenes, judges):
                    keep([row], HEADS, given.out)
                    print(", ".join(f"{name} {row[name]}" for name in HEADS), flush=True)


if __name__ == "__main__":
    main()
