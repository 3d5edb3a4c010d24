"""Do the examples in the docstrings do what they say?"""

import doctest
import importlib
import pkgutil

import pytest

import trainlint

MODULES = sorted(
    info.name for info in pkgutil.walk_packages(trainlint.__path__, "trainlint.") if not info.name.endswith("__main__")
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert not failed


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    assert sum(bool(test.examples) for name in MODULES for test in finder.find(importlib.import_module(name))) >= 2
