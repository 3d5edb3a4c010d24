"""Physics-informed network for u'' = -pi^2 sin(pi x) with zero boundaries."""
import torch
import torch.nn as nn

torch.manual_seed(29)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
edge = torch.tensor([[0.0], [1.0]])
grid = torch.linspace(0, 1, 101).unsqueeze(1)


def residual(x):
    x = x.requires_grad_(True)
    u = net(x)
    du = torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]
    d2u = torch.autograd.grad(du, x, torch.ones_like(du), create_graph=True)[0]
    return d2u + torch.pi ** 2 * torch.sin(torch.pi * x)


def error():
    with torch.no_grad():
        return (net(grid) - torch.sin(torch.pi * grid)).abs().max().item()


opt = torch.optim.Adam(net.parameters(), lr=5e-3)
before = error()
for step in range(300):
    pde = residual(torch.rand(64, 1)).pow(2).mean()
    bc = net(edge).pow(2).mean()
    loss = pde + 50 * bc
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(f"{step} pde {pde.item():.4f} bc {bc.item():.5f} err {error():.4f}")
after = error()
assert after < 0.2 * before
print(f"OK {before:.4f} -> {after:.4f}")
