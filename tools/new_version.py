"""Prepares a release: the version, its date and the project's address are written wherever they stand, once and alike.

    make release VERSION=0.2.0 URL=https://host/group/project

The address is asked for here because the sources know none: a project that is moved or forked is released with its own.
Nothing is committed, tagged or published; the last lines say how.
"""

import argparse
import datetime
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

Edit = Callable[[str], str]
VERSION = re.compile(r"\d+\.\d+\.\d+")
ADDRESS = re.compile(r"https://[\w.-]+(?::\d+)?/[\w./~-]*[\w~-]")


class Refused(Exception):
    """What was wanted, what came, the likely cause and the next move."""


def replaced(pattern: str, new: str) -> Edit:
    r"""The edit that puts `new` in place of the first line that `pattern` matches.

    >>> replaced(r"version: .*", "version: 0.2.0")("cff-version: 1\nversion: 0.1.0\n")
    'cff-version: 1\nversion: 0.2.0\n'
    """

    def edit(text: str) -> str:
        text, found = re.subn(rf"^{pattern}$", lambda _: new, text, count=1, flags=re.MULTILINE)
        if not found:
            raise Refused(
                f"wanted a line like {pattern!r}, found none: the file's form changed; mend tools/new_version.py"
            )
        return text

    return edit


def stated(name: str, table: str, following: str) -> Edit:
    """The edit that states the block `name`, anew or for the first time, before the line `following`."""
    block = re.compile(rf"^{re.escape(name)}.*?(?=^{re.escape(following)})", flags=re.MULTILINE | re.DOTALL)

    def edit(text: str) -> str:
        return replaced(re.escape(following), f"{name}{table}\n{following}")(block.sub("", text))

    return edit


def addresses(url: str, changelog: str) -> str:
    """The lines of `[project.urls]`: the labels that package indices know (PEP 753)."""
    labels = {"Homepage": url, "Source": url, "Issues": f"{url}/issues", "Changelog": f"{url}/blob/main/{changelog}"}
    return "\n" + "".join(f'{label} = "{address}"\n' for label, address in labels.items())


def edits(version: str, url: str, date: str) -> Mapping[str, tuple[Edit, ...]]:
    """Every file that states the version, its date or the address, and how each is written."""
    number = replaced(r'version = ".*"', f'version = "{version}"')
    heading = r"## \[?Unreleased\]?"
    return {
        "pyproject.toml": (number, stated("[project.urls]", addresses(url, "CHANGELOG.md"), "[project.scripts]")),
        "trainlint/pyproject.toml": (
            number,
            stated("[project.urls]", addresses(url, "trainlint/CHANGELOG.md"), "[project.scripts]"),
        ),
        "src/ris_pytorch_pipeline/__init__.py": (replaced(r'__version__ = ".*"', f'__version__ = "{version}"'),),
        "CITATION.cff": (
            replaced(r"version: .*", f"version: {version}"),
            replaced(r"date-released: .*", f"date-released: {date}"),
            stated("repository-code:", f" {url}", "license: MIT"),
        ),
        "CHANGELOG.md": (replaced(heading, f"## [Unreleased]\n\n## [{version}] - {date}"),),
        "trainlint/CHANGELOG.md": (replaced(heading, f"## Unreleased\n\n## {version} ({date})"),),
    }


def release(root: Path, version: str, url: str, date: str) -> list[str]:
    """Writes every file of `edits` below `root` and returns their names.

    Raises:
        Refused: the version or the address is none, or a file has another form; nothing is written then.
    """
    if not VERSION.fullmatch(version):
        raise Refused(f"wanted VERSION as three numbers, came {version!r}: give it as VERSION=0.2.0")
    if not ADDRESS.fullmatch(url):
        raise Refused(f"wanted URL as the project's address, came {url!r}: give it as URL=https://host/group/project")
    whole = {}
    for name, changes in edits(version, url, date).items():
        text = (root / name).read_text(encoding="utf-8")
        for change in changes:
            text = change(text)
        whole[name] = text
    for name, text in whole.items():
        (root / name).write_text(text, encoding="utf-8")
    return list(whole)


def require_clean(root: Path) -> None:
    """Changes of the release must not mix with others.

    Raises:
        Refused: git knows of changes, or of files that it does not track.
    """
    if left := subprocess.check_output(["git", "status", "--porcelain"], cwd=root, text=True):
        raise Refused(f"wanted a tree without changes, came\n{left}commit or stash them first")


def main() -> None:
    """Asks git whether the tree is clean, writes, and says what comes next."""
    parser = argparse.ArgumentParser(description="Writes the version and the project's address wherever they stand.")
    parser.add_argument("version", help="three numbers, such as 0.2.0")
    parser.add_argument("url", help="the project's address, such as https://host/group/project")
    given = parser.parse_args()
    root = Path(__file__).parents[1]
    try:
        require_clean(root)
        names = release(root, given.version, given.url, datetime.date.today().isoformat())
    except Refused as refusal:
        parser.exit(2, f"error: {refusal}\n")
    print("written:", *names, sep="\n  ")
    print(f"next: git diff, make test, git commit -am 'Version {given.version}', git tag v{given.version}, make dist")


if __name__ == "__main__":
    main()
