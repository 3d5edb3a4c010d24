"""The physics term of the loss has weight 0.0, so the equation is never enforced (marked FAULT)."""
import torch
import torch.nn as nn


class PINN(nn.Module):
    def __init__(self, width=32, depth=3):
        super().__init__()
        dims = [1] + [width] * depth
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(dims[:-1], dims[1:]))
        self.last = nn.Linear(width, 1)

    def forward(self, t):
        for layer in self.hidden:
            t = torch.tanh(layer(t))
        return self.last(t)


LAMBDA_IC = 1.0
LAMBDA_PDE = 0.0  # FAULT


def residual(model, t):
    """u' = -2 u"""
    t = t.requires_grad_(True)
    u = model(t)
    du = torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]
    return du + 2 * u


def main():
    torch.manual_seed(0)
    model = PINN()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    t0, u0 = torch.zeros(1, 1), torch.ones(1, 1)
    for it in range(201):
        optimizer.zero_grad()
        t = torch.rand(64, 1) * 2
        loss_pde = residual(model, t).pow(2).mean()
        loss_ic = (model(t0) - u0).pow(2).mean()
        loss = LAMBDA_IC * loss_ic + LAMBDA_PDE * loss_pde
        loss.backward()
        optimizer.step()
        if it % 50 == 0:
            with torch.no_grad():
                tt = torch.linspace(0, 2, 50)[:, None]
                err = (model(tt) - torch.exp(-2 * tt)).abs().max().item()
            print(f"it {it} loss {loss.item():.5f} max err {err:.4f}")


if __name__ == "__main__":
    main()
