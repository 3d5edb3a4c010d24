"""Which files may be installed? Writes requirements/*.txt: each version of constraints.txt, with SHA-256 of its files.

    make hashes

A list holds what is needed beyond the lists that it names: `run` for the package and its build, `report`, `serve` and
`dev` for these extras, `other` for the rest of constraints.txt. What needs what is read from the packages that are
installed beside this script, so that it runs in a developer's environment. The hashes are those of the index that `uv`
asks. torch has none: each index has its own builds of one version, for CPUs and for each CUDA, with libraries of their
own.
"""

import argparse
import subprocess
import sys
from collections.abc import Container, Iterable, Mapping
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = ("ris-pytorch-pipeline", "trainlint")
UNHASHED = "torch"
BUILD = "hatchling"
LISTS = {
    "run": ((), ("ris-pytorch-pipeline", BUILD)),
    "report": (("run",), ("ris-pytorch-pipeline[report]",)),
    "serve": (("run",), ("ris-pytorch-pipeline[serve]",)),
    "dev": (("report", "serve"), ("ris-pytorch-pipeline[dev]",)),
}
"""The lists that a list goes on from, and what it is for."""
REST = "other"
HEAD = "# Written by `make hashes`. To be installed with --no-deps, before torch.\n"


def pins(text: str) -> dict[str, str]:
    r"""The lines of constraints.txt by name.

    >>> pins("# words\nJinja2==3.1.6\ntorch==2.13.0\n")
    {'jinja2': 'Jinja2==3.1.6', 'torch': 'torch==2.13.0'}
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {canonicalize_name(line.partition("==")[0]): line for line in lines}


def needed(words: Iterable[str], pinned: Container[str]) -> set[str]:
    """Names of all that some requirements bring, as the installed packages say, our own packages included.

    Args:
        words: the requirements.
        pinned: names of constraints.txt; of what torch brings, no others count.
    """
    found = set[str]()
    left = [Requirement(word) for word in words]
    seen = set[tuple[str, str]]()
    while left:
        one = left.pop()
        name = canonicalize_name(one.name)
        found.add(name)
        for extra in {"", *one.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                inner = [Requirement(line) for line in requires(name) or ()]
                inner = [each for each in inner if each.marker is None or each.marker.evaluate({"extra": extra})]
                left += [each for each in inner if name != UNHASHED or canonicalize_name(each.name) in pinned]
    return found


def parts(pinned: Mapping[str, str]) -> dict[str, set[str]]:
    """The names of each list, each name in the first list that needs it.

    Raises:
        SystemExit: something is needed that constraints.txt does not pin.
    """
    found, taken = dict[str, set[str]](), {*OURS, UNHASHED}
    for name, (_, words) in LISTS.items():
        found[name] = needed(words, pinned) - taken
        taken |= found[name]
    if lost := taken - pinned.keys() - {*OURS}:
        raise SystemExit(f"constraints.txt without {', '.join(sorted(lost))}, which the packages need: pin them first")
    return found | {REST: pinned.keys() - taken}


def hashed(uv: str, lines: Iterable[str]) -> str:
    """Lines with the hashes of all files of their versions, for every platform.

    Raises:
        SystemExit: uv fails; it has said why.
    """
    words = ("pip", "compile", "--quiet", "--no-deps", "--generate-hashes", "--no-annotate", "--no-header")
    version = ("--python-version", f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}")
    done = subprocess.run([uv, *words, *version, "-"], input="\n".join(lines), text=True, stdout=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(description="Hashes of all that is installed.")
    parser.add_argument("uv", help="the program")
    parser.add_argument("root", type=Path, nargs="?", default=Path(), help="of the project")
    given = parser.parse_args()
    pinned = pins((given.root / "constraints.txt").read_text())
    begun = {name: before for name, (before, _) in LISTS.items()} | {REST: ()}
    (given.root / "requirements").mkdir(exist_ok=True)
    for name, names in parts(pinned).items():
        text = HEAD + "".join(f"-r {before}.txt\n" for before in begun[name])
        text += hashed(given.uv, [pinned[each] for each in sorted(names)])
        (given.root / "requirements" / f"{name}.txt").write_text(text)
        print(f"requirements/{name}.txt: {len(names)} packages, {text.count('--hash=')} files")


if __name__ == "__main__":
    main()
