"""Do the examples in the docstrings of the rooms say what happens? Those of physics and importing have tests beside."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import ris_pytorch_pipeline

ROOT = Path(ris_pytorch_pipeline.__file__).parent
BESIDE = {"physics", "importing", "calibrate"}


def modules_with_examples() -> list[str]:
    files = [path for path in sorted(ROOT.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return [name for name in names if name.split(".")[0] not in BESIDE]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_of_other_rooms_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where examples write their files
    module = import_module(f"{ris_pytorch_pipeline.__name__}.{name}")
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    examples = [test for test in doctest.DocTestFinder().find(module) if test.examples]
    assert examples
    for test in examples:
        messages: list[str] = []
        runner.run(test, out=messages.append)
        assert not messages, "".join(messages)
