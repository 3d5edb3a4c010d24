"""What decides the results of a search? One frozen value, kept beside the trials, so that any worker can join."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ..errors import ConfigurationError
from .spaces.space import Space, named_space, space_from_plain
from .trying.recipe import Recipe, recipe_from_plain

_LEAST = {"trials": 1, "epochs": 1, "best": 0, "long_epochs": 1, "scenes": 1}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A search.

    >>> Settings(trials=8, epochs=1, best=0).scenes
    200
    >>> "trials" in Settings(trials=8).to_plain()  # which a resumed search may raise
    False

    Args:
        base: what the values of the space are laid over; it is tried itself, too. Its seed is that of every stream.
        space: what is varied.
        trials: different recipes in the short stage.
        epochs: of each of them.
        best: how many of them are trained long, and the base beside them; 0 leaves the long stage out.
        long_epochs: of each of those.
        scenes: fixed validation scenes that judge a trial, and held-out scenes that judge the best and the base; of
            each kind of symbols that the base is trained on there are as many, within one.
        known_order: whether the network is told the number of sources.
        calibration: of the panel that all scenes are drawn behind, by name and digest; None is a nominal one.

    Raises:
        ConfigurationError: a count below its least, or fewer scenes than the base has kinds of symbols.
    """

    base: Recipe = field(default_factory=lambda: Recipe().changed({}))
    space: Space = field(default_factory=lambda: named_space("small"))
    trials: int = 12
    epochs: int = 4
    best: int = 3
    long_epochs: int = 12
    scenes: int = 200
    known_order: bool = True
    calibration: str | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = vars(self)[name]
            if value < least:
                raise ConfigurationError(f"{name} >= {least}", str(value), "a budget of zero, or a sign", "raise it")
        kinds = set(self.base.training.kinds)
        if self.scenes < len(kinds):
            raise ConfigurationError(
                f"a scene of each kind of symbols: {', '.join(sorted(map(str, kinds)))}", f"{self.scenes} scenes",
                "a network of several kinds, which each judge it", "raise --scenes",
            )  # fmt: skip

    @property
    def seed(self) -> int:
        """Of points, scenes and trainings, each on streams of their own."""
        return self.base.training.seed

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without the number of trials, which a resumed search may raise."""
        counts = {name: value for name, value in vars(self).items() if name not in {"base", "space", "trials"}}
        return counts | {"base": self.base.to_plain(), "space": self.space.to_plain()}


def settings_from_plain(values: Mapping[str, Any], trials: int) -> Settings:
    """The settings that `Settings.to_plain` gave.

    Args:
        values: from there.
        trials: in the short stage.

    Returns:
        The settings.

    Raises:
        ConfigurationError: those of another version.
    """
    values = {"calibration": None, **values}  # a search of an older version was behind a nominal panel
    known = {f.name for f in fields(Settings)} - {"trials"}
    if set(values) != known:
        raise ConfigurationError(
            f"the settings {', '.join(sorted(known))}", ", ".join(sorted(values)), "a search of another version",
            "begin in another folder, or under another --name",
        )  # fmt: skip
    base = recipe_from_plain(values["base"])
    space = space_from_plain(values["space"], base.training.network)
    return Settings(**{**values, "base": base, "space": space}, trials=trials)
