"""Is a space read strictly, and is a knob refused that cannot change anything?"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError
from ris_pytorch_pipeline.experiment import Stopping
from ris_pytorch_pipeline.nets import NETWORKS, NetConfig
from ris_pytorch_pipeline.search import (
    SPACES,
    Choices,
    Range,
    Recipe,
    Settings,
    check_effects,
    named_space,
    space_from_plain,
    space_of,
)
from ris_pytorch_pipeline.search.settings import settings_from_plain

BASE = Recipe().changed({})
RATE = {"low": 1e-3, "high": 1e-2, "log": True}


@pytest.mark.parametrize("name", SPACES)
def test_a_named_space_is_whole(name: str) -> None:
    space = named_space(name)
    assert space_from_plain(space.to_plain()) == space
    check_effects(space, BASE)


def test_a_space_of_ones_own_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(named_space("wide").to_toml(), encoding="utf-8")
    assert space_of(str(path)) == named_space("wide")


def test_values_are_those_of_the_field() -> None:
    stages = [{"name": "a", "share": 0.5, "weights": {"heat": 2.0}}, {"share": 0.5}]
    space = space_from_plain(
        {
            "optimisation": {"clip": {"choices": [1, 2.5, "none"]}, "rate": RATE},
            "net": {"blocks": {"low": 1, "high": 5, "step": 2}},
            "phases": {"choices": ["joint", {"stages": stages}]},
        }
    )  # fmt: skip
    knobs = dict(space.knobs)
    clip, rate, blocks = knobs["optimisation.clip"], knobs["optimisation.rate"], knobs["net.blocks"]
    assert isinstance(clip, Choices) and clip.values == (1.0, 2.5, "none")
    assert rate == Range(low=1e-3, high=1e-2, log=True)
    assert isinstance(blocks, Range)
    assert [blocks.at(share / 10) for share in range(11)] == [1, 1, 1, 3, 3, 3, 3, 3, 5, 5, 5]
    check_effects(space, BASE)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"net": {"widht": RATE}}, "'width'"),
        ({"optimization": {"rate": RATE}}, "'optimisation'"),
        ({"locatin": {"beta": RATE}}, "'locating'"),
        ({"locating": {"beat": RATE}}, "'beta'"),
        ({"optimisation": {"rate": {**RATE, "hihg": 1}}}, "'high'"),
        ({"optimisation": {"rate": {"low": 1e-3}}}, "no high"),
        ({"optimisation": {"rate": {"choices": [1e-3, 1e-2], "log": True}}}, "'log'"),
        ({"optimisation": {"rate": {"choices": [1e-3]}}}, "at least two"),
        ({"optimisation": {"rate": {"choices": [1e-3, 0.001]}}}, "twice"),
        ({"optimisation": {"rate": {"choices": 1e-3}}}, "a list"),
        ({"optimisation": {"rate": {"low": 1e-2, "high": 1e-3}}}, "low < high"),
        ({"optimisation": {"rate": {"low": 0, "high": 1e-3, "log": True}}}, "low > 0"),
        ({"optimisation": {"rate": 1e-3}}, "--config"),
        ({"net": {"blocks": {"low": 1, "high": 6, "step": 2}}}, "between two steps"),
        ({"net": {"blocks": {"low": 1, "high": 6, "step": -1}}}, "step above 0"),
        ({"optimisation": {"rate": {**RATE, "step": 1e-3}}}, "without log"),
        ({"optimisation": {"rate": {}}}, "low and high"),
        ({"optimisation": {"average": {"low": 0, "high": 1}}}, "choices"),
        ({"optimisation": {"average": {"choices": ["ema", "emma"]}}}, "'ema'"),
        ({"net": {"width": {"low": 8.5, "high": 16}}}, "an integer"),
        ({"net": {"low": 8, "high": 16}}, "fields of net"),
        ({"plan": {"fresh": {"low": 0, "high": 1}}}, "choices"),
        ({"phases": {"choices": ["joint", "geometry"]}}, "joint, geometry-order-joint"),
        ({"phases": {"low": 0, "high": 1}}, "choices"),
        ({"seed": {"choices": [0, 1]}}, "lucky"),
        ({"net": {"seed": {"choices": [0, 1]}}}, "lucky"),
        ({"scenario": {"snr_db": {"choices": [0, 1]}}}, "scenes that judge"),
        ({"plan": {"epochs": {"low": 1, "high": 9}}}, "--long-epochs"),
        ({"device": {"choices": ["cpu", "cuda"]}}, "alike"),
        ({}, "at least one field"),
    ],
    ids=str,
)
def test_what_is_no_space_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        space_from_plain(values)
    assert words in str(raised.value)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'wide'"):
        space_of("wyde")
    with pytest.raises(ConfigurationError, match=r"No such file"):
        space_of("there-is-none.toml")


IDLE = [
    ({"net": {"most_sources": {"choices": [2, 3]}}}, "net.most_sources"),
    ({"net": {"rank": {"choices": [4, 5]}}}, "net.rank"),
    ({"net": {"wavelength": {"low": 0.1, "high": 0.5}}}, "net.wavelength"),
    ({"net": {"panel": {"horizontal": {"choices": [6, 8]}}}}, "net.panel.horizontal"),
    ({"optimisation": {"constant": {"low": 0.1, "high": 0.5}, "rate": RATE}}, "optimisation.constant"),
    ({"optimisation": {"decay": {"choices": [0.9, 0.99]}, "average": {"choices": ["live", "swa"]}}}, "optimisation.decay"),  # noqa: E501
    ({"locating": {"beta": {"low": 0.0, "high": 0.5}}}, "locating.beta"),
    ({"locating": {"doubt": {"low": 0.0, "high": 0.5}}, "net": {"width": {"choices": [8, 16]}}}, None),
    ({"optimisation": {"decay": {"choices": [0.9, 0.99]}, "average": {"choices": ["live", "ema"]}}}, None),
    ({"locating": {"beta": {"low": 0.0, "high": 0.5}, "proposals": {"choices": ["candidates", "mvdr"]}}}, None),
    ({"net": {"rank": {"choices": [4, 8]}}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("values", "idle"), IDLE, ids=str)
def test_a_knob_that_changes_nothing_is_refused(values: dict[str, object], idle: str | None) -> None:
    space = space_from_plain(values)
    if idle is None:
        check_effects(space, BASE)
        return
    with pytest.raises(ConfigurationError, match=f"in place of {idle}"):
        check_effects(space, BASE)


def test_what_short_trials_cannot_tell_apart_is_refused() -> None:
    space = space_from_plain({"stopping": {"patience": {"choices": [5, 8]}}})
    with pytest.raises(ConfigurationError, match=r"in place of stopping\.patience.* in short trials of 4 epochs"):
        check_effects(space, BASE, epochs=4)
    check_effects(space, BASE, epochs=12)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"stopping": {"metric": {"choices": ["total", "nonsense"]}}}, "total, covariance, .* got 'nonsense'"),
        ({"stopping": {"metric": {"choices": ["total", "contrast"]}}}, "got 'contrast'"),
        ({"net": {"width": {"choices": [8, 9]}}}, "a choice of net.width"),
        ({"stopping": {"metric": {"choices": ["total", "contrast"]}}, "loss": {"contrast": {"choices": [0.0, 0.1]}}}, None),  # noqa: E501
    ],
    ids=str,
)  # fmt: skip
def test_a_choice_that_the_experiment_never_takes_is_refused(values: dict[str, object], words: str | None) -> None:
    space = space_from_plain(values)
    if words is None:
        check_effects(space, BASE)
        return
    with pytest.raises(ConfigurationError, match=words):
        check_effects(space, BASE)


def test_a_base_that_cannot_be_trained_is_refused() -> None:
    odd = replace(BASE, training=replace(BASE.training, stopping=Stopping(metric="nonsense")))
    with pytest.raises(ConfigurationError, match="got 'nonsense'"):
        check_effects(named_space("small"), odd)


@dataclass(frozen=True, kw_only=True)
class DeeperConfig(NetConfig):
    """One field more than the network of the package has."""

    deeper: int = 1


def test_fields_of_an_own_kind_of_network_are_varied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NETWORKS, "deeper", replace(NETWORKS["hybrid"], name="deeper", config=DeeperConfig))
    values = {"net": {"deeper": {"low": 1, "high": 3}, "width": {"choices": [16, 32]}}}
    base = BASE.changed({"network": "deeper"})
    space = space_from_plain(values, "deeper")
    check_effects(space, base)
    settings = Settings(base=base, space=space)
    kept = json.loads(json.dumps(settings.to_plain()))
    assert settings_from_plain(kept, settings.trials) == settings
    with pytest.raises(ConfigurationError, match=r"net\.deeper"):
        space_from_plain(values)


def test_the_base_may_make_a_knob_idle() -> None:
    space = space_from_plain({"locating": {"doubt": {"low": 0.1, "high": 0.5}}})
    check_effects(space, BASE)
    with pytest.raises(ConfigurationError, match=r"in place of locating\.doubt"):
        check_effects(space, BASE.changed({"locating.polish": 0}))


def test_a_range_without_any_value_for_the_field_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="multiple of 8"):
        check_effects(space_from_plain({"net": {"width": {"low": 9, "high": 15}}}), BASE)
