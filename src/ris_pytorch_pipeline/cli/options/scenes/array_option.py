"""Which array does `--array` name? One that a configuration brings along, or a file."""

import argparse
from collections.abc import Collection
from pathlib import Path

from ....errors import ConfigurationError
from ....experiment.stored_arrays import ARRAY_FILES, keep_array
from ....physics.arrays import ARRAYS, LAYOUT, array_named


def array_file(arguments: argparse.Namespace) -> Path | None:
    """The file that `--array` names, if it names one."""
    path = Path(vars(arguments).get("scenario.array", ""))
    return path if path.suffix.lower() in ARRAY_FILES else None


def array_of_option(text: str, beside: Collection[str]) -> str:
    """The name of the array of `--array`; a file is read, and known by the name that it has in its folder.

    Args:
        text: a path that ends as files of arrays do, see `keep_array`; or `panel`, or a name of the configuration.
        beside: fields of the scenario that other options set.

    Raises:
        ConfigurationError: no such array, or an option beside it that describes a panel, or what the file says itself.
        RisError: elements or wavelengths that cannot be.
    """
    path = Path(text)
    name = keep_array(path.name, path) if path.suffix.lower() in ARRAY_FILES else text
    said = [field for field in LAYOUT if field in beside and name in ARRAYS and field not in array_named(name).fields]
    if said:
        option = f"--{said[0].replace('_', '-')}"
        raise ConfigurationError(
            f"--array {text} without {option}", "both", "two descriptions of one array",
            f"leave {option} out, or --array",
        )  # fmt: skip
    return name
