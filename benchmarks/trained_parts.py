"""What is each part of the training worth? Short trainings of equal budgets, in each of which one part is changed.

Terms of the loss left out, passes of the beams, distance planes and rank, over the preset `tiny`. After each epoch the
averaged weights are judged on scenes that none was trained on, of K = 1..3 at 5 to 20 dB: NMSE of R_pred; success (all
sources within 3°, K known) of the likeliest candidates and after the polish; and how often the count is right. Each is
a line of a CSV file, to which the next seed adds its own: a learning curve over the scenes seen. `--table` trains
nothing and prints the kept rows in Markdown, means over the seeds and the least and largest of them.

    python benchmarks/trained_parts.py --out results/parts/trained.csv [--seeds 0 1] [--scenes 2048] [--only loss]
    python benchmarks/trained_parts.py --table results/parts/trained.csv
"""

import argparse
import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench.score import TOLERANCE
from ris_pytorch_pipeline.data import labels_from
from ris_pytorch_pipeline.experiment import TrainingExperiment, training_preset
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.losses import LossWeights, measure_prediction
from ris_pytorch_pipeline.matching import great_circle, match
from ris_pytorch_pipeline.nets import HybridNet
from ris_pytorch_pipeline.physics import Scenes, Truth, draw
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import Reporter, Trainer

Row = dict[str, Any]
EPOCHS = 4
MEASURES = ("nmse", "success", "polished", "order")
HEADS: list[str] = ["part", "value", "seed", "updates", "scenes_seen", "judged", *MEASURES]


def parts(base: TrainingExperiment) -> Iterator[tuple[str, str, TrainingExperiment]]:
    """What is changed, to what, and the training."""
    yield "none", "", base
    for term in LossWeights().active:
        yield "loss without", term, replace(base, loss=replace(base.loss, **{term: 0.0}))
    for name, values in {"passes": (0, 1, 5), "planes": (3, 4, 7), "rank": (5, 14)}.items():
        for value in values:
            yield name, str(value), replace(base, net=replace(base.net, **{name: value}))


def success(truth: Truth, found: Tensor) -> Tensor:
    """(scene,): whether every source is found within 3°."""
    apart = great_circle(truth.positions[:, :, None], found[:, None])
    paired = match(apart, truth.present, found[..., 0].isfinite(), TOLERANCE) >= 0
    return (paired | ~truth.present).all(-1)


@torch.no_grad()
def judged(net: HybridNet, scenes: Scenes) -> Row:
    """The four measures."""
    localiser, truth = Localiser(net), scenes.truth
    seen = measure_prediction(localiser.predict(scenes.observation), labels_from(truth, scenes.observation))
    alone = ((seen.angle < TOLERANCE) | seen.angle.isnan()).all(-1)
    found = localiser(scenes.observation, truth.present.sum(-1)).positions
    values = zip(MEASURES, (seen.nmse, alone, success(truth, found), seen.order), strict=True)
    return {name: round(float(value.double().mean()), 4) for name, value in values}


def trained(part: str, value: str, experiment: TrainingExperiment, scenes: Scenes) -> list[Row]:
    """A row after each epoch."""
    rows: list[Row] = []

    def heard(event: str, values: Mapping[str, Any]) -> None:
        if event == "epoch":
            said = {"part": part, "value": value, "seed": experiment.seed, "updates": values["updates"]}
            said |= {"scenes_seen": experiment.plan.n_train * values["epoch"], "judged": len(scenes.truth.positions)}
            net = trainer.average.net
            assert isinstance(net, HybridNet)
            rows.append(said | judged(net, scenes))

    trainer = Trainer(experiment, reporter=Reporter(quiet=True), listeners=[heard])
    trainer.fit()
    return rows


def budget(seed: int, scenes: int) -> TrainingExperiment:
    """The preset `tiny` with so many scenes, in equal epochs."""
    base = training_preset("tiny")
    plan = replace(base.plan, epochs=EPOCHS, n_train=max(base.plan.batch, scenes // EPOCHS), n_val=base.plan.batch)
    return replace(base, seed=seed, plan=plan, net=replace(base.net, seed=seed))


def keep(rows: list[Row], heads: list[str], out: Path) -> None:
    """Add rows to the file, below its head."""
    out.parent.mkdir(parents=True, exist_ok=True)
    new = not out.exists()
    with out.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, heads, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows(rows)


def table(path: Path) -> str:
    """The kept rows: one line for each part and value at the end, and the learning curve of the unchanged training."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    most = max(int(row["scenes_seen"]) for row in rows)
    last = [row for row in rows if int(row["scenes_seen"]) == most]
    names = dict.fromkeys((row["part"], row["value"]) for row in last)
    lines = [line(f"{p} | {v}", [r for r in last if (r["part"], r["value"]) == (p, v)]) for p, v in names]
    whole = [row for row in rows if row["part"] == "none"]
    curve = [
        line(n, [r for r in whole if r["scenes_seen"] == n]) for n in dict.fromkeys(r["scenes_seen"] for r in whole)
    ]
    columns = ["seeds", "NMSE of R_pred", "success of candidates", "success polished", "count right"]
    first, second = (["part", "value", *columns], ["scenes seen", *columns])
    return "\n".join([*head(first), *lines, "", *head(second), *curve])


def head(names: list[str]) -> list[str]:
    """Of a table in Markdown."""
    return ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]


def line(name: str, rows: list[dict[str, str]]) -> str:
    """Mean, least and largest of each measure over the seeds."""
    cells = [name, str(len({row["seed"] for row in rows}))]
    for measure in MEASURES:
        values = [float(row[measure]) for row in rows]
        cells.append(f"{mean(values):.3f} [{min(values):.3f}, {max(values):.3f}]")
    return "| " + " | ".join(cells) + " |"


def training_options(parser: argparse.ArgumentParser, out: Path) -> None:
    """Options of a program that trains for a table and keeps the rows."""
    parser.add_argument("--out", type=Path, default=out, help="rows are added to it")
    parser.add_argument("--table", type=Path, help="print a file's rows; nothing is trained")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of weights and training scenes")
    parser.add_argument("--scenes", type=int, default=2048, help="of a training")


def main() -> None:
    """Train, or print what was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    training_options(parser, Path("runs/parts.csv"))
    parser.add_argument("--judge", type=int, default=256, help="scenes that each is judged on")
    parser.add_argument("--only", nargs="+", default=[], help="parts whose name contains one of these")
    given = parser.parse_args()
    if given.table:
        print(table(given.table))
        return
    torch.set_num_threads(1)
    scenes = draw(training_preset("tiny").scenario, given.judge, stream(80, "trained parts"))
    for seed in given.seeds:
        for part, value, experiment in parts(budget(seed, given.scenes)):
            if not given.only or any(each in part for each in given.only):
                rows = trained(part, value, experiment, scenes)
                keep(rows, HEADS, given.out)
                print(", ".join(f"{name} {seen}" for name, seen in rows[-1].items()), flush=True)


if __name__ == "__main__":
    main()
