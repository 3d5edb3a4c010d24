"""Which errors of torch and Python are the user's input after all? Those of size, and of values that nobody wrote."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import torch
from trainlint.errors import ExplainedError

from .errors import InfeasibleError, InputError

_MEMORY = ("t allocate memory", "not enough memory", "out of memory", "bad_alloc", "bad alloc")
"""How torch and C++ say that memory has run out."""
_THREAD = "can't start new thread"
"""All that Python says where a thread finds no memory for its stack, or the process may start no more of them."""
_ONEDNN = ("could not create a primitive", "could not create a memory object")
"""All that oneDNN says then; with more words behind them it speaks of what it cannot do."""
_SIZE = ("overflow", "invalid shape dimension", "size calculation", "negative dimension", "cannot be represented")
"""How torch says that a size is beyond what it can count."""


@contextmanager
def foreign_errors() -> Iterator[None]:
    """A block in which memory that is not there and numbers that fit nowhere end in one message.

    Yields:
        Nothing.

    Raises:
        InfeasibleError: memory ran out.
        InputError: a number beyond what integers and floats hold, or scenes without a covariance.
        RuntimeError: any other.
    """
    try:
        yield
    except MemoryError as error:
        _too_little(error)
    except (OverflowError, RecursionError) as error:
        raise InputError("numbers of the size that scenes have", str(error), "digits too many", "check them") from error
    except torch.linalg.LinAlgError as error:  # pyright: ignore[reportPrivateImportUsage]
        raise InputError(
            "scenes whose covariance can be inverted", str(error).splitlines()[0], "scenes that nobody measured",
            "check codes, channel and noise of the file",
        ) from error  # fmt: skip
    except RuntimeError as error:
        told = str(error).lower()
        if out_of_memory(error):
            _too_little(error)
        if any(words in told for words in _SIZE):
            raise InputError(
                "sizes that a tensor can have", str(error).splitlines()[0], "digits too many", "check the counts"
            ) from error
        raise


def out_of_memory(error: Exception) -> bool:
    """Whether an error of Python, torch or a GPU says that memory has run out.

    >>> out_of_memory(MemoryError()), out_of_memory(RuntimeError("CUDA out of memory")), out_of_memory(ValueError())
    (True, True, False)

    Args:
        error: that was raised.
    """
    told = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and (told.strip() in (*_ONEDNN, _THREAD) or any(words in told for words in _MEMORY))
    )


_ODD = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)
"""How Python says that a value is not of the kind that a program expects."""


@contextmanager
def odd_values(wanted: str, place: object, move: str, *more: type[Exception]) -> Iterator[None]:
    """A block that works with a document whose values only its own writer makes, and that anybody may have edited.

    Args:
        wanted: what the document is.
        place: where it is.
        move: what to do next.
        more: what else a library raises of such values; Optuna asserts them.

    Yields:
        Nothing.

    Raises:
        InputError: a value that no writer of ours leaves.
        ExplainedError: any that is raised on purpose.
    """
    try:
        yield
    except ExplainedError:
        raise
    except (*_ODD, *more) as error:
        got = f"{place}: {type(error).__name__} {error}"[:300]
        raise InputError(wanted, got, "a file of another version, or one that was edited", move) from error


def _too_little(error: Exception) -> NoReturn:
    told = (str(error).splitlines() or ["no memory left"])[0][:200]
    raise InfeasibleError(
        "memory for what was asked", told, "more scenes, elements or batches than fit, or a low --memory-limit",
        "ask for fewer at a time, or raise the limit",
    ) from error  # fmt: skip
