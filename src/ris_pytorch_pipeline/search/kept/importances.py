"""Which knobs of a search mattered? The share of what sets good trials apart that each of them accounts for."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InputError
from ..extra import optuna
from ..spaces.knobs import Choices, Knob, text_of
from ..spaces.space import HYBRID, Space, space_from_plain

FEWEST = 4
"""Trials that are done, below which nothing is told apart."""


def importances_of(
    space: Mapping[str, Any], trials: Sequence[Mapping[str, Any]], network: str = HYBRID
) -> dict[str, float]:
    """The importance of every knob, the largest first, by PED-ANOVA over the short trials that are done.

    >>> space = {"net": {"width": {"choices": [16, 32]}}, "locating": {"polish": {"low": 0, "high": 10}}}
    >>> trials = [
    ...     {
    ...         "stage": "short", "values": {"net.width": width, "locating.polish": polish},
    ...         "outcome": {"kind": "done", "value": 100.0 / width + polish / 100},
    ...     }
    ...     for width in (16, 32) for polish in (0, 3, 6, 10)
    ... ]
    >>> found = importances_of(space, trials)
    >>> sorted(found), round(sum(found.values()), 6)
    (['locating.polish', 'net.width'], 1.0)

    Args:
        space: as a space file has it.
        trials: as `search.json` has them.
        network: kind of the base's network.

    Returns:
        Shares that add up to 1.

    Raises:
        InputError: fewer than four such trials, or all of one value.

    Source: Watanabe, Bansal, Hutter, "PED-ANOVA", 2023; `optuna.importance`.
    """
    done = [trial for trial in trials if trial["stage"] == "short" and _value(trial) is not None and trial["values"]]
    if len({_value(trial) for trial in done}) < 2 or len(done) < FEWEST:
        raise InputError(
            f"at least {FEWEST} short trials that are done, of different values", f"{len(done)} done",
            "a search that has just begun", "let it go on, or raise --trials with --resume",
        )  # fmt: skip
    knobs = space_from_plain(space, network)
    study = optuna.create_study(direction="minimize")
    for trial in done:
        study.add_trial(_trial(knobs, trial))
    return optuna.importance.get_param_importances(study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())


def _trial(space: Space, trial: Mapping[str, Any]) -> "optuna.trial.FrozenTrial":
    values = {name: trial["values"][name] for name, _ in space.knobs}
    params = {name: text_of(values[name]) if isinstance(knob, Choices) else values[name] for name, knob in space.knobs}
    return optuna.trial.create_trial(
        params=params, distributions={name: _distribution(knob) for name, knob in space.knobs}, value=_value(trial)
    )


def _distribution(knob: Knob) -> "optuna.distributions.BaseDistribution":
    if isinstance(knob, Choices):
        return optuna.distributions.CategoricalDistribution(knob.texts)
    if knob.whole:
        step = 1 if knob.step is None else int(knob.step)
        return optuna.distributions.IntDistribution(int(knob.low), int(knob.high), log=knob.log, step=step)
    return optuna.distributions.FloatDistribution(knob.low, knob.high, log=knob.log, step=knob.step)


def _value(trial: Mapping[str, Any]) -> float | None:
    outcome = trial["outcome"]
    return outcome["value"] if outcome is not None and outcome["kind"] == "done" else None
