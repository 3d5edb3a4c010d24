"""How does a file become a tree: decoded, parsed, or refused with a reason?"""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from ....errors import InputError
from .scopes import SourceFile

SKIPPED = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
"""Folders that hold nobody's own source; those whose names start with a dot are passed over too."""


def sources(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Python files, and those below folders, each once, in order.

    Args:
        paths: files and folders.

    Raises:
        InputError: a path does not exist.
    """
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        if not path.exists():
            raise InputError("a Python file or a folder", str(given), "no such path", "check the spelling")
        found = [path] if path.is_file() else sorted(p for p in path.rglob("*.py") if p.is_file() and _own(p, path))
        for each in found:
            if each not in seen:
                seen.add(each)
                yield each


def _own(path: Path, root: Path) -> bool:
    parts = path.relative_to(root).parts[:-1]
    return not any(p in SKIPPED or p.startswith(".") for p in parts)


def decode(data: bytes, path: str) -> str:
    """The text of a source file, by the encoding that it declares.

    Args:
        data: its bytes.
        path: its name, for the message.

    Raises:
        InputError: the bytes are not text in that encoding.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.IncrementalNewlineDecoder(None, translate=True).decode(data.decode(encoding), final=True)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"Python source in {path}", f"bytes that are no text ({error})", "another encoding, or a binary file",
            "save it as UTF-8, or declare its encoding in the first line",
        ) from error  # fmt: skip


def parse(text: str, path: str) -> SourceFile:
    """A text as a tree.

    Args:
        text: the source.
        path: its name.

    Raises:
        InputError: it is no Python, or nested too deeply for Python itself.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's text is not ours to report
            return SourceFile(path, text, ast.parse(text))
    except SyntaxError as error:
        where = f"{path}:{error.lineno or 1}:{error.offset or 1}"
        raise InputError(f"Python source in {where}", str(error.msg), "another version of Python, or a typing error",
                         "let Python compile the file first") from error  # fmt: skip
    except ValueError as error:
        raise InputError(f"Python source in {path}", str(error), "null bytes in a binary or damaged file",
                         "save it again as text") from error  # fmt: skip
    except (RecursionError, MemoryError) as error:
        raise InputError(f"Python source in {path}", "an expression nested too deeply to parse", "generated code",
                         "leave this file out") from error  # fmt: skip
