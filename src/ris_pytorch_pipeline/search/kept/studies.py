"""Which studies does a search keep? One of each stage, with the settings beside the first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ...errors import ConfigurationError
from ...foreign import odd_values
from ...train.files.source import source_now
from ..extra import optuna
from ..settings import Settings, settings_from_plain
from ..spaces.sampler import NoSampler, SeededTpe
from ..spaces.suggesting import params_of
from .checked import Checked, checked_from_plain
from .outcome import StageName
from .trials import DIGEST

_SETTINGS, _TRIALS, _SOURCE, _PREFLIGHT = "settings", "trials", "source", "preflight"
_MOVE = "put its own journal there, or begin in another folder"
STARTUP, WARMUP = 3, 1
"""Trials that are done, and epochs, before one is pruned: a median of fewer is chance, and the first epoch warms up."""


@dataclass(frozen=True, kw_only=True)
class Studies:
    """The trials of both stages.

    >>> import optuna
    >>> storage = optuna.storages.InMemoryStorage()  # or open_storage(FOLDER)
    >>> studies = new_studies(storage, "widths", Settings(trials=8, epochs=1, best=2))
    >>> studies.of("short").study_name, studies.of("long").study_name
    ('widths', 'widths/long')

    Args:
        settings: of the search.
        short: study of the short stage.
        long: study of the long stage.
        source: version, commit and machine that began it; nothing of a search that an older version began.
        preflight: what the checks of the base found before the first trial; None where they were left out.
    """

    settings: Settings
    short: "optuna.Study"
    long: "optuna.Study"
    source: Mapping[str, Any] = field(default_factory=dict)
    preflight: Checked | None = None

    def of(self, stage: StageName) -> "optuna.Study":
        """The study of a stage."""
        return self.short if stage == "short" else self.long


def new_studies(
    storage: "optuna.storages.BaseStorage", name: str, settings: Settings, preflight: Checked | None = None
) -> Studies:
    """Begin a search.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.search import open_storage
    >>> studies = new_studies(open_storage(Path("begun")), "widths", Settings(trials=8, epochs=1, best=0))
    >>> [trial.state.name for trial in studies.short.trials]  # the base, which is tried first
    ['WAITING']

    Args:
        storage: of its trials.
        name: of the search in there.
        settings: of it; its base is the first trial, where the space holds it.
        preflight: of the base, to keep beside the trials.

    Returns:
        Its studies.
    """
    if not holds_search(storage, name):
        _remove(storage, name)
    try:
        optuna.create_study(storage=storage, study_name=_long(name), direction="minimize")
        short = optuna.create_study(storage=storage, study_name=name, direction="minimize")
    except optuna.exceptions.DuplicatedStudyError as error:
        refuse_present(name, error)
    short.set_user_attr(_TRIALS, settings.trials)
    short.set_user_attr(_SOURCE, source_now())
    short.set_user_attr(_PREFLIGHT, None if preflight is None else preflight.to_plain())
    _try_base(short, settings)
    short.set_user_attr(_SETTINGS, settings.to_plain())  # last: a search without them has not begun
    return _studies(storage, name, settings)


def joined_studies(storage: "optuna.storages.BaseStorage", name: str, trials: int | None = None) -> Studies:
    """Join a search.

    >>> import optuna
    >>> storage = optuna.storages.InMemoryStorage()  # or open_storage(FOLDER)
    >>> _ = new_studies(storage, "widths", Settings(trials=8, epochs=1, best=0))
    >>> joined_studies(storage, "widths", trials=12).settings.trials  # four more
    12

    Args:
        storage: of its trials.
        name: of the search in there.
        trials: in the short stage from now on; None keeps their number.

    Returns:
        Its studies.

    Raises:
        ConfigurationError: no search of that name, one that was killed before it began, or fewer trials than before.
        InputError: settings that no search writes.
    """
    with odd_values("the trials of a search", name, _MOVE, AssertionError):
        kept = _kept(storage, name)
        if trials is not None and trials != kept[_TRIALS]:
            if trials < kept[_TRIALS]:
                raise ConfigurationError(
                    f"at least {kept[_TRIALS]} trials, as planned so far", str(trials), "a count of further trials",
                    "pass the number of trials in all",
                )  # fmt: skip
            _loaded(storage, name).set_user_attr(_TRIALS, trials)
        settings = settings_from_plain(kept[_SETTINGS], kept[_TRIALS] if trials is None else trials)
        return _studies(storage, name, settings)


def holds_search(storage: "optuna.storages.BaseStorage", name: str) -> bool:
    """Whether a storage holds a search that has begun.

    >>> import optuna
    >>> storage = optuna.storages.InMemoryStorage()  # or open_storage(FOLDER)
    >>> _ = new_studies(storage, "widths", Settings(trials=8, epochs=1, best=0))
    >>> holds_search(storage, "widths"), holds_search(storage, "rates")
    (True, False)

    Args:
        storage: to look into.
        name: of the search.
    """
    return _begun(storage, name) is not None


def searches_in(storage: "optuna.storages.BaseStorage") -> list[str]:
    """Names of the searches in a storage.

    >>> import optuna
    >>> storage = optuna.storages.InMemoryStorage()  # or open_storage(FOLDER)
    >>> _ = new_studies(storage, "widths", Settings(trials=8, epochs=1, best=0))
    >>> searches_in(storage)
    ['widths']

    Args:
        storage: to look into.
    """
    return sorted(name for name in _names(storage) if holds_search(storage, name))


def refuse_absent(name: str) -> NoReturn:
    """Say that a search is to be resumed and is not there.

    Args:
        name: of the search.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(
        f"a search named {name!r} to resume", "none", "another folder, --storage or --name, or one never begun",
        "start it without --resume",
    )  # fmt: skip


