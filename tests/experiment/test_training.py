"""Is a training configuration a value: complete, written and read back, and refused where it does not fit?"""

import json
from dataclasses import replace

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import (
    TRAINING_PRESETS,
    Phase,
    Phases,
    differences,
    presets,
    training_from_plain,
    training_from_toml,
    training_preset,
)
from ris_pytorch_pipeline.experiment.presets import training_resolved
from ris_pytorch_pipeline.experiment.toml import configuration_from_toml
from ris_pytorch_pipeline.losses import LossWeights
from ris_pytorch_pipeline.physics import preset


@pytest.mark.parametrize("name", TRAINING_PRESETS)
def test_a_preset_survives_json(name) -> None:
    experiment = TRAINING_PRESETS[name]
    again = training_from_plain(json.loads(json.dumps(experiment.to_plain())))
    assert again == experiment and again.digest == experiment.digest


def test_presets_grow() -> None:
    sizes = [presets.tiny.net, presets.desk.net, presets.paper.net]
    assert [net.width for net in sizes] == sorted({net.width for net in sizes})


def test_the_network_is_made_for_the_scenario() -> None:
    """Panel, field of view and count are one fact, and the scenario states it."""
    scenario = replace(presets.tiny.scenario, horizontal=6, vertical=4, sources=(1, 2), distance=(1.0, 5.0))
    net = replace(presets.tiny, scenario=scenario).net
    assert (net.panel.horizontal, net.panel.vertical) == (6, 4)
    assert net.most_sources == 2 and net.region.distance == (1.0, 5.0)


def test_values_are_laid_over_a_preset(tmp_path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('preset = "desk"\nseed = 3\n[optimisation]\nrate = 2e-4\n[plan]\nmax_val_batches = 2\n')
    wanted = replace(
        presets.desk, seed=3, optimisation=replace(presets.desk.optimisation, rate=2e-4),
        plan=replace(presets.desk.plan, max_val_batches=2),
    )  # fmt: skip
    assert training_from_toml(path) == wanted


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"optimisation": {"rte": 1.0}}, "did you mean 'rate'"),
        ({"optimisation": {"rate": "fast"}}, "a finite number"),
        ({"plan": {"epochs": 2.5}}, "an integer"),
        ({"plan": {"epochs": 0}}, "epochs >= 1"),
        ({"device": "gpu"}, "one of cpu, cuda"),
        ({"loss": {"covariance": -1.0}}, "covariance"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values, word) -> None:
    with pytest.raises(ConfigurationError, match=word):
        training_preset("tiny", values)


LAB = """
preset = "lab"
[scenario]
snr_db = 15.0
[presets.lab]
preset = "pilot"
horizontal = 20
[presets.other]
horizontal = "unread"
[plan]
epochs = 3
"""


@pytest.mark.parametrize(("swapped", "name"), [("lab", None), ("lab", "desk"), ("desk", "lab")])
def test_a_scenario_of_ones_own_is_the_one_that_other_commands_draw(tmp_path, swapped, name) -> None:
    path = tmp_path / "run.toml"
    path.write_text(LAB.replace('preset = "lab"', f'preset = "{swapped}"', 1))
    found = training_resolved(configuration_from_toml(path), name)
    wanted = presets.tiny if name is None else presets.desk
    assert found.scenario == preset("pilot", horizontal=20, snr_db=15.0)
    assert found.plan == replace(wanted.plan, epochs=3) and found.net.width == wanted.net.width
    if name is None:
        assert training_from_toml(path) == found


def test_own_presets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"presets\.lab\.horizntal.*did you mean 'horizontal'"):
        training_resolved({"preset": "lab", "presets": {"lab": {"horizntal": 20}}})
    with pytest.raises(ConfigurationError, match=r"tables \[presets\.NAME\]"):
        training_resolved({"presets": {"lab": 3}})


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'desk'"):
        training_preset("desk1")


PHASES = """
[loss]
contrast = 0.1
[[phases.stages]]
name = "geometry"
share = 0.4
weights = { order = 0, heat = 2.5 }
[[phases.stages]]
name = "joint"
share = 0.6
"""


def test_phases_are_read_from_toml_and_survive_json(tmp_path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(PHASES)
    experiment = training_from_toml(path)
    geometry = Phase(name="geometry", share=0.4, weights=(("order", 0.0), ("heat", 2.5)))
    assert experiment.phases == Phases(stages=(geometry, Phase(share=0.6)))
    first, joint = experiment.phases.weights(experiment.loss)
    assert first == replace(joint, order=0.0, heat=2.5) and joint == experiment.loss == LossWeights(contrast=0.1)
    told = experiment.to_plain()
    assert training_from_plain(json.loads(json.dumps(told))) == experiment
    assert list(differences(json.loads(json.dumps(told)), told)) == []
    assert experiment.digest != replace(experiment, phases=Phases()).digest


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "geometry"\n', 'nam = "geometry"\n', r"phases\.stages\[0\]\.nam.*did you mean 'name'"),
        ('name = "geometry"\n', "", "names of their own; got joint, joint"),
        ("share = 0.4", 'share = "half"', r"phases\.stages\[0\]\.share as a finite number"),
        ("share = 0.4", "share = 0.5", "shares that sum to 1; got 1.1"),
        ("order = 0", "ordr = 0", "did you mean 'order'"),
        ("order = 0", "order = true", r"phases\.stages\[0\]\.weights"),
        ("[[phases.stages]]", "[phases.stages]", "TOML"),
        (PHASES, "[phases.stages]\nshare = 1.0\n", r"write \[\[phases\.stages\]\]"),
        (PHASES, "[phases]\nstages = [1.0]\n", r"phases\.stages\[0\] as a table of keys"),
    ],
)
def test_phases_that_do_not_fit_are_refused(old, new, words, tmp_path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(PHASES.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match=words):
        training_from_toml(path)


def test_differences_name_the_field() -> None:
    other = training_preset("tiny", {"plan": {"epochs": 3}})
    first = presets.tiny.plan.epochs
    assert list(differences(presets.tiny.to_plain(), other.to_plain())) == [f"plan.epochs: {first}, 3"]
    assert presets.tiny.digest != other.digest
