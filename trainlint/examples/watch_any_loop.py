"""Watching a plain PyTorch loop that does not learn: the schedule starts at zero and moves once per epoch."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from trainlint import TrainingFault, Verdict, Watch


def train(first: int) -> Verdict:
    """Train for three epochs with a warm-up of ten, counted from `first`.

    Args:
        first: 0 is the mistake (a rate of zero for a whole epoch), 1 mends it.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = LambdaLR(optimizer, lambda epoch: min(1.0, (epoch + first) / 3))
    x = torch.randn(256, 4)
    y = x[:, :1] * x[:, 1:2]
    with Watch(model, optimizer, scheduler) as watch:
        for _ in range(3):
            losses = []
            for chosen in torch.randperm(256).split(32):
                optimizer.zero_grad()
                loss = watch.loss(F.mse_loss(model(x[chosen]), y[chosen]))
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            scheduler.step()
            watch.epoch(train=sum(losses) / len(losses), batches=len(losses))
    return watch.verdict()


def main() -> None:
    """Run the broken loop, then the mended one."""
    try:
        train(first=0)
    except TrainingFault as fault:
        print(f"broken loop, stopped at update {fault.finding.update}:\n{fault.finding}\n")
    print("mended loop:", train(first=1), sep="\n")


if __name__ == "__main__":
    main()
