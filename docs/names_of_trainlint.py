"""How do the names of trainlint come onto its page, with signature and docstring? Hooks of MkDocs.

trainlint/docs/api.md has a heading and an example of each name. On the site the entry of mkdocstrings stands in place
of the heading, and the entries of a class's methods behind the example. mkdocstrings reads no folder without an
`__init__.py`; trainlint has none in its subfolders, since its wheel has no room for them. So it reads a copy that has.
"""

import inspect
import re
import shutil
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority

import trainlint

PAGE = "trainlint/api.md"
SOURCE = Path(__file__).parents[1] / "trainlint" / "src"
SECTION = re.compile(r"^### `(\w+)`$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


@event_priority(50)  # before mkdocstrings looks at its settings
def on_config(config: Any) -> Any:  # noqa: ANN401
    """Make the copy, beside the site, and have it read."""
    copy = Path(config.site_dir).with_name("documented")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (copy / "trainlint").rglob("*/"):
        (folder / "__init__.py").touch()
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"].append(str(copy))
    return config


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401
    """Put the entries of names into their page."""
    return SECTION.sub(entries, markdown) if page.file.src_uri == PAGE else markdown


def entries(section: re.Match[str]) -> str:
    """The entry of a name, what the page says of it, and the entries of its methods."""
    name, text = section[1], section[2].strip()
    methods = (f"::: trainlint.{name}.{each}\n    options: {{heading_level: 4}}\n" for each in methods_of(name))
    return "\n".join([f"::: trainlint.{name}\n    options: {{members: false}}\n\n{text}\n", *methods, ""])


def methods_of(name: str) -> list[str]:
    """Methods and properties that a class itself has and explains."""
    value = getattr(trainlint, name)
    own = vars(value).items() if inspect.isclass(value) else ()
    kinds = (inspect.isroutine, inspect.isdatadescriptor)
    return [each for each, member in own if each[0] != "_" and any(kind(member) for kind in kinds) and member.__doc__]
