"""Does the head of a verdict name what was lost first, and no module that only holds weights lost before?"""

import pytest
import torch
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Verdict, Watch, rule
from trainlint.rules.causes import by_cause, causes_of


def lost(kind: str, at: int, updates: int = 40) -> Verdict:
    """A regression in which the loss or the gradient leaves the range at one update."""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(5, 12), nn.GELU(), nn.Linear(12, 1))
    optimizer = Adam(net.parameters(), 2e-3)
    watch = Watch(net, optimizer, raises=False)
    generator = stream(1, "lost")
    for update in range(updates):
        x = torch.randn(24, 5, generator=generator)
        out = net(x)
        loss = F.smooth_l1_loss(out, x[:, :1].clamp(-3, 3))
        if update == at:
            loss = spoilt(kind, out, loss)
        optimizer.zero_grad()
        watch.loss(loss).backward()
        optimizer.step()
    return watch.close()


def spoilt(kind: str, out: Tensor, loss: Tensor) -> Tensor:
    if kind == "gradient":  # 0 ** 0.5 is finite, and its slope is not
        return loss + (out - out.detach()).square().sum().pow(0.5)
    return loss * (out.max() - out.max()).log().mul(0.0)


@pytest.mark.parametrize(
    ("kind", "at", "head"),
    [("loss", 3, "RT201"), ("loss", 16, "RT201"), ("gradient", 4, "RT302"), ("gradient", 16, "RT302")],
)
def test_what_was_lost_first_is_the_head(kind: str, at: int, head: str):
    verdict = lost(kind, at)
    assert verdict.codes[0] == head
    assert {"RT201", "RT302"} <= set(verdict.codes)
    assert "RT303" not in verdict.codes
    assert verdict.findings[0].update in {at + 1, at + 2}  # the gradients of one update may be unmeasured


@pytest.mark.parametrize(
    ("loss", "gradient", "first"), [(7, 6, "RT302"), (6, 6, "RT201"), (6, 7, "RT201"), (None, 6, "RT201")]
)
def test_of_two_that_explain_each_other_the_earlier_is_the_cause(loss: int | None, gradient: int, first: str):
    found = rule("RT201").found("nan", update=loss), rule("RT302").found("inf", update=gradient)
    ranked = by_cause(found)
    assert ranked[0].rule.code == first
    assert causes_of(ranked[1], ranked) == ((first,) if loss is not None and loss != gradient else ())
    assert causes_of(ranked[0], ranked) == ()
