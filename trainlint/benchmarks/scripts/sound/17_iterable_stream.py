"""A streaming IterableDataset: no shuffle flag is possible, the stream is random itself, workers are split by id."""
import itertools

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


class SumStream(IterableDataset):
    """endless (sequence, sum mod 2) pairs"""

    def __init__(self, length=6, seed=0):
        super().__init__()
        self.length, self.seed = length, seed

    def __iter__(self):
        info = get_worker_info()
        worker = 0 if info is None else info.id
        g = torch.Generator().manual_seed(self.seed + 1000 * worker)
        while True:
            bits = torch.randint(0, 2, (self.length,), generator=g)
            yield bits.float(), (bits.sum() >= self.length / 2).float()


def main(max_steps=150):
    torch.manual_seed(0)
    loader = DataLoader(SumStream(), batch_size=32)
    eval_batches = list(itertools.islice(DataLoader(SumStream(seed=77), batch_size=100), 2))
    model = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.BCEWithLogitsLoss()
    model.train()
    for step, (x, y) in enumerate(itertools.islice(loader, max_steps)):
        loss = criterion(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 30 == 0:
            model.eval()
            with torch.inference_mode():
                acc = sum(((model(a) > 0) == (b > 0.5)).float().mean().item() for a, b in eval_batches) / 2
            model.train()
            print(f"step {step:4d} loss {loss.item():.4f} acc {acc:.3f}")


if __name__ == "__main__":
    main()
