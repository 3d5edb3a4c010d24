"""Has somebody decided, for each field of a recipe, whether a search may vary it and which of its values are one?"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Phases
from ris_pytorch_pipeline.nets.kinds import NETWORKS
from ris_pytorch_pipeline.search import Recipe, check_effects, space_from_plain
from ris_pytorch_pipeline.search.spaces.space import FIXED
from ris_pytorch_pipeline.train.loop.schedule import average_weight, rate_factor

BASE, EPOCHS = Recipe().changed({}), 4
SWA = {"optimisation.average": "swa"}
MUSIC = {"locating.proposals": "music"}


def phased(*shares: float, weight: float, name: str = "early") -> dict[str, Any]:
    """A first phase with a weight of its own for the order, and joint ones."""
    stages = [{"name": f"{name}{number}", "share": share, "weights": {}} for number, share in enumerate(shares)]
    return {"phases": {"stages": [stages[0] | {"weights": {"order": weight}}, *stages[1:]]}}


EFFECT: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "kinds": ({}, ["random", "pilot"], ["pilot"]),
    "network": ({}, "hybrid", "mine"),
    "net.width": ({}, 32, 40),
    "net.blocks": ({}, 3, 4),
    "net.passes": ({}, 3, 4),
    "net.rank": ({}, 8, 9),
    "net.floor": ({}, 1e-3, 2e-3),
    "net.planes": ({}, 2, 3),
    "net.oversampling": ({}, 1.0, 1.5),
    "net.beams": ({}, "exact", "fft"),
    "loss.covariance": ({}, 1.0, 3.0),
    "loss.subspace": ({}, 1.0, 3.0),
    "loss.heat": ({}, 1.0, 3.0),
    "loss.direction": ({}, 1.0, 3.0),
    "loss.distance": ({}, 1.0, 3.0),
    "loss.order": ({}, 1.0, 3.0),
    "loss.likelihood": ({}, 0.0, 3.0),
    "loss.contrast": ({}, 1.0, 3.0),
    "phases": ({}, "joint", "geometry-order-joint"),
    "optimisation.rate": ({}, 1e-3, 2e-3),
    "optimisation.head_ratio": ({}, 2.0, 3.0),
    "optimisation.ratios": ({}, [["backbone", 0.5]], [["backbone", 0.0]]),
    "optimisation.weight_decay": ({}, 0.0, 0.1),
    "optimisation.beta1": ({}, 0.8, 0.9),
    "optimisation.beta2": ({}, 0.9, 0.99),
    "optimisation.epsilon": ({}, 1e-8, 1e-6),
    "optimisation.clip": ({}, 1.0, "none"),
    "optimisation.accumulation": ({}, 1, 2),
    "optimisation.warmup": ({}, 0.1, 0.2),
    "optimisation.floor": ({}, 0.1, 0.2),
    "optimisation.average": ({}, "ema", "live"),
    "optimisation.decay": ({}, 0.8, 0.9),
    "optimisation.constant_from": (SWA, 0.7, 0.8),
    "optimisation.constant": (SWA, 0.2, 0.3),
    "plan.n_train": ({}, 512, 1024),
    "plan.batch": ({}, 16, 32),
    "plan.max_train_batches": ({}, 10, 20),
    "plan.fresh": ({}, True, False),
    "stopping.metric": ({}, "total", "heat"),
    "stopping.patience": ({}, 2, 3),
    "stopping.least_gain": ({}, 0.0, 0.1),
    "precision": ({}, "float32", "bfloat16"),
    "locating.proposals": ({}, "candidates", "explaining"),
    "locating.beta": (MUSIC, 0.1, 0.2),
    "locating.polish": ({}, 5, 10),
    "locating.doubt": ({}, 0.1, 0.2),
}
"""A search may vary these: (what it takes, two values that are two trials)."""

DECIDED_BY_THE_SCENARIO = {"net.panel", "net.wavelength", "net.numbers", "net.region", "net.most_sources"}
"""No value of these makes a difference; a knob is refused as idle, see test_space.py."""

ONE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"kinds": ["random"]}, {}),
    ({"kinds": ["random", "pilot", "random", "pilot"]}, {"kinds": ["random", "pilot"]}),
    ({"net.planes": 20}, {"net.planes": 30}),
    ({"net.oversampling": 1.02}, {"net.oversampling": 1.05}),
    ({"net.oversampling": 1.52}, {"net.oversampling": 1.521}),
    ({"optimisation.ratios": [["head", 4.0]]}, {"optimisation.head_ratio": 4.0}),
    ({"optimisation.ratios": [["head", 3.0]], "optimisation.head_ratio": 2.0}, {"optimisation.head_ratio": 3.0}),
    ({"optimisation.ratios": [["head", 0.0]], "optimisation.head_ratio": 2.0}, {"optimisation.ratios": [["head", 0.0]]}),  # noqa: E501
    ({"optimisation.ratios": [["backbone", 1.0]]}, {}),
    ({"optimisation.ratios": [["head", 0.0], ["backbone", 0.5]]}, {"optimisation.ratios": [["backbone", 0.5], ["head", 0.0]]}),  # noqa: E501
    ({"optimisation.accumulation": 64}, {"optimisation.accumulation": 1000}),  # of 64 batches an epoch
    ({"optimisation.warmup": 0.1}, {"optimisation.warmup": 0.1001}),  # of 256 updates
    ({"optimisation.warmup": 0.0}, {"optimisation.warmup": 0.005}),
    (SWA | {"optimisation.constant_from": 0.8}, SWA | {"optimisation.constant_from": 0.799}),
    ({"optimisation.decay": 0.99}, {"optimisation.decay": 0.9997}),  # 256 updates take 256 / 265 at most
    ({"plan.draw": "device"}, {}),
    ({"stopping.patience": 1000}, {"stopping.patience": 2000}),
    ({"stopping.patience": EPOCHS - 1}, {}),  # the run ends there anyway
    ({"optimisation.decay": 0.0}, {"optimisation.average": "live"}),
    (SWA | {"optimisation.constant_from": 0.999}, {"optimisation.average": "live"}),  # of 256 updates
    ({"plan.fresh": False, "plan.max_train_batches": 10, "plan.n_train": 1024}, {"plan.fresh": False, "plan.n_train": 320}),  # noqa: E501
    (phased(0.4, 0.6, weight=0.0), phased(0.4, 0.6, weight=0.0, name="warm")),
    (phased(0.4, 0.6, weight=0.0), phased(0.399, 0.601, weight=0.0)),
    (phased(0.4, 0.6, weight=0.0), phased(0.4, 0.1, 0.2, 0.3, weight=0.0)),
    (phased(0.4, 0.6, weight=BASE.training.loss.order), {}),
    (phased(0.001, 0.999, weight=3.0), phased(0.002, 0.998, weight=3.0)),
]  # fmt: skip
"""Pairs that train and locate alike."""


def leaves(value: Any, prefix: str = "") -> Iterator[str]:
    """Dotted names of the fields of a recipe; the scenario, phases, panel, numbers and region are one each."""
    for each in fields(value):
        name, inner = f"{prefix}{each.name}", getattr(value, each.name)
        whole = isinstance(inner, Phases) or name in {"scenario", "net.panel", "net.numbers", "net.region"}
        if is_dataclass(inner) and not whole:
            yield from leaves(inner, f"{name}.")
        else:
            yield name


def digest(values: dict[str, Any]) -> str:
    return BASE.changed(values).trained_for(EPOCHS).digest


def test_each_field_is_decided_upon_once() -> None:
    known = [*leaves(BASE.training), *leaves(BASE.locating, "locating.")]
    decided = [*EFFECT, *FIXED, *DECIDED_BY_THE_SCENARIO]
    assert sorted(decided) == sorted(known), "a new field belongs into EFFECT, FIXED or `alike.settled`"


@pytest.mark.parametrize("name", EFFECT)
def test_two_values_with_an_effect_are_two_trials(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "mine", replace(NETWORKS["hybrid"], name="mine"))
    context, one, other = EFFECT[name]
    assert digest({**context, name: one}) != digest({**context, name: other})


@pytest.mark.parametrize(("one", "other"), ONE, ids=str)
def test_values_without_an_effect_are_one_trial(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest(one) == digest(other)


IN_UPDATES = [values for pair in ONE for values in pair if "optimisation" in str(values) and "ratio" not in str(values)]


@pytest.mark.parametrize("values", IN_UPDATES, ids=str)
def test_what_is_left_out_changes_no_rate_and_no_average(values: dict[str, Any]) -> None:
    raw, found = (
        r.training for r in (BASE.changed({**values, "plan.epochs": EPOCHS}), BASE.changed(values).trained_for(EPOCHS))
    )
    updates = found.plan.updates(found.optimisation.accumulation)
    for function in (rate_factor, average_weight):
        courses = [[function(u, updates, each.optimisation) for u in range(updates)] for each in (raw, found)]
        assert courses[0] == courses[1]


def nested(name: str, *values: Any) -> dict[str, Any]:
    """A space of one knob."""
    table: dict[str, Any] = {"choices": list(values)}
    for part in reversed(name.split(".")):
        table = {part: table}
    return table


@pytest.mark.parametrize("name", FIXED)
def test_what_no_search_varies_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        space_from_plain(nested(name, 1, 2))


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("stopping.patience", (1000, 2000), "in place of stopping.patience"),
        ("net.planes", (20, 30), "in place of net.planes"),
        ("net.oversampling", (1.02, 1.05), "in place of net.oversampling"),
        ("kinds", ([], ["random"]), "in place of kinds"),
        ("optimisation.accumulation", (64, 128), "in place of optimisation.accumulation"),
        ("optimisation.ratios", ([["hed", 1.0]], [["hed", 2.0]]), "backbone, head"),
    ],
)
def test_a_knob_whose_values_are_all_one_is_refused(name: str, values: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_effects(space_from_plain(nested(name, *values)), BASE, EPOCHS)


def test_what_a_base_says_returns_where_a_knob_gives_it_a_say_again() -> None:
    rare = replace(BASE.training.optimisation, average="live", decay=0.5)
    raw = Recipe(training=replace(BASE.training, optimisation=rare))
    assert raw.changed({"optimisation.average": "ema"}).training.optimisation.decay == 0.5
    assert raw.changed({}).training.optimisation.decay != 0.5


ONE_EPOCH = [
    {"plan.fresh": False},
    {"stopping.metric": "heat"},
    {"stopping.least_gain": 0.5},
    {"plan.max_train_batches": 10},
]
"""Each leaves its field without a say where there is one epoch."""


@pytest.mark.parametrize("values", ONE_EPOCH, ids=str)
def test_a_single_epoch_is_the_best_and_sees_its_scenes_once(values: dict[str, Any]) -> None:
    other = {"plan.n_train": 10 * BASE.training.plan.batch} if "plan.max_train_batches" in values else {}
    assert BASE.changed(values).trained_for(1) == BASE.changed(other).trained_for(1)
    assert BASE.changed(values).trained_for(2) != BASE.changed(other).trained_for(2)


def test_a_longer_training_finds_its_patience_again() -> None:
    recipe = BASE.changed({"stopping.patience": 6})
    assert recipe.trained_for(4).training.stopping.patience is None
    assert recipe.trained_for(8).training.stopping.patience == 6
