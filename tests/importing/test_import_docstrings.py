"""Do the examples in the docstrings of the rooms importing and calibrate say what happens?"""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

from ris_pytorch_pipeline import calibrate, importing, physics

NAMES = {name: getattr(room, name) for room in (physics, importing, calibrate) for name in room.__all__}


MODULES = [
    "importing.assembling",
    "importing.mapping",
    "importing.scales",
    "calibrate.calibration",
    "calibrate.calibration_file",
    "calibrate.choice",
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_import_and_calibrate_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where examples write their files
    found = doctest.DocTestFinder().find(import_module(f"ris_pytorch_pipeline.{module}"), extraglobs=NAMES)
    examples = [test for test in found if test.examples]
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert examples
    for test in examples:
        messages: list[str] = []
        runner.run(test, out=messages.append)
        assert not messages, "".join(messages)
