"""`trainlint doctor`: will this training learn? Every check that can be made before its first update."""

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments.

    Args:
        parser: of the command.
    """
    parser.epilog = (
        "FUNCTION takes nothing and returns the arguments of trainlint.preflight as a dictionary: step, model, batch, "
        "and where they are wanted optimizer, scheduler, ticks, split, learn, checks."
    )
    parser.add_argument("target", metavar="FILE.py:FUNCTION", help="what to try, such as train.py:parts")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print one line per check, and what its findings mean.

    Args:
        arguments: as parsed.

    Returns:
        The exit code: 0 where every line passed, 1 otherwise.
    """
    from ..before.preflight import preflight  # after the parser has answered
    from ..report import show_preflight

    return show_preflight(preflight(**_parts(arguments.target)), as_json=arguments.json)


def _parts(target: str) -> dict[str, Any]:
    """What the user's function returns.

    Raises:
        InputError: no such file or function, or it returns something else.
    """
    file, _, name = target.rpartition(":")
    if not Path(file).is_file() or not name:
        raise InputError("FILE.py:FUNCTION", repr(target), "a wrong path or no colon", "pass train.py:parts")
    sys.path.insert(0, str(Path(file).resolve().parent))
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    if spec is None or spec.loader is None:
        raise InputError("a Python file", file, "another ending than .py", "rename it")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = vars(module).get(name)
    if not callable(function):
        known = ", ".join(each for each, value in vars(module).items() if callable(value) and not each.startswith("_"))
        got = f"none; it has {known or 'no function'}"
        raise InputError(f"a function {name} in {file}", got, "a misspelt name", "pass one of them")
    parts = function()
    missing = {"step", "model", "batch"} - (set(parts) if isinstance(parts, dict) else set())
    if missing or not isinstance(parts, dict):
        got = f"a {type(parts).__name__} without {', '.join(sorted(missing))}"
        raise InputError("a dictionary with step, model and batch", got, "another return value", "return those three")
    return parts
