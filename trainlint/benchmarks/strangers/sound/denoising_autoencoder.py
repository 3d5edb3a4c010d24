"""Denoising convolutional auto-encoder."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, IterableDataset

torch.manual_seed(63)


class Circles(IterableDataset):
    """An endless stream of filled discs on a 14 by 14 grid."""

    def __iter__(self):
        g = torch.arange(14.0)
        while True:
            cx, cy, r = (4 + 6 * torch.rand(2)).tolist() + [2 + 2 * float(torch.rand(()))]
            clean = (((g[None] - cx) ** 2 + (g[:, None] - cy) ** 2) < r * r).float()[None]
            yield clean + 0.5 * torch.randn_like(clean), clean


class AutoEncoder(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1), nn.Sigmoid())


stream = iter(DataLoader(Circles(), batch_size=32))
held_noisy, held_clean = (torch.cat(t) for t in zip(*[next(stream) for _ in range(4)]))
net = AutoEncoder()
optimizer = torch.optim.NAdam(net.parameters(), lr=1e-2)
criterion = nn.BCELoss()


def held_out():
    with torch.no_grad():
        return criterion(net(held_noisy), held_clean).item()


before = held_out()
for step, (noisy, clean) in zip(range(120), stream):
    optimizer.zero_grad()
    loss = criterion(net(noisy), clean)
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        print(f"step {step}: bce {loss.item():.4f}")
after = held_out()
assert after < 0.4 * before
print(f"OK {before:.4f} -> {after:.4f}")
