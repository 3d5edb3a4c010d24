"""A test for your own continuous integration: does this model train?"""

from torch import nn
from torch.optim import Adam, Optimizer

from .before.preflight import Preflight, preflight
from .before.trial import StepFunction
from .findings import Finding, Severity
from .rules.losses import CANNOT_OVERFIT

RATES = (1e-3, 1e-2, 1e-1)
"""Tried in turn where no optimiser is given."""


def assert_trains(
    step: StepFunction, model: nn.Module, batch: object, *, optimizer: Optimizer | None = None, updates: int = 200
) -> None:
    """Fail unless one batch goes through forward, loss, backward and update, and its loss falls by half.

    Model and optimiser are left as they were.

    Arguments are those of `preflight`. Without an optimiser Adam is tried on all parameters, at 1e-3, 1e-2 and 1e-1
    until one trains.

    Raises:
        AssertionError: it does not; the text has the line of each check and what is wrong.

    >>> import torch
    >>> from torch.nn import functional as F
    >>> x = torch.linspace(-1, 1, 32)[:, None]
    >>> model = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    >>> adam = torch.optim.Adam(model.parameters(), 1e-2)
    >>> assert_trains(lambda net, batch: F.mse_loss(net(batch), 3 * batch), model, x, optimizer=adam)
    >>> assert_trains(lambda net, batch: F.mse_loss(net(batch).detach(), 3 * batch), model, x, optimizer=adam)
    Traceback (most recent call last):
    AssertionError: the model does not train on this batch: RT121 graph-cut
    ...
    """
    if not any(p.requires_grad for p in model.parameters()):
        raise AssertionError("the model has no parameter that asks for a gradient")
    tried = [] if optimizer is None else [preflight(step, model, batch, optimizer=optimizer, learn=updates)]
    for rate in RATES if optimizer is None else ():
        adam = Adam((p for p in model.parameters() if p.requires_grad), rate)
        tried.append(preflight(step, model, batch, optimizer=adam, learn=updates))
        if {each.rule for each in _bad(tried[-1])} != {CANNOT_OVERFIT}:
            break
    bad = _bad(tried[-1])
    if bad:
        first = f"{bad[0].rule.code} {bad[0].rule.name}"
        raise AssertionError(f"the model does not train on this batch: {first}\n{tried[-1]}")


def _bad(one: Preflight) -> list[Finding]:
    return [f for f in one.verdict.findings if f.severity is not Severity.NOTE]
