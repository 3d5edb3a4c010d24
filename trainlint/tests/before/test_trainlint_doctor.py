"""Does `trainlint doctor` try what a function of the user's returns, and refuse what it cannot try?"""

import json
from pathlib import Path

import pytest

from trainlint.cli import main

PARTS = """
import torch
from torch.nn import functional as F

def parts():
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    x = torch.randn(16, 2)
    step = lambda net, batch: F.mse_loss(net(batch)CUT, batch[:, :1])
    return {"step": step, "model": model, "batch": x, "optimizer": torch.optim.Adam(model.parameters(), 1e-2)}

def nothing():
    return {"model": None}
"""


@pytest.mark.parametrize(("cut", "code"), [("", 0), (".detach()", 1)])
def test_one_batch_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str], cut: str, code: int) -> None:
    (tmp_path / "parts_of_a_user.py").write_text(PARTS.replace("CUT", cut), encoding="utf-8")
    assert main(["doctor", f"{tmp_path}/parts_of_a_user.py:parts"]) == code
    out = capsys.readouterr().out
    assert ("RT121" in out) == bool(cut)
    assert "forward and loss" in out


@pytest.mark.parametrize(
    "target", ["none.py:f", "parts_of_a_user.py", "parts_of_a_user.py:a", "parts_of_a_user.py:nothing"]
)
def test_what_cannot_be_tried_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("parts_of_a_user.py").write_text(PARTS.replace("CUT", ""), encoding="utf-8")
    assert main(["doctor", target]) == 2
    assert capsys.readouterr().err.startswith("trainlint: wanted ")


@pytest.mark.parametrize("output", ["json", "github", "sarif"])
def test_findings_come_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str) -> None:
    (tmp_path / "parts_of_a_user.py").write_text(PARTS.replace("CUT", ".detach()"), encoding="utf-8")
    assert main(["doctor", f"{tmp_path}/parts_of_a_user.py:parts", "--output", output]) == 1
    out = capsys.readouterr().out
    assert "RT121" in out
    assert (output == "github") == out.startswith("::error file=")
    if output != "github":
        told = json.loads(out)
        assert ("runs" in told) == (output == "sarif")
        assert output == "sarif" or {"lines", "findings", "passed"} <= told.keys()


def test_what_is_known_or_ignored_does_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "parts_of_a_user.py").write_text(PARTS.replace("CUT", ".detach()"), encoding="utf-8")
    target = f"{tmp_path}/parts_of_a_user.py:parts"
    assert main(["doctor", target, "--write-baseline", f"{tmp_path}/known.json"]) == 0
    assert main(["doctor", target, "--baseline", f"{tmp_path}/known.json"]) == 0
    assert "let pass: RT121" in capsys.readouterr().out
    assert main(["doctor", target, "--select", "RT4"]) == 0
    assert main(["doctor", target, "--ignore", "RT4"]) == 1
