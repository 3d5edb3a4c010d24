"""Neural ODE with a hand-written RK4 integrator, fitting a damped spiral."""
import torch
import torch.nn as nn

torch.manual_seed(28)
A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
DT = 0.1


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 40), nn.Tanh(), nn.Linear(40, 2))
        for m in self.net:
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, std=0.1)
                nn.init.zeros_(m.bias)

    def forward(self, y):
        return self.net(y ** 3)


def rk4(f, y, steps):
    path = [y]
    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + DT / 2 * k1)
        k3 = f(y + DT / 2 * k2)
        k4 = f(y + DT * k3)
        y = y + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(y)
    return torch.stack(path)


with torch.no_grad():
    truth = rk4(lambda y: (y ** 3) @ A, torch.tensor([[2.0, 0.0]]), 150).squeeze(1)

func = Field()
optimizer = torch.optim.Adam(func.parameters(), lr=1e-2)


def trajectory_error():
    with torch.no_grad():
        return (rk4(func, truth[:20], 10) - torch.stack([truth[i:i + 11] for i in range(20)], 1)).abs().mean().item()


before = trajectory_error()
for it in range(180):
    start = torch.randint(140, (16,))
    want = torch.stack([truth[s:s + 11] for s in start.tolist()], 1)
    pred = rk4(func, truth[start], 10)
    loss = (pred - want).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if it % 40 == 0:
        print(f"iter {it} loss {loss.item():.4f}")
after = trajectory_error()
assert after < 0.3 * before
print(f"OK {before:.4f} -> {after:.4f}")
