"""Is a term without a graph told from a number that is added, from the graph and the value of the loss?"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from trainlint import Watch
from trainlint.before.source.checking import check_source

CUT: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "detached": lambda out, fit: fit + 0.3 * out.detach().square().mean(),
    "a number": lambda out, fit: fit + 0.3 * out.square().mean().item(),
    "taken off": lambda out, fit: fit - 0.3 * out.detach().abs().mean(),
    "stacked": lambda out, fit: torch.stack([fit, out.detach().square().mean()]).sum(),
    "of two criteria": lambda out, fit: fit + F.l1_loss(out, torch.zeros_like(out)) + out.data.square().mean(),
}
WHOLE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "with its graph": lambda out, fit: fit + 0.3 * out.square().mean(),
    "a constant": lambda out, fit: fit + 0.5,
    "for its gradient alone": lambda out, fit: fit - fit.detach(),
    "the value of another": lambda out, fit: fit - fit.detach() + out.detach().square().mean(),
    "the entropy of soft targets": lambda out, fit: (
        fit + F.kl_div(out.log_softmax(1), torch.randn(out.shape).softmax(1), reduction="batchmean")
    ),
    "divided by itself": lambda out, fit: fit / fit.detach() + 0.1,
}


def told(loss: Callable[[Tensor, Tensor], Tensor]) -> list[str]:
    torch.manual_seed(0)
    net = nn.Linear(5, 3)
    optimizer = SGD(net.parameters(), 0.05)
    with Watch(net, optimizer, raises=False) as watch:
        for _ in range(10):
            x = torch.randn(16, 5)
            out = net(x)
            watch.loss(loss(out, F.mse_loss(out, x[:, :3]))).backward()
            optimizer.step()
            optimizer.zero_grad()
    return [f.rule.code for f in watch.verdict().findings if f.rule.code == "RT232"]


@pytest.mark.parametrize("kind", CUT)
def test_a_term_without_a_graph_is_seen(kind: str) -> None:
    assert told(CUT[kind]) == ["RT232"]


@pytest.mark.parametrize("kind", WHOLE)
def test_what_is_no_term_is_let_be(kind: str) -> None:
    assert told(WHOLE[kind]) == []


HELD: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "with its logarithm": lambda s, a, b: torch.exp(-s[0]) * a + torch.exp(-s[1]) * b + s.sum(),
    "from another term": lambda s, a, b: torch.exp(-s[0]) * a + torch.exp(-s[1]) * b + s.square().sum(),
    "by the other weight": lambda s, a, b: s.softmax(0)[0] * a + s.softmax(0)[1] * b,
}
FREE: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "without it": lambda s, a, b: torch.exp(-s[0]) * a + torch.exp(-s[1]) * b,
    "with the other sign": lambda s, a, b: torch.exp(-s[0]) * a + torch.exp(-s[1]) * b - s.sum(),
}


@pytest.mark.parametrize(("of", "free"), [*((HELD[k], False) for k in HELD), *((FREE[k], True) for k in FREE)])
def test_a_learned_weight(of: Callable[[Tensor, Tensor, Tensor], Tensor], free: bool) -> None:
    torch.manual_seed(0)
    net, s = nn.Linear(6, 2), nn.Parameter(torch.zeros(2))
    optimizer = SGD([*net.parameters(), s], 0.02)
    with Watch(net, optimizer, raises=False) as watch:
        for _ in range(80):
            x = torch.randn(32, 6)
            out = net(x)
            errors = [F.mse_loss(out[:, i], x[:, i] + torch.randn(32)) for i in (0, 1)]
            watch.loss(of(s, *errors)).backward()
            optimizer.step()
            optimizer.zero_grad()
    assert ("RT237" in watch.verdict().codes) is free, str(watch.verdict())


SCRIPT = """
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
loader = DataLoader(TensorDataset(torch.randn(64, 4)), batch_size=8, shuffle=True)
net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4))
adam = torch.optim.Adam(net.parameters(), 1e-3)
for epoch in range(9):
    for (x,) in loader:
        z = net[0](x)
        fit = F.mse_loss(net[1](z), x)
        TERM
        adam.zero_grad()
        loss.backward()
        adam.step()
"""


@pytest.mark.parametrize(("term", "cut"), [
    ("loss = fit + 0.1 * z.detach().abs().mean()", True),
    ("loss = fit + z.pow(2).mean().item()", True),
    ("loss = fit; loss += torch.from_numpy(z.detach().numpy()).abs().mean()", True),
    ("loss = fit + 0.1 * z.abs().mean()", False),
    ("loss = fit; total = fit.detach() + z.detach().abs().mean()", False),
    ("loss = fit + z.mean() - z.mean().detach()", False),
    ("loss = fit / fit.detach()", False),
])  # fmt: skip
def test_the_line_of_the_term_is_read(term: str, cut: bool) -> None:
    found = check_source(SCRIPT.replace("TERM", term))
    assert [(f.code, f.line) for f in found] == ([("RT630", 13)] if cut else [])
