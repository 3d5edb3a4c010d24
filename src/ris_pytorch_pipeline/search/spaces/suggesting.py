"""How does Optuna see a knob? As a distribution, whose values are turned back into those of the field."""

import itertools
import json
import math
import random
from collections.abc import Container, Iterator, Mapping
from typing import Any

from ...errors import ConfigurationError
from ..extra import optuna
from ..trying.recipe import Recipe, resolved
from .knobs import Choices, Knob, Plain, drawn, text_of
from .space import Space

MOST_DRAWS = 1000
"""Points looked at in search of a new one: all of a space that has no more, otherwise random ones."""


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


def unknown_point(
    space: Space, base: Recipe, epochs: int, known: Container[str], draws: random.Random
) -> tuple[dict[str, Any], str] | None:
    """A recipe that is not known yet, evenly drawn.

    Args:
        space: of the search.
        base: what its values are laid over.
        epochs: of a trial.
        known: digests of the recipes that were tried.
        draws: source of randomness.

    Returns:
        The parameters that suggest it, and its digest; None where none is found.
    """
    for values in _points(space, draws):
        try:
            digest = base.changed(values).trained_for(epochs).digest
        except ConfigurationError:  # values that do not go together
            continue
        if digest not in known:
            texts = {name: text_of(values[name]) for name, knob in space.knobs if isinstance(knob, Choices)}
            return {**values, **texts}, digest
    return None


def _points(space: Space, draws: random.Random) -> Iterator[dict[str, Plain]]:
    """Every point of a small space in a random order; of a large one, random points."""
    names, lists = [name for name, _ in space.knobs], [knob.listed for _, knob in space.knobs]
    finite = [listed for listed in lists if listed is not None]
    if len(finite) == len(lists) and math.prod(map(len, finite)) <= MOST_DRAWS:
        every = [dict(zip(names, point, strict=True)) for point in itertools.product(*finite)]
        draws.shuffle(every)
        yield from every
        return
    for _ in range(MOST_DRAWS):
        yield {name: drawn(knob, draws) for name, knob in space.knobs}


def params_of(space: Space, recipe: Recipe) -> dict[str, Any] | None:
    """The parameters that suggest a recipe; None where one of its values is none of the space's.

    Args:
        space: of the search.
        recipe: such as the base.
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
        return recipe.changed({name: value}) == resolved(recipe)
    except ConfigurationError:
        return False


def _value(knob: Knob, kept: Any) -> Plain:  # noqa: ANN401
    return json.loads(kept) if isinstance(knob, Choices) else kept
