"""Do the examples in the docstrings of the rooms importing and calibrate say what happens?"""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import ris_pytorch_pipeline
from ris_pytorch_pipeline import calibrate, importing, physics

ROOT = Path(ris_pytorch_pipeline.__file__).parent
PHYSICS = {name: getattr(physics, name) for name in physics.__all__}
OWN = {
    "importing": PHYSICS | {name: getattr(importing, name) for name in importing.__all__},
    "calibrate": PHYSICS | {name: getattr(calibrate, name) for name in calibrate.__all__},
}


def modules_with_examples() -> list[str]:
    files = [path for room in OWN for path in sorted((ROOT / room).rglob("*.py"))]
    found = [path for path in files if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found]


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_of_import_and_calibrate_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where examples write their files
    names = OWN[module.split(".")[0]]
    found = doctest.DocTestFinder().find(import_module(f"ris_pytorch_pipeline.{module}"), extraglobs=names)
    examples = [test for test in found if test.examples]
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert examples
    for test in examples:
        messages: list[str] = []
        runner.run(test, out=messages.append)
        assert not messages, "".join(messages)
