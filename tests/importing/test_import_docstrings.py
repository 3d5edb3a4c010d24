"""Do the examples in the docstrings of the rooms importing and calibrate say what happens?"""

import doctest
from importlib import import_module

import pytest

from ris_pytorch_pipeline import calibrate, importing, physics

NAMES = {name: getattr(room, name) for room in (physics, importing, calibrate) for name in room.__all__}


@pytest.mark.parametrize(
    "module", ["importing.mapping", "importing.scales", "calibrate.calibration", "calibrate.choice"]
)
def test_examples_of_import_and_calibrate_run(module: str) -> None:
    found = doctest.DocTestFinder().find(import_module(f"ris_pytorch_pipeline.{module}"), extraglobs=NAMES)
    examples = [test for test in found if test.examples]
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert examples
    for test in examples:
        messages: list[str] = []
        runner.run(test, out=messages.append)
        assert not messages, "".join(messages)
