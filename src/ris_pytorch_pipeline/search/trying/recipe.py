"""What does a trial try? An experiment to train, and how positions come out of its network."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ...data import config_digest
from ...errors import ConfigurationError
from ...experiment import (
    GEOMETRY_ORDER_JOINT,
    TRAINING_PRESETS,
    Phases,
    TrainingExperiment,
    overlay,
    plain,
    training_from_plain,
)
from ...experiment.strict import nearest
from ...experiment.training import laid_over
from ...train.parts import metrics_of
from ...train.watching.checks import check_metric
from .alike import settled, settled_in_length

PHASES: dict[str, Phases] = {"joint": Phases(), "geometry-order-joint": GEOMETRY_ORDER_JOINT}
"""Phases by the names that a space uses for them."""


@dataclass(frozen=True, kw_only=True)
class Locating:
    """How positions come out of a network's answer; each value is an option of `ris locate`, see `options`.

    >>> Locating(proposals="music", beta=0.25).options()
    '--proposals music --beta 0.25 --polish 10 --doubt 0'

    Args:
        proposals: where the starts come from: the candidates that are `explaining` most, the likeliest `candidates`, or
            the peaks of a spectrum of R_blend.
        beta: share of R_samp under those of music or mvdr.
        polish: updates of the likelihood from there.
        doubt: probability of being right below which a scene is searched, see `Localiser`; 0 searches none.

    Raises:
        ConfigurationError: a value out of its range.
    """

    proposals: Literal["explaining", "candidates", "music", "mvdr"] = "explaining"
    beta: float = 0.0
    polish: int = 10
    doubt: float = 0.0

    def __post_init__(self) -> None:
        for name, value in {"beta": self.beta, "doubt": self.doubt}.items():
            if not 0 <= value <= 1:
                raise ConfigurationError(f"{name} in [0, 1]", str(value), "a percentage", "pass a share")
        if self.polish < 0:
            raise ConfigurationError("polish >= 0", str(self.polish), "a sign", "pass 0 to leave polishing out")

    @property
    def has_spectrum(self) -> bool:
        """Whether the starts are peaks of R_blend, so that β has a say."""
        return self.proposals in ("music", "mvdr")

    def options(self) -> str:
        """The options of `ris locate` that mean the same."""
        blended = f" --beta {self.beta:g}" if self.has_spectrum else ""
        return f"--proposals {self.proposals}{blended} --polish {self.polish} --doubt {self.doubt:g}"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a trial tries.

    Args:
        training: what is trained.
        locating: how its network locates.

    >>> wide = Recipe().changed({"net.width": 48, "phases": "geometry-order-joint", "locating.polish": 5})
    >>> wide.training.net.width, len(wide.training.phases.stages), wide.locating.polish
    (48, 3, 5)
    >>> wide.trained_for(2).training.plan.epochs
    2
    """

    training: TrainingExperiment = field(default_factory=lambda: TRAINING_PRESETS["tiny"])
    locating: Locating = field(default_factory=Locating)

    def changed(self, values: Mapping[str, Any]) -> "Recipe":
        """The recipe with some fields replaced, all of them at once.

        Args:
            values: plain, by dotted name: `net.width`, `phases`, `locating.beta`.

        Returns:
            The new recipe, resolved: see `resolved`.

        Raises:
            ConfigurationError: an unknown name, a value that does not fit, or values that do not go together.
        """
        locating: dict[str, Any] = {}
        training: dict[str, Any] = {}
        for name, value in values.items():
            table, _, rest = name.partition(".")
            _place(*((locating, rest) if table == "locating" else (training, name)), phases_of(name, value))
        trained = laid_over(self.training, training)
        check_metric(trained.stopping.metric, dict.fromkeys(metrics_of(trained), 0.0))
        return resolved(Recipe(training=trained, locating=overlay(self.locating, locating, "locating")))

    def trained_for(self, epochs: int) -> "Recipe":
        """The same recipe with another number of epochs, resolved, see `resolved` and `alike.settled_in_length`."""
        recipe = self.changed({"plan.epochs": epochs})
        return replace(recipe, training=settled_in_length(recipe.training))

    def to_plain(self) -> dict[str, Any]:
        """As mappings, lists, numbers and texts."""
        return plain(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe; of a resolved one, equal where the same network is trained and located with."""
        return config_digest(self.to_plain())


def recipe_from_plain(values: Mapping[str, Any]) -> Recipe:
    """The recipe that `Recipe.to_plain` gave.

    >>> wide = Recipe().changed({"net.width": 48})
    >>> recipe_from_plain(wide.to_plain()) == wide
    True

    Args:
        values: from there, perhaps by way of JSON.

    Returns:
        The recipe.

    Raises:
        ConfigurationError: a key or value of another version.
    """
    return Recipe(
        training=training_from_plain(values["training"]), locating=overlay(Locating(), values["locating"], "locating")
    )


def resolved(recipe: Recipe) -> Recipe:
    """The recipe with every field that has no say at its default, so that equal runs have equal recipes.

    Of what is trained, see `alike.settled`; candidates know no β; no polish, no search. What the number of epochs
    leaves without a say is left to `Recipe.trained_for`.

    >>> resolved(Recipe(locating=Locating(beta=0.25))).locating.beta  # of candidates, which know no β
    0.0

    Args:
        recipe: any.

    Returns:
        One that trains and locates bit by bit alike.
    """
    return Recipe(training=settled(recipe.training), locating=_locating(recipe.locating))


def phases_of(name: str, value: Any) -> Any:  # noqa: ANN401
    """The plain phases of a name; any other field's value as it is.

    Raises:
        ConfigurationError: an unknown name.
    """
    if name != "phases" or not isinstance(value, str):
        return value
    if value not in PHASES:
        raise ConfigurationError(
            f"phases out of {', '.join(PHASES)}, or a table of stages", repr(value), "a misspelt name",
            nearest(value, list(PHASES)),
        )  # fmt: skip
    return plain(PHASES[value])


def _place(tables: dict[str, Any], dotted: str, value: Any) -> None:  # noqa: ANN401
    """Put a value into nested tables."""
    *outer, last = dotted.split(".")
    for table in outer:
        tables = tables.setdefault(table, {})
    tables[last] = value


def _locating(locating: Locating) -> Locating:
    return replace(
        locating,
        beta=locating.beta if locating.has_spectrum else 0.0,
        doubt=0.0 if locating.polish == 0 else locating.doubt,
    )
