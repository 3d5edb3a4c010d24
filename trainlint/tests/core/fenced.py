"""Which blocks do README and the pages of trainlint have?"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {"README.md": ROOT / "README.md"} | {
    path.relative_to(ROOT / "docs").as_posix(): path for path in sorted((ROOT / "docs").rglob("*.md"))
}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of a page, and the language that its fence states."""

    page: str
    kind: str
    text: str


def every_block() -> list[Block]:
    texts = ((name, path.read_text(encoding="utf-8")) for name, path in PAGES.items())
    return [Block(name, kind, text) for name, page in texts for kind, text in FENCE.findall(page)]


def block(page: str, kind: str, words: str) -> str:
    """The text of the only block of a page that contains these words."""
    (found,) = (each for each in every_block() if (each.page, each.kind) == (page, kind) and words in each.text)
    return found.text
