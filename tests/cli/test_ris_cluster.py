"""Does a suite on the workers of a cluster come to the rows of one process?"""

from pathlib import Path

import pytest
from running import Run
from test_ris_suite import SUITE, rows_in

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
    pytest.mark.usefixtures("quick_workers"),
]


def test_cells_are_the_same_on_workers(ris: Run) -> None:
    Path("suite.toml").write_text(SUITE, encoding="utf-8")
    assert ris("bench", "suite.toml", "--out", "one").code == 0
    assert ris("bench", "suite.toml", "--out", "two", "--cluster", "2").code == 0
    assert rows_in("two") == rows_in("one")
