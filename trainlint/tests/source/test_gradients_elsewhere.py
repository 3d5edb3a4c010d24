"""Does a gradient reach what an optimiser holds: through derivatives, adapted weights, released parts?"""

import pytest

from trainlint.before.source.checking import check_source

_FIELD = """
import torch
from torch import nn
from torch.autograd import grad
field = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 1))
optim = torch.optim.Adam(field.parameters(), 2e-3)
def slope(out, at, **kw):
    return grad(outputs=out, inputs=at, grad_outputs=torch.ones_like(out), **kw)[0]
for n in range(300):
    p = torch.rand(50, 3).requires_grad_()
    w = field(p)
    g = slope(w, p, create_graph=True)
    {lines}
    optim.zero_grad()
    (residual.square().mean() + field(torch.zeros(8, 3)).square().mean()).backward()
    optim.step()
"""
_SECOND = "second = slope(g[:, 0:1], p, {how})\n    residual = g[:, 1:2] - 0.4 * second[:, 0:1]"
_SHIFTED = "eps = grad(w.sum(), p, retain_graph=True)[0]\n    residual = field(p + 0.1 * eps / eps.norm()) - w.detach()"
_WEIGHED = "weight = grad(w.sum(), p, retain_graph=True)[0].norm()\n    residual = weight * (w - g[:, :1])"
_OF_WEIGHTS = (
    "own = grad(w.square().mean(), tuple(field.parameters()), retain_graph=True)\n"
    "    quick = [q - 0.1 * d for q, d in zip(field.parameters(), own)]\n"
    "    residual = w + g[:, :1] + sum(q.sum() for q in quick)"
)
_ADAPTED = """
import torch
import torch.nn.functional as F
meta = [torch.randn(6, 4).div(2).requires_grad_(), torch.zeros(6, requires_grad=True)]
adam = torch.optim.Adam(meta, lr=1e-3)
def adapted(w, x, y):
    d = torch.autograd.grad(F.cross_entropy(F.linear(x, *w), y), w, create_graph=True)
    return [{made} for u, v in zip(w, d)]
for task in range(50):
    x, y = torch.randn(12, 4), torch.randint(0, 6, (12,))
    w = adapted(meta, x, y)
    cost = F.cross_entropy(F.linear(x, w[0], w[1]), y) + 1e-3 * sum(u.square().sum() for u in meta)
    adam.zero_grad()
    cost.backward()
    {hand}
    adam.step()
"""
_STAGES = """
import torch
from torch import nn
trunk, top = nn.Sequential(nn.Linear(7, 16), nn.ELU()), nn.Linear(16, 2)
def stage(steps, by):
    for _ in range(steps):
        by.zero_grad()
        top(trunk(torch.randn(9, 7))).square().mean().backward()
        by.step()
stage(30, torch.optim.SGD([*trunk.parameters(), *top.parameters()], 0.1))
trunk.requires_grad_(False)
second = torch.optim.SGD({held}, 0.1)
stage(30, second)
{then}
"""
_PLAIN = """
import torch
from torch import nn
class Warp(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(5, 5)
        self.bend = torch.full((5,), 0.3, requires_grad=True)
    def forward(self, x):
        return self.lin(x) * self.bend
warp = Warp()
opt = torch.optim.Adam({held}, 1e-3)
for x in torch.randn(90, 8, 5):
    opt.zero_grad()
    warp(x).square().mean().backward()
    opt.step()
    {hand}
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (_FIELD.format(lines=_SECOND.format(how="retain_graph=True")), "RT630"),
        (_FIELD.format(lines=_SECOND.format(how="create_graph=False")), "RT630"),
        (_ADAPTED.format(made="(u - 0.3 * v).detach().requires_grad_()", hand=""), "RT630"),
        (_STAGES.format(held="top.parameters()", then="trunk.requires_grad_(True)\nstage(60, second)"), "RT617"),
        (
            _STAGES.format(
                held="[q for m in (trunk, top) for q in m.parameters() if q.requires_grad]",
                then="for q in trunk.parameters():\n    q.requires_grad = True\nstage(60, second)",
            ),
            "RT617",
        ),
        (_PLAIN.format(held="warp.parameters()", hand=""), "RT635"),
    ],
)
def test_it_does_not(text: str, code: str) -> None:
    assert code in [f.code for f in check_source(text)]


@pytest.mark.parametrize(
    "text",
    [
        _FIELD.format(lines=_SECOND.format(how="create_graph=True")),
        _FIELD.format(lines=_SECOND.format(how="create_graph=field.training")),
        _FIELD.format(lines=_SHIFTED),
        _FIELD.format(lines=_WEIGHED),
        _FIELD.format(lines=_OF_WEIGHTS),
        _ADAPTED.format(made="u - 0.3 * v", hand=""),
        _ADAPTED.format(
            made="(u - 0.3 * v).detach().requires_grad_()", hand="for u, v in zip(meta, w):\n        u.grad = v.grad"
        ),
        _STAGES.format(held="top.parameters()", then="trunk.requires_grad_(True)"),
        _STAGES.format(
            held="top.parameters()",
            then="trunk.requires_grad_(True)\nstage(60, torch.optim.SGD([*trunk.parameters()], 0.01))",
        ),
        _STAGES.format(
            held="top.parameters()",
            then="trunk.requires_grad_(True)\nsecond.add_param_group({'params': trunk.parameters()})\nstage(6, second)",
        ),
        _PLAIN.format(held="[*warp.parameters(), warp.bend]", hand=""),
        _PLAIN.format(held="warp.parameters()", hand="warp.bend.data.sub_(1e-3 * warp.bend.grad)"),
    ],
)
def test_it_does(text: str) -> None:
    assert not {"RT630", "RT617", "RT635"} & {f.code for f in check_source(text)}


ROUTED = """
import torch
from torch import nn

class Routed(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(8, 4)
        self.experts = nn.ModuleList(nn.Linear(8, 1) for _ in range(4))

    def forward(self, x):
        weights, chosen = self.gate(x).softmax(-1).max(-1)
        out = torch.zeros(len(x), 1)
        for number, expert in enumerate(self.experts):
            mask = chosen == number
            WRITTEN
        return out, weights.mean()

model = Routed()
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
for x, y in torch.load("batches.pt"):
    answer, balance = model(x)
    loss = nn.functional.mse_loss(answer, y) + balance
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(("written", "found"), [("out[mask] = expert(x[mask])", False), ("expert(x[mask])", True)])
def test_an_answer_written_into_a_part_of_a_tensor_feeds_its_loss(written: str, found: bool) -> None:
    codes = {f.code for f in check_source(ROUTED.replace("WRITTEN", written), "train.py")}
    assert ("RT636" in codes) is found
