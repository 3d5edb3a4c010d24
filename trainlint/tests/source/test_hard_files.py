"""Files that are damaged, huge or absurdly nested are refused or read, and never crash the check."""

from pathlib import Path

import pytest
from handbook.examples.read import broken

from trainlint.before.source.checking import check_paths, check_source
from trainlint.errors import InputError

BAD = {
    "syntax.py": b"def f(:\n",
    "null.py": b"import torch\x00\n",
    "latin.py": b"# caf\xe9\nimport torch\n",
    "unknown.py": b"# -*- coding: klingon -*-\nimport torch\n",
    "deep.py": b"import torch\noptimizer.step\nx = " + b"(" * 400 + b"1" + b")" * 400 + b"\n",
    "sum.py": b"import torch\nloss.backward()\nx = " + b"+".join([b"x"] * 20_000) + b"\n",
    "chain.py": b"import torch\nloss.backward()\nx = y" + b".f()" * 20_000 + b"\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_named_and_the_others_are_checked(tmp_path: Path, name: str):
    (tmp_path / "good.py").write_text(broken("RT602"), encoding="utf-8")
    (tmp_path / name).write_bytes(BAD[name])
    found, errors = check_paths([tmp_path / "good.py", tmp_path / name])
    assert [f.code for f in found if f.path.endswith("good.py")] == ["RT602"]
    assert len(errors) == 1
    assert name in str(errors[0])


def test_nesting_that_python_still_parses_is_read_or_refused():
    for depth in (50, 95):
        text = "import torch\nloss.backward()\nx = " + "[" * depth + "]" * depth + "\n"
        assert check_source(text) == []
    blocks = "".join(" " * n + "if x:\n" for n in range(95)) + " " * 95 + "loss.backward()\n"
    assert check_source("import torch\n" + blocks) == []


def test_a_very_long_file_is_read():
    text = broken("RT603") + "".join(f"value_{n} = [{n}, torch.zeros({n})]\n" for n in range(2_000))
    assert "RT603" in {f.code for f in check_source(text)}


def test_marks_windows_lines_and_other_encodings_are_read(tmp_path: Path):
    text = broken("RT603")
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (tmp_path / "cyr.py").write_bytes(("# -*- coding: cp1251 -*-\n# обучение\n" + text).encode("cp1251"))
    found, errors = check_paths(sorted(tmp_path.iterdir()))
    assert errors == []
    assert [(Path(f.path).name, f.code) for f in found] == [("bom.py", "RT603"), ("cyr.py", "RT603")]


def test_column_counts_characters():
    text = broken("RT601").replace("            optimizer.step", "            'ä'; optimizer.step")
    (finding,) = [f for f in check_source(text) if f.code == "RT601"]
    assert text.splitlines()[finding.line - 1][finding.column - 1 :] == "optimizer.step"


def test_a_recursive_program_is_read():
    text = "import torch\ndef f(n):\n    return g(n)\ndef g(n):\n    loss.backward()\n    return f(n - 1)\nf(3)\n"
    assert check_source(text) == []


def test_text_that_is_no_python_is_refused():
    with pytest.raises(InputError, match=r"train\.py:1"):
        check_source("def f(:", "train.py")
