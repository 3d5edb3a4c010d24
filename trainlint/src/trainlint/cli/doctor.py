"""`trainlint doctor`: will this training learn? Every check that can be made before its first update."""

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .choices import Known, add_choice, add_output, codes, put

if TYPE_CHECKING:
    from ..before.preflight import Preflight
    from .keeper import Judged


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = (
        "FUNCTION takes nothing and returns the arguments of trainlint.preflight as a dictionary: step, model, batch, "
        "and where they are wanted optimizer, scheduler, ticks, split, learn, checks."
    )
    parser.add_argument("target", metavar="FILE.py:FUNCTION", help="what to try, such as train.py:parts")
    add_output(parser)
    add_choice(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per check, and what its findings mean.

    Returns:
        The exit code: 0 where every line passed, 1 otherwise.
    """
    from ..before.preflight import preflight  # after the parser has answered
    from .keeper import Keeper, folder_of, judged_of

    file = arguments.target.rpartition(":")[0]
    known = Known(arguments)
    tried = preflight(**_parts(arguments.target))
    keeper = Keeper(codes(arguments.select), codes(arguments.ignore), root=folder_of(file))
    judged = judged_of(tried.verdict, file, keeper, known)
    put(_told(tried, judged, arguments.output), arguments)
    return 0 if tried.passed or (judged.verdict.passed and judged.verdict.healthy) else 1


def _told(tried: "Preflight", judged: "Judged", output: str) -> str:
    from ..ledger import indented

    if output == "text":
        return "\n".join([str(tried), *(f"let pass: {text}" for text in judged.verdict.passed)])
    if output != "json":
        return judged.text(output)
    return indented({**tried.record(), **judged.record()})


def _parts(target: str) -> dict[str, Any]:
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
