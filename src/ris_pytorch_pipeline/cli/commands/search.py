"""`ris search`: hyper-parameters by GOSPA over the bound; many short trials, then the best of them long."""

import argparse
from dataclasses import replace

from trainlint import Preflight

from ...errors import ConfigurationError, InfeasibleError
from ...experiment import TrainingExperiment
from ...files import Lock, check_can_make, is_there, make_folder, parent_watch
from ...search import (
    Checked,
    Locating,
    Recipe,
    Settings,
    Studies,
    TrainAndLocate,
    check_effects,
    holds_search,
    joined_studies,
    new_studies,
    open_storage,
    read_storage,
    results_of,
    space_of,
    watched,
    work,
    write_results,
)
from ...search.extra import optuna
from ...search.kept.names import JOURNAL
from ...search.kept.studies import refuse_absent, refuse_present
from ...tasks import Executor
from ...tasks.watch import Watch
from ...train.files.calibrated import require_same
from ..forms.base_checked import base_preflight, require_search
from ..forms.search_workers import name_of, start_workers
from ..options.executing import check_cluster, executor_of, say, task_limit_of
from ..options.scenes.hardware import calibration_name, hardware_for
from ..options.search_options import RESUMED
from ..options.storage_url import with_url
from ..options.training_experiment import training_of
from ..showing.preflight_shown import show_counted
from ..showing.search_shown import print_results
from .train import check_alone, stop

MOST_WORKERS = 1024


