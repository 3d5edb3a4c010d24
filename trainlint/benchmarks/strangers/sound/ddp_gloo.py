"""DistributedDataParallel with gloo and world size one, no_sync for accumulation."""
import contextlib
import os
import tempfile

import torch
import torch.distributed as dist
import torch.nn as nn
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


def main():
    torch.manual_seed(59)
    store = os.path.join(tempfile.mkdtemp(), "store")
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=0, world_size=1)
    w = torch.randn(10, 1)
    x = torch.randn(600, 10)
    y = torch.relu(x @ w) + 0.05 * torch.randn(600, 1)
    data = TensorDataset(x[:500], y[:500])
    sampler = DistributedSampler(data, shuffle=True)
    loader = DataLoader(data, batch_size=25, sampler=sampler)
    model = DDP(nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1)))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss_fn = nn.MSELoss()

    def validate():
        with torch.no_grad():
            total = loss_fn(model.module(x[500:]), y[500:])
        dist.all_reduce(total)
        return total.item() / dist.get_world_size()

    before = validate()
    for epoch in range(10):
        sampler.set_epoch(epoch)
        for i, (xb, yb) in enumerate(loader):
            last = i % 2 == 1
            with contextlib.nullcontext() if last else model.no_sync():
                loss = loss_fn(model(xb), yb) / 2
                loss.backward()
            if last:
                optimizer.step()
                optimizer.zero_grad()
        print(f"epoch {epoch} loss {2 * loss.item():.4f} val {validate():.4f}")
    after = validate()
    dist.destroy_process_group()
    assert after < 0.2 * before
    print(f"OK {before:.4f} -> {after:.4f}")


if __name__ == "__main__":
    main()
