"""Deep equilibrium model: fixed point forward, implicit gradient through a hook."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(30)


class Cell(nn.Module):
    def __init__(self, d_in, d):
        super().__init__()
        self.U = nn.Linear(d_in, d)
        self.W = nn.Linear(d, d, bias=False)
        nn.init.orthogonal_(self.W.weight, gain=0.5)

    def forward(self, z, x):
        return torch.tanh(self.U(x) + self.W(z))


def fixed_point(f, z, tol=1e-4, max_iter=40):
    for _ in range(max_iter):
        nxt = f(z)
        if (nxt - z).norm() < tol * (1e-6 + z.norm()):
            return nxt
        z = nxt
    return z


class DEQ(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = Cell(4, 32)
        self.out = nn.Linear(32, 2)

    def forward(self, x):
        with torch.no_grad():
            z = fixed_point(lambda z: self.cell(z, x), torch.zeros(len(x), 32))
        z = self.cell(z, x)
        if torch.is_grad_enabled():
            z0 = z.clone().detach().requires_grad_()
            f0 = self.cell(z0, x)

            def backward_hook(grad):
                def f(g):
                    return torch.autograd.grad(f0, z0, g, retain_graph=True)[0] + grad
                return fixed_point(f, grad)
            z.register_hook(backward_hook)
        return self.out(z)


x = torch.randn(800, 4)
y = ((x[:, 0] * x[:, 1] + x[:, 2] - 0.5 * x[:, 3]) > 0).long()
model = DEQ()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)


def accuracy():
    with torch.no_grad():
        return (model(x[600:]).argmax(1) == y[600:]).float().mean().item()


before = accuracy()
for epoch in range(15):
    for idx in torch.randperm(600).split(60):
        loss = F.cross_entropy(model(x[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item(), accuracy())
after = accuracy()
assert after > 0.85 and after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
