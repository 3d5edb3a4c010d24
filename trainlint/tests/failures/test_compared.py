"""A9 and A21 of the catalogue: accumulated gradients and replicas, compared with what they should equal."""

import pytest
import torch
from torch.nn import functional as F
from torch.optim import Adam

from trainlint import Finding
from trainlint.before.lossproof import accumulation
from trainlint.during.probes.moving.motion import checksum, replica_findings

from .toy import batches, model


def accumulated(share: float) -> list[Finding]:
    """Gradient of the first 16 samples, and that of two halves, each weighted by `share`."""
    net = model()
    x, y = next(batches(0))

    def gradient(parts: list[tuple[float, slice]]) -> dict[str, torch.Tensor]:
        net.zero_grad()
        for weight, part in parts:
            (weight * F.mse_loss(net(x[part]), y[part])).backward()
        return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}

    return accumulation(gradient([(1.0, slice(16))]), gradient([(share, slice(8)), (share, slice(8, 16))]))


def replicas(broken: bool) -> list[Finding]:
    """Two ranks with the same batches; one of them skips an update."""
    ranks = []
    for rank in range(2):
        net = model()
        optimizer = Adam(net.parameters(), 3e-3)
        applied = 0
        for i, (x, y) in enumerate(batches(0)):
            optimizer.zero_grad()
            F.mse_loss(net(x), y).backward()
            if not (broken and rank == 1 and i == 3):
                optimizer.step()
                applied += 1
        ranks.append(checksum(net, applied))
    return replica_findings(ranks)


CHECKED = {
    "A9 divided twice": (lambda: accumulated(0.25), "RT110", lambda: accumulated(0.5)),
    "A9 never divided": (lambda: accumulated(1.0), "RT110", lambda: accumulated(0.5)),
    "A21 a rank skips alone": (lambda: replicas(True), "RT128", lambda: replicas(False)),
}


@pytest.mark.parametrize("row", CHECKED)
def test_check_finds_the_failure(row: str):
    broken, code, _ = CHECKED[row]
    assert [f.rule.code for f in broken()] == [code]


@pytest.mark.parametrize("row", CHECKED)
def test_check_passes_its_twin(row: str):
    assert CHECKED[row][2]() == []
