"""What does `search.json` hold? One schema, which is known without Optuna."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...bench.interval import Measure
from ...files import from_document, unsealed_document
from ..spaces.knobs import Choices, text_of
from ..spaces.space import space_from_plain
from .checked import Checked
from .names import RESULTS_FORM
from .outcome import Outcome, StageName


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Which trial."""

    stage: StageName
    trial: int


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """A trial."""

    stage: StageName
    trial: int
    values: Mapping[str, Any]
    digest: str | None
    outcome: Outcome | None
    reports: Mapping[str, float]

    def __post_init__(self) -> None:
        verdict = None if self.outcome is None else self.outcome.verdict
        if verdict is None:
            return
        found = verdict.get("findings")
        codes = [isinstance(each, Mapping) and each.get("code") for each in found] if isinstance(found, list) else [0]
        if not all(isinstance(text, str) for text in (verdict.get("verdict"), *codes)):
            raise ValueError(f"the verdict of {self.stage} trial {self.trial}, which lacks its word or codes")


@dataclass(frozen=True, kw_only=True)
class _Settings:
    """What decided the search."""

    base: Mapping[str, Any]
    space: Mapping[str, Any]
    trials: int
    epochs: int
    best: int
    long_epochs: int
    scenes: int
    known_order: bool
    calibration: str | None

    def __post_init__(self) -> None:
        if not isinstance(self.network, str):
            raise ValueError(f"a base whose network is {self.network!r}")

    @property
    def network(self) -> Any:  # noqa: ANN401
        """The kind of network of the base; a text once it was checked."""
        training = self.base.get("training")
        return training.get("network") if isinstance(training, Mapping) else None


@dataclass(frozen=True, kw_only=True)
class _Search:
    """The whole of it."""

    settings: _Settings
    source: Mapping[str, Any]
    preflight: Checked | None
    complete: bool
    counts: Mapping[str, int]
    best: _Place | None
    base: _Place | None
    held_out: Measure | None
    held_out_base: Measure | None
    gain: Measure | None
    locating: Mapping[str, Any] | None
    trials: tuple[_Trial, ...]

    def __post_init__(self) -> None:
        ended = {(trial.stage, trial.trial) for trial in self.trials if trial.outcome is not None}
        for place in (self.best, self.base):
            if place is not None and (place.stage, place.trial) not in ended:
                raise ValueError(f"{place.stage} trial {place.trial} is named, and no trial of that number has ended")
        knobs = dict(space_from_plain(self.settings.space, self.settings.network).knobs)
        for trial in self.trials:
            if trial.values and (trial.values.keys() != knobs.keys() or not _all_fit(knobs, trial.values)):
                raise ValueError(f"the values of {trial.stage} trial {trial.trial}, which its space does not have")


def _all_fit(knobs: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return all(
        text_of(values[name]) in knob.texts if isinstance(knob, Choices) else type(values[name]) in (int, float)
        for name, knob in knobs.items()
    )


def search_document(content: bytes) -> dict[str, Any]:
    """The settings, trials and results in a `search.json`.

    Args:
        content: of the file.

    Returns:
        As it is written, each value of its type.

    Raises:
        ValueError: another format or version, a digest that does not fit, a field too many or too few, a value of
            another type, or trials that do not go together.
        ConfigurationError: a space that no search has, or a network whose file was not run.
    """
    document = unsealed_document(content, RESULTS_FORM)
    whole = {"source": {}, "preflight": None} | document  # an older version wrote less
    if isinstance(whole.get("settings"), Mapping):
        whole["settings"] = {"calibration": None} | dict(whole["settings"])
    from_document(_Search, whole)
    return document
