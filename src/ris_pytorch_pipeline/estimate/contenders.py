"""Which estimators there are, by name, with what the rest of the code needs to know of each. Imports no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Literal

from ..errors import ConfigurationError
from ..physics.kinds import Kinds, is_mixed
from ..physics.registry import registered
from ..physics.scenes.scenario import Scenario

Need = Literal["pilot symbols", "known symbols", "symbols of several kinds", "a lattice", "one wavelength"]
"""What an estimator asks of the measurements."""

GENIE = "genie"
"""Name of the reference that is told the truth; no contender, and no use outside a benchmark."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An estimator that works on measurements alone.

    >>> from ris_pytorch_pipeline.physics import Scenario
    >>> mine = Contender(name="mine", build=lambda region: None, needs=("pilot symbols",))
    >>> mine.unmet(Scenario(symbols="random"))
    'pilot symbols'

    Args:
        name: by which commands call it.
        build: the field of view, a `SearchRegion` -> the estimator.
        needs: what it asks of the measurements.
    """

    name: str
    build: Callable[[Any], Any]
    needs: tuple[Need, ...] = ()

    def unmet(self, scenario: Scenario) -> Need | None:
        """What it asks for and scenes of this scenario do not have.

        >>> from ris_pytorch_pipeline.physics import Scenario
        >>> CONTENDERS["modified-music"].unmet(Scenario(frequencies=4, bandwidth=0.1))
        'one wavelength'
        """
        lacking: dict[Need, bool] = {
            "pilot symbols": scenario.symbol_model != "pilot",
            "known symbols": scenario.symbol_model != "known",
            "symbols of several kinds": not is_mixed(scenario.symbol_model),
            "a lattice": not scenario.lattice,
            "one wavelength": len(scenario.wavelengths) > 1,
        }
        return next((need for need in self.needs if lacking[need]), None)


def _late(kind: str, **options: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    """An estimator of this room, imported when it is first built: a command line is parsed without torch."""

    def build(region: Any) -> Any:  # noqa: ANN401
        return getattr(import_module(__package__ or ""), kind)(region=region, **options)

    return build


def _projected(kind: str, **options: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    """A spectral estimator on the back-projected panel covariance."""
    spectral = _late(kind, **options)

    def build(region: Any) -> Any:  # noqa: ANN401
        return import_module(__package__ or "").BackProjected(spectral=spectral(region))

    return build


CONTENDERS: dict[str, Contender] = {
    entry.name: entry
    for entry in (
        Contender(name="sml", build=_late("Sml")),
        Contender(name="pilot", build=_late("PilotMl"), needs=("pilot symbols",)),
        Contender(name="known", build=_late("KnownMl"), needs=("known symbols",)),
        Contender(name="mixed", build=_late("MixedMl"), needs=("symbols of several kinds",)),
        Contender(name="bp-music", build=_projected("Music")),
        Contender(name="bp-mvdr", build=_projected("Mvdr", loading=1.0)),
        Contender(name="bp-bartlett", build=_projected("Bartlett")),
        Contender(name="modified-music", build=_late("ModifiedMusic"), needs=("a lattice", "one wavelength")),
        Contender(name="omp", build=_late("Omp")),
        Contender(name="sbl", build=_late("SparseBayesian")),
    )
}
"""By name. Adding an entry, here or in a program of one's own, is all that a new estimator needs."""


def likelihood_for(symbols: Kinds) -> str:
    """The contender that is the likelihood of a kind of symbols, or of several kinds.

    >>> likelihood_for("random"), likelihood_for("pilot"), likelihood_for(("random", "pilot"))
    ('sml', 'pilot', 'mixed')
    """
    if isinstance(symbols, tuple):
        return "mixed"
    return {"random": "sml", "known": "known"}.get(symbols, "pilot")


def contender(name: str, region: Any, further: Sequence[str] = ()) -> Any:  # noqa: ANN401
    """The named estimator; one that states no fit is judged, see `Judging`.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> contender("pilot", SearchRegion()).threshold > 0
    True

    Args:
        name: out of `CONTENDERS`, or an entry point of the group `ris_pytorch_pipeline.estimators`.
        region: where it searches.
        further: names that the caller knows besides, for the error.

    Returns:
        An `Estimator`.

    Raises:
        ConfigurationError: no estimator has this name.
    """
    found = registered(CONTENDERS, name, "estimators")
    if found is None:
        close = get_close_matches(name, [*further, *CONTENDERS, GENIE], n=1)
        raise ConfigurationError(
            f"an estimator out of {', '.join([*further, *CONTENDERS])}",
            repr(name),
            "the genie is told the truth and only runs in a benchmark" if name == GENIE else "a misspelt name",
            f"did you mean {close[0]!r}?" if close and close[0] != name else "pick one of the known names",
        )
    made, room = found.build(region), import_module(f"{__package__}.judging")
    return made if room.states_fit(made) else room.Judging(name=name, estimator=made, region=region)
