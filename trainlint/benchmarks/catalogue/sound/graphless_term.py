import torch
from torch import nn

torch.manual_seed(257)
t = torch.linspace(0, 1, 100).unsqueeze(1)
noisy = torch.sin(6 * t) + 0.1 * torch.randn(100, 1)
field = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(field.parameters(), lr=5e-3)
lam = 1e-3


def smoothness(u):
    d2 = u[2:] - 2 * u[1:-1] + u[:-2]
    return (d2 / 0.01 ** 2).pow(2).mean()


for step in range(200):
    u = field(t)
    data_term = nn.functional.mse_loss(u, noisy)
    smooth_term = smoothness(u)
    loss = data_term + lam * 1e-3 * smooth_term
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(f"step {step}: data {data_term.item():.4f} smooth {smooth_term.item():.4f}")
