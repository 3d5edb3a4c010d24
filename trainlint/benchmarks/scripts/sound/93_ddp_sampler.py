import os
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset


def main():
    dist.init_process_group("gloo")
    model = DDP(nn.Linear(10, 2))
    ds = TensorDataset(torch.randn(1000, 10), torch.randint(0, 2, (1000,)))
    sampler = DistributedSampler(ds)
    loader = DataLoader(ds, batch_size=50, sampler=sampler)
    opt = torch.optim.SGD(model.parameters(), lr=0.1 * dist.get_world_size())
    for epoch in range(3):
        sampler.set_epoch(epoch)
        for x, y in loader:
            opt.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            opt.step()
    if int(os.environ["RANK"]) == 0:
        torch.save(model.module.state_dict(), "model.pt")
    dist.destroy_process_group()


main()
