"""Are weights that are kept by their storage named, and those that were copied, replaced or used at once left alone?"""

import pytest

from trainlint.before.source.checking import check_source

_HEAD = """
import copy, torch
from torch import nn
body = nn.Sequential(nn.Linear(5, 9), nn.GELU(), nn.Linear(9, 2))
other = nn.Sequential(nn.Linear(5, 9), nn.GELU(), nn.Linear(9, 2))
sgd = torch.optim.SGD(body.parameters(), lr=0.02)
data = torch.randn(64, 5), torch.randn(64, 2)
def fit(extra=lambda: 0.0):
    for rows in torch.randperm(64).split(16):
        sgd.zero_grad()
        loss = nn.functional.mse_loss(body(data[0][rows]), data[1][rows]) + extra()
        loss.backward()
        sgd.step()
"""
_PULL = """
fit()
old = {old}
fit(lambda: 7.0 * sum(((q - o) ** 2).sum() for q, o in zip({owner}.parameters(), old)))
"""
_NAMED = """
fit()
old = {{n: {old} for n, q in body.named_parameters()}}
fit()
moved = {{n: q.detach() - old[n] for n, q in body.named_parameters()}}
"""
_TRIED = """
for trial in range(9):
    before = {old}
    fit()
    for q, o in zip(body.parameters(), before):
        {back}
"""
_OPTIMISER = """
class Ahead(torch.optim.Optimizer):
    def first(self):
        for group in self.param_groups:
            for w in group["params"]:
                self.state[w]["was"] = {old}
                {moved}
    def second(self):
        for group in self.param_groups:
            for w in group["params"]:
                w.data = self.state[w]["was"]
fit()
"""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_PULL.format(old="[q.detach() for q in body.parameters()]", owner="body"), True),
        (_PULL.format(old="list(q.data for q in body.parameters())", owner="body"), True),
        (_PULL.format(old="[q.detach().clone() for q in body.parameters()]", owner="body"), False),
        (_PULL.format(old="copy.deepcopy([q.data for q in body.parameters()])", owner="body"), False),
        (_PULL.format(old="[q.data * 1.0 for q in body.parameters()]", owner="body"), False),
        (_PULL.format(old="[q.data for q in other.parameters()]", owner="body"), False),
        (_PULL.format(old="[q.data for q in copy.deepcopy(body).parameters()]", owner="body"), False),
        (_NAMED.format(old="q.detach()"), True),
        (_NAMED.format(old="q.detach().clone()"), False),
        (_TRIED.format(old="[q.data for q in body.parameters()]", back="q.data = o"), True),
        (_TRIED.format(old="[q.data for q in body.parameters()]", back="q.data.copy_(o)"), True),
        (_TRIED.format(old="[q.data.clone() for q in body.parameters()]", back="q.data.copy_(o)"), False),
        (_TRIED.format(old="[q.data for q in body.parameters()]", back="q.data = 0.5 * (q.data + o)"), False),
        (_OPTIMISER.format(old="w.data", moved="w.add_(w.grad, alpha=0.1)"), True),
        (_OPTIMISER.format(old="w.data.clone()", moved="w.add_(w.grad, alpha=0.1)"), False),
        (_OPTIMISER.format(old="w.data", moved="w.data = w.data + 0.1 * w.grad"), False),
    ],
)
def test_storage_that_was_kept(text: str, named: bool) -> None:
    assert ("RT656" in [f.code for f in check_source(_HEAD + text)]) == named
