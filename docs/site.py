"""Which pages has the site besides those of this folder, and where do links between them lead? Hooks of MkDocs.

Links in the sources lead from file to file of the repository, so that they work where the repository is read. A link
that shows the name of a file there shows the heading of the page here.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+\.md)(#[^)\s]*)?\)")
NAMED = re.compile(r"\[[\w./-]+\.md\](?=\((?!\w+:)([^)#\s]+\.md)(?:#[^)\s]*)?\))")
CODE = re.compile(r"(?<=<code>)[^<]+(?=</code>)")
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def elsewhere() -> dict[str, str]:
    """Pages from outside the folder `docs`: path in the repository to path in the site."""
    of_trainlint = ROOT / "trainlint" / "docs"
    pages = sorted(path.relative_to(of_trainlint).as_posix() for path in of_trainlint.rglob("*.md"))
    return {
        "CONTRIBUTING.md": "contributing.md",
        "CHANGELOG.md": "changelog.md",
        "trainlint/README.md": "trainlint/index.md",
        "trainlint/CHANGELOG.md": "trainlint/changelog.md",
        **{f"trainlint/docs/{page}": f"trainlint/{page}" for page in pages},
    }


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401
    """Add the pages from elsewhere."""
    for source, page in elsewhere().items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401
    """Turn links between files of the repository into links between pages, and names of files into headings.

    Examples with prompts are shown as those of docstrings are.
    """
    pages = elsewhere()
    sources = {there: source for source, there in pages.items()}
    here = page.file.src_uri
    folder = posixpath.dirname(sources.get(here, f"docs/{here}"))

    def lead(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        there = pages.get(target, target.removeprefix("docs/"))
        return f"]({posixpath.relpath(there, posixpath.dirname(here) or '.')}{match[2] or ''})"

    def entitled(match: re.Match[str]) -> str:
        return f"[{heading(ROOT / folder / match[1])}]"

    return LINK.sub(lead, NAMED.sub(entitled, markdown)).replace("```python\n>>> ", "```pycon\n>>> ")


def heading(path: Path) -> str:
    """The first heading of a page."""
    return re.findall(r"^# (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)[0]


def on_page_content(html: str, **_: object) -> str:
    """Keep an option of a command in one piece, and show a bar of code in a table without the backslash before it.

    A line may break after any hyphen otherwise. Markdown of tables wants the backslash, and leaves it in code.
    """

    def shown(code: re.Match[str]) -> str:
        return OPTION.sub(r'<span class="option">\g<0></span>', code[0].replace(r"\|", "|"))

    return CODE.sub(shown, html)
