"""The named training runs: tiny, desk, reference and paper, and how one is read from TOML."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError
from ..nets import NET_PRESETS
from ..physics.scenes.scenario import Scenario
from .optimisation import Optimisation, Plan
from .strict import fit, nearest
from .toml import configuration_from_toml, own_presets, scenario_named
from .training import TrainingExperiment, laid_over

_SCENES = Scenario(sources=(1, 3), snr_db=(5.0, 20.0), distance_law="inverse")

tiny = TrainingExperiment(
    scenario=_SCENES,
    net=NET_PRESETS["tiny"],
    optimisation=Optimisation(rate=4e-3),
    plan=Plan(epochs=12, n_train=2048, n_val=256, batch=32),
)
"""Learns within minutes on two cores."""
desk = replace(
    tiny,
    net=NET_PRESETS["desk"],
    optimisation=Optimisation(rate=1e-3),
    plan=Plan(epochs=45, n_train=4096, n_val=512, batch=32),
)
"""An hour on two cores."""
reference = TrainingExperiment(
    scenario=replace(_SCENES, sources=(1, 5), snr_db=(-5.0, 20.0)),
    kinds=("random", "pilot"),
    net=replace(NET_PRESETS["tiny"], width=48, passes=4, rank=14),
    optimisation=Optimisation(rate=4e-3, head_ratio=2.0),
    plan=Plan(epochs=18, n_train=65_536, n_val=2048, batch=512, draw="device"),
    device="cuda",
)
"""The network in the package: random and constant symbols, 1 to 5 sources, -5 to 20 dB. Eight minutes of a GPU."""
paper = replace(
    tiny,
    scenario=replace(_SCENES, sources=(1, 5), snr_db=(-5.0, 20.0)),
    net=NET_PRESETS["paper"],
    optimisation=Optimisation(rate=1e-3),
    plan=Plan(epochs=100, n_train=160_000, n_val=10_000, batch=256),
    device="cuda",
    precision="bfloat16",
)
"""Needs a GPU."""

TRAINING_PRESETS: dict[str, TrainingExperiment] = {
    "tiny": tiny,
    "desk": desk,
    "reference": reference,
    "paper": paper,
}
"""By name."""


def training_preset(name: str, values: Mapping[str, Any] | None = None) -> TrainingExperiment:
    """A named run with plain values laid over it.

    >>> training_preset("tiny", {"net": {"width": 16}}).net.width
    16

    Args:
        name: `tiny`, `desk`, `reference` or `paper`.
        values: nested as the experiment is; None changes nothing.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: an unknown name or key (the nearest known one is suggested), or a value that does not fit.
    """
    if fit(str, name, "preset") not in TRAINING_PRESETS:
        known = list(TRAINING_PRESETS)
        raise ConfigurationError(
            f"a preset out of {', '.join(known)}", repr(name), "a misspelt name", nearest(name, known)
        )
    return laid_over(TRAINING_PRESETS[name], values or {})


def training_resolved(values: Mapping[str, Any], name: str | None = None) -> TrainingExperiment:
    """The named run with plain values laid over it; a name out of the values' own `presets` names its scenario.

    >>> lab = {"preset": "lab", "presets": {"lab": {"preset": "pilot", "horizontal": 20}}}
    >>> found = training_resolved(lab, "desk")
    >>> found.scenario.horizontal, found.plan == training_preset("desk").plan
    (20, True)

    Args:
        values: `preset`, `presets` as in `experiment_from_toml`, and fields of the experiment.
        name: one more preset, which comes before that of the values; `tiny` where none is a run.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: an unknown name or key, or a value that does not fit.
    """
    rest = dict(values)
    own = own_presets(rest.pop("presets", {}))
    names = [fit(str, each, "preset") for each in (rest.pop("preset", None), name) if each is not None]
    scenarios = [each for each in names if each in own]
    runs = [each for each in names if each not in own]
    experiment = training_preset((runs or ["tiny"])[-1])
    if scenarios:
        experiment = replace(experiment, scenario=scenario_named(scenarios[-1], own))
    return laid_over(experiment, rest)


def training_from_toml(path: Path) -> TrainingExperiment:
    """Read a training configuration: `preset` (`tiny` unless named) and any fields to lay over it.

    A table `[presets.NAME]` is a scenario, see `experiment_from_toml`; `preset = "NAME"` then trains `tiny` on it.

    >>> from pathlib import Path
    >>> _ = Path("mine.toml").write_text("net.width = 16")
    >>> training_from_toml(Path("mine.toml")).net.width
    16

    Args:
        path: of the file.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: no such file, no TOML, an unknown key, or a value that does not fit.
    """
    return training_resolved(configuration_from_toml(path))
