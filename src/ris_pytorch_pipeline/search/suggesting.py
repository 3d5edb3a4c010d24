"""How does Optuna see a knob? As a distribution, whose values are turned back into those of the field."""

import json
import math
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigurationError
from .extra import optuna
from .knobs import Choices, Knob, Plain
from .recipe import Recipe
from .space import Space


def suggest(trial: "optuna.Trial", space: Space) -> dict[str, Plain]:
    """The values that a trial is to try, by name of the field."""
    return values_of(space, {name: _suggested(trial, name, knob) for name, knob in space.knobs})


def values_of(space: Space, params: Mapping[str, Any]) -> dict[str, Plain]:
    """The values of the fields that kept parameters stand for.

    Args:
        space: of the search.
        params: of a trial.
    """
    return {name: _value(knob, params[name]) for name, knob in space.knobs}


def params_of(space: Space, recipe: Recipe) -> dict[str, Any] | None:
    """The parameters that suggest a recipe; None where one of its values is none of the space's.

    Args:
        space: of the search.
        recipe: resolved, such as the base.
    """
    found = {name: _param(recipe, name, knob) for name, knob in space.knobs}
    return None if None in found.values() else found


def _suggested(trial: "optuna.Trial", name: str, knob: Knob) -> Any:  # noqa: ANN401
    if isinstance(knob, Choices):
        return trial.suggest_categorical(name, knob.texts)
    if knob.whole:
        step = 1 if knob.step is None else int(knob.step)
        return trial.suggest_int(name, int(knob.low), int(knob.high), log=knob.log, step=step)
    return trial.suggest_float(name, knob.low, knob.high, log=knob.log, step=knob.step)


def _param(recipe: Recipe, name: str, knob: Knob) -> Any:  # noqa: ANN401
    """The kept parameter that leaves a recipe as it is; None where the knob takes no such value."""
    if isinstance(knob, Choices):
        return next((text for text in knob.texts if _leaves(recipe, name, json.loads(text))), None)
    value: Any = recipe.to_plain()
    for part in (name if name.startswith("locating.") else f"training.{name}").split("."):
        value = value[part]
    if value is None or not knob.low <= value <= knob.high:
        return None
    return value if knob.step is None or math.remainder(value - knob.low, knob.step) == 0 else None


def _leaves(recipe: Recipe, name: str, value: Plain) -> bool:
    try:
        return recipe.changed({name: value}) == recipe
    except ConfigurationError:
        return False


def _value(knob: Knob, kept: Any) -> Plain:  # noqa: ANN401
    return json.loads(kept) if isinstance(knob, Choices) else kept
