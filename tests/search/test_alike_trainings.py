"""Are two recipes one trial exactly where their trainings end in the same network, bit for bit?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from jaxtyping import config as jaxtyping_config

from ris_pytorch_pipeline.experiment import training_preset
from ris_pytorch_pipeline.experiment.training import laid_over
from ris_pytorch_pipeline.search import Recipe
from ris_pytorch_pipeline.train import Reporter, Trainer
from ris_pytorch_pipeline.train.watching.watched import Watching

SMALL = training_preset(
    "tiny",
    {
        "scenario": {"horizontal": 3, "vertical": 2, "antennas": 4, "snapshots": 4, "sources": 1, "snr_db": 20.0},
        "net": {"width": 8, "blocks": 1, "passes": 0, "planes": 2},
        "plan": {"n_train": 6, "n_val": 2, "batch": 2},
    },
)


def early(first: float, *others: tuple[str, float], order: float = 0.0, name: str = "early") -> dict[str, Any]:
    """Phases of which the first weighs the order otherwise; the others are joint ones, or other halves of the first."""
    stages = [{"name": name, "share": first, "weights": {"order": order}}]
    for other, share in others:
        stages.append({"name": other, "share": share, "weights": {"order": order} if other.startswith("h") else {}})
    return {"phases": {"stages": stages}}


ONE_EPOCH: list[dict[str, Any]] = [  # of three updates
    {},
    {"plan": {"fresh": False, "n_train": 9, "max_train_batches": 3}},
    {"plan": {"n_train": 4}},
    {"stopping": {"metric": "heat", "least_gain": 0.5, "patience": 1}},
    early(0.5, ("joint", 0.5)),
    early(0.2, ("half", 0.25), ("joint", 0.3), ("late", 0.25), name="first"),
    early(0.25, ("joint", 0.75)),
    early(0.99, ("joint", 0.01)),
    {"optimisation": {"average": "live"}},
    {"optimisation": {"average": "ema", "decay": 0.0}},
    {"optimisation": {"average": "swa", "constant_from": 0.9}},
    {"optimisation": {"average": "swa", "constant_from": 0.6}},
]
TWO_EPOCHS: list[dict[str, Any]] = [
    {},
    {"stopping": {"patience": 1}},
    {"plan": {"fresh": False}},
    {"plan": {"fresh": False, "n_train": 9, "max_train_batches": 3}},
]


@contextmanager
def unwatched(*_: object) -> Iterator[None]:
    """No watch, which changes no weight and takes half the time."""
    yield


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
    monkeypatch.setattr(Watching, "over", unwatched)
    monkeypatch.setattr(Watching, "begin_epoch", lambda *_: None)
    networks = [trained(values, epochs) for values in several]
    recipes = [Recipe(training=laid_over(SMALL, values)).trained_for(epochs) for values in several]
    for one in range(len(several)):
        for other in range(one):
            alike = networks[one] == networks[other]
            assert (recipes[one] == recipes[other]) == alike, (several[one], several[other], alike)
    assert len(set(networks)) < len(several)
