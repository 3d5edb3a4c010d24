"""Is every version that is pinned bound to the hashes of its files, and is another file of that version refused?"""

import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from hashes import HEAD, LISTS, REST, UNHASHED, needed, pins

ROOT = Path(__file__).parents[1]
NAMES = [*LISTS, REST]
PINNED = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))


def entries(name: str) -> dict[str, list[str]]:
    """`name==version` of a list, and the hashes of each."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"^(\S+==\S+) \\\n((?:    --hash=\S+(?: \\)?\n)+)", text, flags=re.MULTILINE)
    found = {line: re.findall(r"--hash=sha256:([0-9a-f]{64})\b", hashes) for line, hashes in blocks}
    said = [line for line in text.removeprefix(HEAD).splitlines() if not line.startswith("-r ")]
    assert len(said) == sum(1 + len(hashes) for hashes in found.values())  # nothing else is in it
    return found


def test_every_pinned_version_is_in_one_list_with_hashes_but_torch() -> None:
    every = [line for name in NAMES for line in entries(name)]
    assert len(every) == len(set(every))
    assert sorted(every) == sorted(
        f"{name}=={line.partition('==')[2]}" for name, line in PINNED.items() if name != UNHASHED
    )
    assert all(hashes for name in NAMES for hashes in entries(name).values())


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_what_its_extra_brings(name: str) -> None:
    held, left = set[str](), [name]
    while left:
        before, _ = LISTS[one := left.pop()]
        held |= {line.partition("==")[0] for line in entries(one)}
        left += before
    assert needed(LISTS[name][1], PINNED) - {"ris-pytorch-pipeline", "trainlint", UNHASHED} <= held


@pytest.mark.parametrize("vouched", [False, True])
def test_a_file_with_another_hash_is_refused(tmp_path: Path, vouched: bool) -> None:
    """A file of a pinned name and version that is none of the index's."""
    line = next(line for line in entries("dev") if line.startswith("toolz=="))
    name, _, version = line.partition("==")
    wheel = tmp_path / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("toolz.py", "raise SystemExit('somebody else wrote this')\n")
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    hashes = [sha256(wheel.read_bytes()).hexdigest()] if vouched else entries("dev")[line]
    asked = tmp_path / "asked.txt"
    asked.write_text(line + "".join(f" --hash=sha256:{each}" for each in hashes) + "\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--isolated", "install", "--no-deps", "--require-hashes", "--no-index",
         "--find-links", str(tmp_path), "--target", str(tmp_path / "there"), "--requirement", str(asked)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == vouched, done.stderr
    assert (tmp_path / "there" / "toolz.py").exists() == vouched
    assert vouched or "DO NOT MATCH THE HASHES" in done.stderr


def test_nothing_is_installed_from_the_lists_without_their_hashes() -> None:
    """pip takes a hash in a constraints file for a mistake, and dependencies of a hashed line for lines without one."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8") + (ROOT / "Containerfile").read_text(encoding="utf-8")
    for line in text.replace("\\\n", " ").splitlines():
        if "--requirement" in line:
            assert "--no-deps --require-hashes" in line, line
