"""Every rule of the source names its broken script, and none speaks of the sound one."""

import ast

import pytest
from handbook.examples.read import CHANGES, SOUND, broken

from trainlint import InputError
from trainlint.before.source import checking
from trainlint.before.source.checking import check_source
from trainlint.rules import RULES
from trainlint.rules.causes import CONFIRMED_BY, LINE_EXPLAINS

OF_THE_SOURCE = [r.code for r in RULES if r.code.startswith("RT6")]


def test_sound_script_has_no_finding():
    assert [(f.code, f.line, f.evidence) for f in check_source(SOUND)] == []


def test_every_rule_has_a_script():
    assert sorted(CHANGES) == OF_THE_SOURCE


@pytest.mark.parametrize("code", OF_THE_SOURCE)
def test_rule_names_its_script_and_its_line(code: str):
    text = broken(code)
    ast.parse(text)
    found = [f for f in check_source(text, "train.py") if f.code == code]
    assert found, [(f.code, f.line) for f in check_source(text)]
    lines = text.splitlines()
    assert all(lines[f.line - 1].strip() == f.source for f in found)


def test_each_rule_says_what_confirms_it():
    known = {r.code for r in RULES}
    assert set(CONFIRMED_BY) == set(LINE_EXPLAINS) == set(OF_THE_SOURCE)
    assert {c for table in (CONFIRMED_BY, LINE_EXPLAINS) for codes in table.values() for c in codes} <= known
    assert all(set(CONFIRMED_BY[c]) <= set(LINE_EXPLAINS[c]) for c in OF_THE_SOURCE)


def test_run_time_codes_and_lines_come_with_a_finding():
    (finding,) = check_source(broken("RT602"), "train.py")
    assert finding.confirmed_by == CONFIRMED_BY["RT602"]
    assert finding.explains == LINE_EXPLAINS["RT602"]
    assert (finding.path, finding.line, finding.source) == ("train.py", 44, "optimizer.step()")
    assert str(finding).startswith("train.py:44:13: RT602 gradients-never-cleared: ")


def test_files_given_together_are_one_program():
    model, training = SOUND.split("def evaluate", 1)
    imports = "import torch\nfrom torch import nn, optim\nfrom torch.utils.data import *\nfrom model import Net\n"
    script = imports + "def evaluate" + training
    assert check_source(script, "train.py", {"model.py": model}) == []
    cut = model.replace("self.norm(self.first(x))", "self.norm(self.first(x)).detach()")
    assert [(f.path, f.code) for f in check_source(script, "train.py", {"model.py": cut})] == [("model.py", "RT630")]


def test_gap_in_the_check_is_told_and_stops_nothing(monkeypatch: pytest.MonkeyPatch):
    def broken_check(training):
        raise KeyError("gap")

    monkeypatch.setattr(checking, "SUSPECTS", (broken_check,))
    with pytest.raises(InputError, match="a gap in the check itself"):
        check_source(SOUND)


WITHIN = """
import torch


class Climbing(torch.optim.Optimizer):
    def __init__(self, params, inner, **kwargs):
        super().__init__(params, kwargs)
        self.inner = inner(self.param_groups, **kwargs)

    def descend(self):
        self.inner.step()
        self.zero_grad()


model = torch.nn.Linear(4, 2)
optimizer = Climbing(model.parameters(), torch.optim.SGD, lr=0.1)
for x, y in batches:
    torch.nn.functional.cross_entropy(model(x), y).backward()
    optimizer.descend()
"""


def test_optimiser_that_steps_another_one_clears_for_it():
    assert check_source(WITHIN) == []
    assert [f.code for f in check_source(WITHIN.replace("        self.zero_grad()\n", ""))] == ["RT602"]


def test_a_copy_of_an_optimiser_is_kept_and_not_stepped():
    made = "model = torch.nn.Linear(4, 2)\noptimizer = torch.optim.Adam(model.parameters())\n"
    loop = "for x, y in batches:\n    optimizer.zero_grad()\n"
    loop += "    torch.nn.functional.cross_entropy(model(x), y).backward()\n"
    kept = "import copy\nimport torch\n" + made + loop + "    optimizer.step()\nkept = copy.deepcopy(optimizer)\n"
    assert check_source(kept) == []
    assert [f.code for f in check_source(kept.replace("    optimizer.step()\n", ""))] == ["RT604"]


_HOOKED = """
import torch
from torch import nn
net = nn.Linear(4, 2)
own = {p: torch.optim.SGD([p], 0.1) for p in net.parameters()}
def done(p):
    own[p].step()
    own[p].zero_grad()
for p in net.parameters():
    p.register_post_accumulate_grad_hook(done)
for _ in range(9):
    nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(0, 2, (8,))).backward()
"""


def test_an_optimiser_in_a_hook_steps() -> None:
    assert check_source(_HOOKED) == []
    assert "RT604" in [f.code for f in check_source(_HOOKED.replace("    own[p].step()\n", ""))]
