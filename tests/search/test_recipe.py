"""Are two recipes that train and locate alike one value, and are two that do not different ones?"""

import json

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import to_toml, training_preset
from ris_pytorch_pipeline.search import PHASES, Locating, Recipe, recipe_from_plain, resolved

BASE = Recipe().changed({})
ALIKE = [
    {"optimisation.average": "live", "optimisation.decay": 0.9},
    {"optimisation.average": "swa", "optimisation.decay": 0.5},
    {"optimisation.average": "ema", "optimisation.constant": 0.9},
    {"optimisation.average": "ema", "optimisation.constant_from": 0.5},
    {"net.rank": 3},  # a network for three sources has six candidates at least
    {"net.most_sources": 2},
    {"net.wavelength": 0.7},
    {"plan.max_train_batches": 64},  # of 2048 scenes in batches of 32
    {"locating.beta": 0.5},
    {"locating.polish": 0, "locating.doubt": 0.5},
    {"phases": {"stages": [{"name": "first", "share": 0.5, "weights": {"order": 0.2}}, {"share": 0.5}]}},
]
DIFFERENT = [
    {"optimisation.decay": 0.9},
    {"optimisation.average": "swa", "optimisation.constant": 0.9},
    {"net.rank": 9},
    {"net.width": 16},
    {"plan.max_train_batches": 63},
    {"locating.proposals": "music", "locating.beta": 0.5},
    {"locating.doubt": 0.5},
    {"phases": "geometry-order-joint"},
    {"loss.heat": 2.0},
]


@pytest.mark.parametrize("values", ALIKE, ids=str)
def test_what_has_no_say_makes_no_difference(values: dict[str, object]) -> None:
    first = {name: value for name, value in values.items() if name.endswith((".average", ".polish"))}
    if "net.rank" in values:
        first["net.rank"] = 6
    assert BASE.changed(values) == BASE.changed(first)
    assert BASE.changed(values).digest == BASE.changed(first).digest


@pytest.mark.parametrize("values", DIFFERENT, ids=str)
def test_what_has_a_say_makes_one(values: dict[str, object]) -> None:
    assert BASE.changed(values) != BASE
    assert BASE.changed(values).digest != BASE.digest


@pytest.mark.parametrize("values", [*ALIKE, *DIFFERENT], ids=str)
def test_a_resolved_recipe_stays_as_it_is(values: dict[str, object]) -> None:
    recipe = BASE.changed(values)
    assert resolved(recipe) == recipe
    assert recipe_from_plain(json.loads(json.dumps(recipe.to_plain()))) == recipe


def test_the_presets_are_resolved_but_for_their_averages() -> None:
    assert BASE.training == training_preset("tiny")
    assert BASE.locating == Locating()


def test_a_late_warm_up_leaves_room_for_a_last_phase() -> None:
    values = {"optimisation.warmup": 0.85, "optimisation.constant_from": 0.9}
    assert BASE.changed(values) == BASE.changed({"optimisation.warmup": 0.85, "optimisation.constant_from": 0.95})


def test_phases_have_names() -> None:
    for name, phases in PHASES.items():
        assert len(BASE.changed({"phases": name}).training.phases.stages) == len(phases.stages)


@pytest.mark.parametrize(
    ("values", "move"),
    [
        ({"net.widht": 16}, "'width'"),
        ({"locating.bata": 0.1}, "'beta'"),
        ({"phases": "join"}, "'joint'"),
        ({"optimisation.average": "emma"}, "'ema'"),
        ({"locating.beta": 1.5, "locating.proposals": "music"}, ""),
        ({"locating.polish": -1}, ""),
        ({"net.width": 9}, ""),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(values: dict[str, object], move: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        BASE.changed(values)
    assert move in raised.value.move


def test_options_say_what_the_recipe_does() -> None:
    assert Locating().options() == "--proposals explaining --polish 10 --doubt 0"
    assert Locating(proposals="candidates", beta=0.25).options() == "--proposals candidates --polish 10 --doubt 0"
    blended = Locating(proposals="music", beta=0.25, polish=5)
    assert blended.options() == "--proposals music --beta 0.25 --polish 5 --doubt 0"


def test_toml_of_every_alternative_is_read_back(tmp_path) -> None:
    from ris_pytorch_pipeline.experiment import training_from_toml

    for number, values in enumerate([*ALIKE, *DIFFERENT]):
        training = BASE.changed(values).training
        path = tmp_path / f"{number}.toml"
        path.write_text(to_toml(training), encoding="utf-8")
        assert training_from_toml(path) == training
