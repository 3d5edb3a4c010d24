"""torch.compile with the eager backend around a small convolutional regressor."""
import torch
import torch.nn as nn

torch.manual_seed(38)


def signals(n):
    """The target is the frequency of a noisy sinusoid."""
    f = 1 + 4 * torch.rand(n, 1)
    t = torch.linspace(0, 1, 48)
    return (torch.sin(2 * torch.pi * f * t + 6 * torch.rand(n, 1)) + 0.1 * torch.randn(n, 48)).unsqueeze(1), f


net = nn.Sequential(nn.Conv1d(1, 16, 7, padding=3), nn.ReLU(), nn.MaxPool1d(2),
                    nn.Conv1d(16, 24, 5, padding=2), nn.ReLU(), nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(96, 1))
compiled = torch.compile(net, backend="eager")
optimizer = torch.optim.Adam(compiled.parameters(), lr=5e-3)
x_val, f_val = signals(200)


def val_mae():
    with torch.no_grad():
        return (net(x_val) - f_val).abs().mean().item()


before = val_mae()
for step in range(150):
    x, f = signals(64)
    optimizer.zero_grad()
    loss = nn.functional.l1_loss(compiled(x), f)
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        print(f"step {step} l1 {loss.item():.4f}")
after = val_mae()
assert after < 0.2 * before
print(f"OK {before:.4f} -> {after:.4f}")
