"""Does every name in a room's table of contents load, and is every import listed?"""

import ast
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
STUBS = sorted(SOURCE.rglob("__init__.pyi"))


def imported_and_listed(stub: Path) -> tuple[set[str], list[str]]:
    """Names that a stub imports, and those in its `__all__`."""
    imported: set[str] = set()
    listed: list[str] = []
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            listed = ast.literal_eval(node.value)
    return imported, listed


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.parent.name)
def test_the_table_of_contents_holds(stub: Path) -> None:
    imported, listed = imported_and_listed(stub)
    assert set(listed) == imported
    room = importlib.import_module(".".join(stub.parent.relative_to(SOURCE).parts))
    assert set(room.__all__) == set(listed)
    for name in listed:
        assert getattr(room, name) is not None


def test_there_are_tables_to_check() -> None:
    assert {stub.parent.name for stub in STUBS} >= {"physics", "bounds", "estimate"}