def run(arguments: argparse.Namespace) -> int:
    """Begin a search, join it, or print a space.

    Returns:
        The exit code: 0, or 1 where a check of the base failed (nothing was written) or no trial came to an end.

    Raises:
        ConfigurationError: no folder, or a search that is there already, or not.
        KeyboardInterrupt: Ctrl-C or SIGTERM, once what is finished is written.
    """
    if arguments.print_space:
        print(space_of(arguments.space or "small", _base_of(arguments).network).to_toml(), end="")
        return 0
    if arguments.folder is None:
        raise ConfigurationError("a folder for the search", "none", "an argument left out", "write `ris search DIR`")
    check_alone("search")
    arguments = with_url(arguments)
    workers, _ = _workers(arguments), task_limit_of(arguments, here=True)
    if arguments.worker:
        return _join(arguments, _joined(arguments, _storage(arguments)))
    settings = None if arguments.resume else settings_of(arguments)
    if settings is None:
        _check_resumed(arguments)
    else:
        require_search(settings, workers, arguments)
    storage = _place(arguments)
    with executor_of(arguments, watched=False) as executor:  # each process watches its own trials
        checked = _checked(arguments, settings, executor)
        if checked is not None and not checked.passed:
            return stop("a check of the base failed and nothing was written; --no-preflight searches all the same")
        make_folder(arguments.folder)
        with Lock(arguments.folder):
            studies = _studies(arguments, storage, settings, checked)
            try:
                alone = workers == 1 and arguments.cluster is None
                code = _join(arguments, studies) if alone else start_workers(arguments, workers, executor)
            except KeyboardInterrupt:
                write_results(arguments.folder, studies, results_of(studies, complete=False))
                raise
            return _finish(arguments, studies, code)


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The search that a command line describes.

    Args:
        arguments: of the command.

    Returns:
        Settings whose every knob changes something.

    Raises:
        ConfigurationError: a value that does not fit, or a knob that cannot change the objective.
    """
    given = {name: x for name, x in vars(arguments).items() if x is not None}
    training = _base_of(arguments)
    hardware_for(arguments, training)  # one of another panel is refused before anything is written
    long_epochs = given.get("long_epochs", training.plan.epochs)
    locating = Locating(**{name: given[name] for name in ("polish", "doubt") if name in given})
    settings = Settings(
        base=Recipe(training=replace(training, plan=replace(training.plan, epochs=long_epochs)), locating=locating),
        space=space_of(given.get("space", "small"), training.network),
        epochs=given.get("epochs", max(1, long_epochs // 3)),
        long_epochs=long_epochs,
        known_order=given.get("order", "known") == "known",
        calibration=calibration_name(arguments.calibration),
        **{name: given[name] for name in ("trials", "best", "scenes") if name in given},
    )  # fmt: skip
    check_effects(settings.space, settings.base, settings.epochs)
    return settings


def _base_of(arguments: argparse.Namespace) -> TrainingExperiment:
    """What is trained unless the space says otherwise; `--epochs` is that of a short trial."""
    return training_of(argparse.Namespace(**{**vars(arguments), "epochs": None, "shards": None}))


def _checked(arguments: argparse.Namespace, settings: Settings | None, executor: Executor) -> Preflight | None:
    """What `ris train` would find before it trained the base; None where that is left out, or the search goes on."""
    if settings is None or not arguments.preflight:
        return None
    _check_free(arguments)
    found = base_preflight(settings, hardware_for(arguments, settings.base.training), executor)
    show_counted(found, as_json=arguments.json)
    return found


def _check_free(arguments: argparse.Namespace) -> None:
    """Refuse a folder before the checks take their time: one that is none, is in use, or holds a search already.

    Raises:
        ConfigurationError: it is in use, or holds a search.
        InputError: it cannot be a folder, or holds another program's journal.
    """
    check_can_make(arguments.folder)
    if not is_there(arguments.folder):
        return
    make_folder(arguments.folder)
    with Lock(arguments.folder):
        if is_there(arguments.folder / JOURNAL) and holds_search(read_storage(arguments.folder), name_of(arguments)):
            refuse_present(name_of(arguments))


def _studies(
    arguments: argparse.Namespace,
    storage: "optuna.storages.BaseStorage | None",
    settings: Settings | None,
    checked: Preflight | None,
) -> Studies:
    """The trials of a search that begins, or that goes on where it has no settings of its own."""
    name, storage = name_of(arguments), _storage(arguments) if storage is None else storage
    if settings is None:
        return _joined(arguments, storage)
    return new_studies(storage, name, settings, None if checked is None else Checked.of(checked))


def _joined(arguments: argparse.Namespace, storage: "optuna.storages.BaseStorage") -> Studies:
    """The trials of a search that is there, behind the panel that it began with.

    Raises:
        ConfigurationError: another panel, and nothing is written.
    """
    studies = joined_studies(storage, name_of(arguments))
    require_same(str(arguments.folder), studies.settings.calibration, calibration_name(arguments.calibration))
    return studies if arguments.trials is None else joined_studies(storage, name_of(arguments), arguments.trials)


def _join(arguments: argparse.Namespace, studies: Studies) -> int:
    """Work in this process."""
    settings = studies.settings
    training = settings.base.training
    objective = TrainAndLocate(
        scenario=training.scenario, scenes=settings.scenes, seed=settings.seed, known_order=settings.known_order,
        kinds=training.kinds, hardware=hardware_for(arguments, training), calibration=settings.calibration or "",
    )  # fmt: skip
    check, watch = parent_watch() if arguments.worker else lambda: None, Watch(arguments.task_limit, say)
    try:
        work(studies, watched(objective, watch), arguments.folder, _silence if arguments.json else _say, check)
    except InfeasibleError as error:
        return stop(str(error))
    return 0


def _finish(arguments: argparse.Namespace, studies: Studies, code: int) -> int:
    results = results_of(studies, complete=code == 0)
    write_results(arguments.folder, studies, results)
    print_results(arguments.folder, studies, results, as_json=arguments.json)
    return 1 if code or results.best is None else 0


def _check_resumed(arguments: argparse.Namespace) -> None:
    """Refuse options that a resumed search keeps from its beginning.

    Raises:
        ConfigurationError: naming one.
    """
    kept = ("space", "epochs", "best", "long_epochs", "scenes", "order", "polish", "doubt", "preset", "config", "seed",
            "n_train", "n_val")  # fmt: skip
    named = [f"--{name.replace('_', '-')}" for name in kept if vars(arguments)[name] is not None]
    if named:
        raise ConfigurationError(
            f"{', '.join('--' + name.replace('_', '-') for name in RESUMED)} alone with --resume", named[0],
            "a setting that is kept beside the trials", f"leave out {named[0]}, or begin in another folder",
        )  # fmt: skip


def _place(arguments: argparse.Namespace) -> "optuna.storages.BaseStorage | None":
    """The database of the search, or None for the journal in its folder, which is not made for what is refused."""
    name, journal = name_of(arguments), arguments.folder / JOURNAL
    storage = None if arguments.storage is None else _storage(arguments)
    held = is_there(journal) if storage is None else holds_search(storage, name)
    if arguments.resume and not held:
        refuse_absent(name)
    if storage is not None and held and not arguments.resume:
        refuse_present(name)
    return storage


def _workers(arguments: argparse.Namespace) -> int:
    """How many processes join the search: those of `--workers`, else as many as `--cluster` starts, else this one.

    Raises:
        ConfigurationError: none or too many, or workers of a scheduler or queue whose number nobody gave.
    """
    where = arguments.cluster
    check_cluster(where)
    if arguments.workers is None and where is not None and not where.isdecimal():
        raise ConfigurationError(
            f"--workers N beside --cluster {where}", "none", "workers that come and go, whose number is not known",
            "pass as many as are to search at a time",
        )  # fmt: skip
    workers = int(where or 1) if arguments.workers is None else arguments.workers
    if not 1 <= workers <= MOST_WORKERS:
        raise ConfigurationError(f"--workers of 1 to {MOST_WORKERS}", str(workers), "a slip", "pass as many as cores")
    return workers


def _storage(arguments: argparse.Namespace) -> "optuna.storages.BaseStorage":
    return open_storage(arguments.folder, arguments.storage)


def _say(line: str) -> None:
    print(line, flush=True)


def _silence(line: str) -> None:
    """Drop a line: JSON is wanted alone."""
