"""Does each knob of a space change what is trained or how it locates? One that cannot is refused."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import ConfigurationError
from ..trying.recipe import Recipe
from .groups import check_ratios
from .knobs import Choices, Knob, drawn
from .space import Space

CONTEXTS = 256
"""Random settings of the other knobs in which a knob is tried: one that has a say in one of 20 settings is missed
with a probability of 0.95^256 = 2e-6."""


def check_effects(space: Space, base: Recipe, epochs: int | None = None, contexts: int = CONTEXTS) -> None:
    """Refuse a knob that leaves every recipe as it is, whatever its value and whatever the other knobs say.

    >>> from ris_pytorch_pipeline.errors import ConfigurationError
    >>> from ris_pytorch_pipeline.search import space_from_plain
    >>> space = space_from_plain({"locating": {"beta": {"low": 0.0, "high": 0.5}}})
    >>> try:
    ...     check_effects(space, Recipe())  # `explaining` knows no β
    ... except ConfigurationError as error:
    ...     print(error.wanted)
    a knob that changes the objective, in place of locating.beta

    Args:
        space: to be searched.
        base: what its values are laid over.
        epochs: of the trials that are compared, which are the short ones; None is that of the base.
        contexts: random settings of the other knobs to try.

    Raises:
        ConfigurationError: such a knob, a choice that the experiment never takes, a range none of whose values it
            takes, a base that cannot be trained, or a ratio of a group that no network of the space has.
    """
    epochs = base.training.plan.epochs if epochs is None else epochs
    base.trained_for(epochs)
    check_ratios(space, base)
    for name, knob in space.knobs:
        others = [(other, known) for other, known in space.knobs if other != name]
        for value in knob.values if isinstance(knob, Choices) else ():
            _check_taken(base, name, value, _contexts(others, contexts))
        refusal: ConfigurationError | None = None
        tried = 0
        for context in _contexts(others, contexts):
            seen, refused = _recipes(base, epochs, context, name, knob)
            refusal, tried = refused or refusal, tried + len(seen)
            if any(one != seen[0] for one in seen):
                break
        else:
            _refuse(name, knob, epochs, refusal if tried == 0 else None)


def _check_taken(base: Recipe, name: str, value: Any, contexts: Iterator[dict[str, Any]]) -> None:  # noqa: ANN401
    """Refuse a choice that the experiment takes beside no values of the other knobs.

    Raises:
        ConfigurationError: it does not.
    """
    refusal: ConfigurationError | None = None
    for context in contexts:
        try:
            base.changed({**context, name: value})
        except ConfigurationError as error:
            refusal = error
        else:
            return
    if refusal is not None:
        raise ConfigurationError(
            f"a choice of {name} that the experiment takes: {refusal.wanted}", f"{value!r}: {refusal.got}",
            refusal.cause, refusal.move,
        ) from refusal  # fmt: skip


def _contexts(others: list[tuple[str, Knob]], count: int) -> Iterator[dict[str, Any]]:
    """A value of every other knob: the first ones, then one of them changed, then random ones."""
    first = {name: knob.probes[0] for name, knob in others}
    yield first
    for name, knob in others:
        for value in knob.probes[1:]:
            yield {**first, name: value}
    draws = random.Random(0)  # the answer must not depend on the day
    for _ in range(count if others else 0):
        yield {name: drawn(knob, draws) for name, knob in others}


def _recipes(
    base: Recipe, epochs: int, context: Mapping[str, Any], name: str, knob: Knob
) -> tuple[list[Recipe], ConfigurationError | None]:
    """The recipe of each value of a knob, and why one is none."""
    found: list[Recipe] = []
    refusal = None
    for value in knob.probes:
        try:
            found.append(base.changed({**context, name: value}).trained_for(epochs))
        except ConfigurationError as error:
            refusal = error
    return found, refusal


def _refuse(name: str, knob: Knob, epochs: int, refusal: ConfigurationError | None) -> None:
    if refusal is not None:
        raise ConfigurationError(
            f"a value that the experiment takes for {name}", f"{refusal.wanted}; got {refusal.got}",
            "a range beyond what the field allows, or a base that does not go with it", "correct the space or the base",
        ) from refusal  # fmt: skip
    raise ConfigurationError(
        f"a knob that changes the objective, in place of {name}",
        f"the same resolved experiment for {', '.join(map(str, knob.probes))} in short trials of {epochs} epochs, "
        "which alone compare values",
        "a field that something else decides: the scenario decides panel, wavelength, region and most sources, "
        "`average` whether there is a decay or a last phase, and the epochs how long a patience or a memory has a say",
        "leave it out, vary what it depends on as well, or give short trials more epochs",
    )
