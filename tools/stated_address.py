"""Which wheels state no address of the project? Says so in one line, and nothing where all of them do.

    python tools/stated_address.py dist/*.whl

That the sources state none is no fault, so the exit code is 0: `make dist` shows the line, and goes on.
"""

import argparse
import zipfile
from collections.abc import Sequence
from email.parser import BytesParser
from pathlib import Path


def states_address(wheel: Path) -> bool:
    """Whether the metadata of a wheel has a `Project-URL` (core metadata 1.2).

    Raises:
        ValueError: the file holds no metadata, or those of several packages.
    """
    with zipfile.ZipFile(wheel) as held:
        names = [name for name in held.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
        if len(names) != 1:
            raise ValueError(
                f"wanted a wheel with one METADATA, came {wheel} with {len(names)}: it is of another kind, "
                "or was not built by `python -m build`; build it anew with make dist"
            )
        return "Project-URL" in BytesParser().parsebytes(held.read(names[0]), headersonly=True)


def said(wheels: Sequence[Path]) -> str:
    """The line about those that state none; empty where all of them do."""
    without = " and ".join(wheel.name for wheel in wheels if not states_address(wheel))
    return without and f"no Project-URL: {without}; make release VERSION=... URL=... writes the address"


def main() -> None:
    """Print the line, if there is one."""
    parser = argparse.ArgumentParser(description="Says which wheels state no address of the project.")
    parser.add_argument("wheels", type=Path, nargs="+", help="such as dist/*.whl")
    if line := said(parser.parse_args().wheels):
        print(line)


if __name__ == "__main__":
    main()
