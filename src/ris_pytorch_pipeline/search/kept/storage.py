"""Where are the trials of a search kept? In a journal in its folder, or in a database that many machines reach."""

import re
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError, InputError
from ...files import is_missing
from ..extra import optuna
from .journal import journal_storage, read_journal
from .names import JOURNAL


def open_storage(folder: Path, url: str | None = None) -> "optuna.storages.BaseStorage":
    """The storage of a search.

    >>> from optuna import get_all_study_names
    >>> from pathlib import Path
    >>> get_all_study_names(open_storage(Path("new")))
    []

    Args:
        folder: of the search, which holds the journal.
        url: of a database, such as `postgresql+psycopg://name@host/search`; None takes the journal.

    Returns:
        The storage.

    Raises:
        ConfigurationError: no URL of a database, or a driver that is not installed.
        InputError: a database that does not answer, or a journal that is none.
    """
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        return journal_storage(folder / JOURNAL)
    return _database(url)


def read_storage(folder: Path, url: str | None = None) -> "optuna.storages.BaseStorage":
    """The storage of a search that is looked at alone: its folder may be read-only, and stays as it is.

    A database is made neither, nor any table in it.

    >>> from optuna import create_study, get_all_study_names
    >>> from pathlib import Path
    >>> created = create_study(storage=open_storage(Path("kept")), study_name="widths")
    >>> get_all_study_names(read_storage(Path("kept")))
    ['widths']

    Args:
        folder: of the search, which holds the journal.
        url: of a database; None takes the journal.

    Returns:
        The storage; what writes to a journal is refused.

    Raises:
        ConfigurationError: no URL of a database, or a driver that is not installed.
        InputError: a journal that is none, none that can be read, or a database that does not answer.
    """
    return read_journal(folder / JOURNAL) if url is None else _database(url, made=False)


def _database(url: str, *, made: bool = True) -> "optuna.storages.RDBStorage":
    from sqlalchemy.exc import SQLAlchemyError

    shown, options = _described(url)
    if not made:
        _refuse_absent_file(url, shown)
    try:
        return optuna.storages.RDBStorage(url, engine_kwargs=options, skip_table_creation=not made)
    except ImportError as error:
        raise ConfigurationError(
            f"the driver of {shown}", str(error).splitlines()[0], "an install without it",
            "pip install 'ris-pytorch-pipeline[postgresql]', or the driver that SQLAlchemy names for your database",
        ) from error  # fmt: skip
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, RuntimeError) as error:
        deepest: BaseException = error
        while deepest.__cause__ is not None:
            deepest = deepest.__cause__
        raise InputError(
            f"a database at {shown}", str(deepest).splitlines()[0][:200], "a server that is down, a name or password "
            "mistyped, or a database of another version of Optuna", "start the server, or correct --storage",
        ) from error  # fmt: skip


def _refuse_absent_file(url: str, shown: str) -> None:
    """Refuse a database of SQLite that is not there, which opening would make.

    Raises:
        InputError: there is none.
    """
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and (not parsed.database or is_missing(Path(parsed.database))):
        raise InputError(f"a database at {shown}", "no such file", "a mistyped path", "correct --storage")


def _described(url: str) -> tuple[str, dict[str, Any]]:
    """A URL without its password, and how its connections are kept.

    Raises:
        ConfigurationError: no URL of a database.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigurationError(
            "the URL of a database", repr(re.sub(r"//[^@]*@", "//***@", url)), "a path in its place",
            "write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE, or leave --storage out for a journal",
        ) from error  # fmt: skip
    # A trial asks a server now and then: no connection stays open meanwhile, to be lost or to keep it from ending.
    kept: dict[str, Any] = {} if parsed.get_backend_name() == "sqlite" else {"poolclass": NullPool}
    return parsed.render_as_string(hide_password=True), kept
