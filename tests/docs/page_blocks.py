"""Which blocks, fenced or indented, does a page have?"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^(?P<margin> *)```(?P<kind>\w*)[^\n]*\n(?P<fenced>.*?)^(?P=margin)```[ ]*$"
    r"|(?:(?<=\n\n)|\A)(?P<indented>(?:    [^\n]*\n|\n(?=    ))+)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Args:
        page: its path below the repository, or its name.
        kind: what a fence says, or `indented`.
        text: without its margin.
    """

    page: str
    kind: str
    text: str

    def commands(self) -> list[str]:
        """Its lines that say something, as a shell reads them: a line that ends in a backslash goes on."""
        lines = [line.split("  #")[0].strip() for line in self.text.replace("\\\n", " ").splitlines()]
        return [" ".join(line.split()) for line in lines if line and not line.startswith("#")]


def blocks_in(text: str, page: str) -> Iterator[Block]:
    """The blocks of a text, from above."""
    for found in BLOCK.finditer(text):
        kind = "indented" if found["indented"] else found["kind"]
        yield Block(page, kind, textwrap.dedent(found["indented"] or found["fenced"]).strip("\n") + "\n")


def every_block() -> list[Block]:
    """Those of README, CONTRIBUTING and the pages."""
    named = ((path, path.relative_to(ROOT).as_posix()) for path in PAGES)
    return [block for path, page in named for block in blocks_in(path.read_text(encoding="utf-8"), page)]