def refuse_present(name: str, error: Exception | None = None) -> NoReturn:
    """Say that a search is to begin and is there already.

    Args:
        name: of the search.
        error: of Optuna, which said so.

    Raises:
        ConfigurationError: always.
    """
    raise ConfigurationError(
        "a place without a search", f"one named {name!r}", "an earlier search",
        "pass --resume to go on with it, or another folder or --name",
    ) from error  # fmt: skip


def _kept(storage: "optuna.storages.BaseStorage", name: str) -> dict[str, Any]:
    kept = _begun(storage, name)
    return refuse_absent(name) if kept is None else kept


def _begun(storage: "optuna.storages.BaseStorage", name: str) -> dict[str, Any] | None:
    """What is kept beside the trials of a search; None of one that is not there, or has not begun."""
    kept = _attributes(storage, name) if name in _names(storage) else {}
    return kept if _SETTINGS in kept else None


def _attributes(storage: "optuna.storages.BaseStorage", name: str) -> dict[str, Any]:
    """What is kept beside the trials of a study, to read: `Study.user_attrs` is a deep copy of it, which takes long."""
    return storage.get_study_user_attrs(storage.get_study_id_from_name(name))


def _studies(storage: "optuna.storages.BaseStorage", name: str, settings: Settings) -> Studies:
    sampler = SeededTpe(settings.seed, settings.trials)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=WARMUP + 1)  # epochs count from 1
    short = optuna.load_study(storage=storage, study_name=name, sampler=sampler, pruner=pruner)
    long = optuna.load_study(
        storage=storage, study_name=_long(name), sampler=NoSampler(), pruner=optuna.pruners.NopPruner()
    )
    kept = _attributes(storage, name)  # those of an older version hold less
    source, preflight = dict(kept.get(_SOURCE, {})), checked_from_plain(kept.get(_PREFLIGHT))
    return Studies(settings=settings, short=short, long=long, source=source, preflight=preflight)


def _remove(storage: "optuna.storages.BaseStorage", name: str) -> None:
    """Remove what a search left that was killed before it began."""
    for left in _names(storage) & {name, _long(name)}:
        optuna.delete_study(study_name=left, storage=storage)


def _names(storage: "optuna.storages.BaseStorage") -> set[str]:
    return set(optuna.get_all_study_names(storage))


def _loaded(storage: "optuna.storages.BaseStorage", name: str) -> "optuna.Study":
    return optuna.load_study(storage=storage, study_name=name)


def _try_base(short: "optuna.Study", settings: Settings) -> None:
    params = params_of(settings.space, settings.base)
    if params is not None:
        short.enqueue_trial(params, user_attrs={DIGEST: settings.base.trained_for(settings.epochs).digest})


def _long(name: str) -> str:
    return f"{name}/long"
