"""Is a rate that decays to nothing long before the end told, and one that ends as planned let be?"""

import pytest
import torch
from streams import stream
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam
from torch.optim.lr_scheduler import ExponentialLR

from trainlint import Severity, Watch


@pytest.mark.parametrize(("gamma", "severity"), [(0.1, Severity.WARNING), (0.5, None), (0.3, Severity.NOTE)])
def test_a_rate_below_a_millionth_of_its_peak_counts_as_zero(gamma: float, severity: Severity | None):
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    optimizer = Adam(model.parameters(), lr=1e-2)
    schedule = ExponentialLR(optimizer, gamma)
    watch = Watch(model, optimizer, schedule)
    generator = stream(0, "used up")
    for _ in range(13):  # 0.3 ** 12 is the first power below a millionth
        for _ in range(9):
            optimizer.zero_grad()
            inputs = torch.randn(16, 4, generator=generator)
            watch.loss(F.mse_loss(model(inputs), inputs.sum(1, keepdim=True))).backward()
            optimizer.step()
        schedule.step()
    found = [f for f in watch.close().findings if f.rule.code == "RT101"]
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if found:
        assert "of 117 updates had rates of at most 1e-06 of the peak 0.01" in found[0].evidence
