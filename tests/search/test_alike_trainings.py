"""Are two recipes one trial exactly where their trainings end in the same network, bit for bit?"""

from typing import Any

import pytest
import torch
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.experiment.training import laid_over
from ris_pytorch_pipeline.search import Recipe
from ris_pytorch_pipeline.train import Reporter, Trainer

SMALL = training_preset(
    "tiny",
    {
        "scenario": {"horizontal": 3, "vertical": 2, "antennas": 4, "snapshots": 4, "sources": 1, "snr_db": 20.0},
        "net": {"width": 8, "blocks": 1, "passes": 0, "planes": 2},
        "plan": {"n_train": 16, "n_val": 4, "batch": 4},
    },
)


def early(first: float, *others: tuple[str, float], order: float = 0.0, name: str = "early") -> dict[str, Any]:
    """Phases of which the first weighs the order otherwise; the others are joint ones, or other halves of the first."""
    stages = [{"name": name, "share": first, "weights": {"order": order}}]
    for other, share in others:
        stages.append({"name": other, "share": share, "weights": {"order": order} if other.startswith("h") else {}})
    return {"phases": {"stages": stages}}


ONE_EPOCH: list[dict[str, Any]] = [  # of four updates
    {},
    {"plan": {"fresh": False}},
    {"plan": {"n_train": 24, "max_train_batches": 4}},
    {"plan": {"n_train": 12}},
    {"stopping": {"metric": "heat"}},
    {"stopping": {"least_gain": 0.5, "patience": 1}},
    early(0.5, ("joint", 0.5)),
    early(0.5, ("late", 0.5), name="first"),
    early(0.45, ("joint", 0.55)),
    early(0.25, ("half", 0.25), ("joint", 0.5)),
    early(0.5, ("joint", 0.2), ("late", 0.3)),
    early(0.25, ("joint", 0.75)),
    early(0.5, ("joint", 0.5), order=0.4),
    early(0.9, ("joint", 0.1)),
    early(0.99, ("joint", 0.01)),
    early(0.5, ("joint", 0.5), order=SMALL.loss.order),
    {"optimisation": {"average": "live"}},
    {"optimisation": {"average": "ema", "decay": 0.0}},
    {"optimisation": {"average": "swa", "constant_from": 1.0}},
    {"optimisation": {"average": "swa", "constant_from": 0.75}},
]
TWO_EPOCHS: list[dict[str, Any]] = [
    {},
    {"stopping": {"patience": 1}},
    {"plan": {"fresh": False}},
    {"plan": {"fresh": False, "n_train": 24, "max_train_batches": 4}},
    {"plan": {"n_train": 24, "max_train_batches": 4}},
]


def trained(values: dict[str, Any], epochs: int) -> bytes:
    """The weights that `ris train` would keep."""
    training = laid_over(SMALL, {**values, "plan": {**values.get("plan", {}), "epochs": epochs}})
    kept: dict[int, bytes] = {}

    def listen(event: str, told: Any) -> None:
        if event == "epoch":
            weights = trainer.average.net.state_dict().values()
            kept[told["epoch"]] = b"".join(weight.numpy().tobytes() for weight in weights)

    trainer = Trainer(training, reporter=Reporter(quiet=True), listeners=[listen])
    return kept[trainer.fit().best_epoch]


@pytest.mark.parametrize(("epochs", "several"), [(1, ONE_EPOCH), (2, TWO_EPOCHS)])
def test_recipes_are_equal_exactly_where_networks_are(
    epochs: int, several: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping_config, "jaxtyping_disable", True)
    torch.manual_seed(0)
    networks = [trained(values, epochs) for values in several]
    recipes = [Recipe(training=laid_over(SMALL, values)).trained_for(epochs) for values in several]
    for one in range(len(several)):
        for other in range(one):
            alike = networks[one] == networks[other]
            assert (recipes[one] == recipes[other]) == alike, (several[one], several[other], alike)
    assert len(set(networks)) < len(several)
