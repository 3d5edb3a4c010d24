"""Do the examples in the docstrings of the physics room say what happens?"""

import doctest
import math
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from ris_pytorch_pipeline import physics

ROOT = Path(physics.__file__).parent
NAMES = {name: getattr(physics, name) for name in physics.__all__} | {"torch": torch, "np": np, "math": math}


def modules_with_examples() -> list[str]:
    files = [path for path in ROOT.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted(files)]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_run(name: str) -> None:
    module = import_module(f"{physics.__name__}.{name}")
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    examples = [test for test in doctest.DocTestFinder().find(module, extraglobs=NAMES) if test.examples]
    assert examples
    for test in examples:
        messages: list[str] = []
        runner.run(test, out=messages.append)
        assert not messages, "".join(messages)
