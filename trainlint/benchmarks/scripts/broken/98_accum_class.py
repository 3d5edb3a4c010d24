from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class Args:
    accumulate: int = 4
    lr: float = 1e-3


class Runner:
    def __init__(self, args, net):
        self.args, self.net = args, net
        self.optim = torch.optim.SGD(net.parameters(), args.lr)
        self.micro = 0

    def training_step(self, batch):
        x, y = batch
        loss = nn.functional.cross_entropy(self.net(x), y)
        loss.backward()  # FAULT
        self.micro += 1
        if self.micro % self.args.accumulate == 0:
            self.optim.step()
            self.optim.zero_grad()
        return loss.detach()


ds = torch.utils.data.TensorDataset(torch.randn(500, 6), torch.randint(0, 2, (500,)))
runner = Runner(Args(), nn.Linear(6, 2))
for epoch in range(3):
    for batch in torch.utils.data.DataLoader(ds, 10, shuffle=True):
        loss = runner.training_step(batch)
    print(epoch, loss)
