"""Bayes by backprop: mean-field Gaussian weights and a KL term scaled by the data size."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(67)


class BayesLinear(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.mu = nn.Parameter(torch.randn(o, i) / i ** 0.5)
        self.rho = nn.Parameter(torch.full((o, i), -4.0))
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        sigma = F.softplus(self.rho)
        mean, var = F.linear(x, self.mu, self.bias), F.linear(x ** 2, sigma ** 2)
        return mean + (var + 1e-8).sqrt() * torch.randn_like(mean)

    def kl(self):
        sigma = F.softplus(self.rho)
        return (0.5 * (sigma ** 2 + self.mu ** 2 - 1) - sigma.log()).sum()


N = 600
x = 6 * torch.rand(N, 1) - 3
y = torch.sin(2 * x) + 0.1 * torch.randn(N, 1)
layers = nn.ModuleList([BayesLinear(1, 40), BayesLinear(40, 40), BayesLinear(40, 1)])


def net(x):
    for layer in layers[:-1]:
        x = torch.tanh(layer(x))
    return layers[-1](x)


def predictive_rmse():
    grid = torch.linspace(-3, 3, 200).unsqueeze(1)
    with torch.no_grad():
        mean = torch.stack([net(grid) for _ in range(8)]).mean(0)
    return (mean - torch.sin(2 * grid)).pow(2).mean().sqrt().item()


opt = torch.optim.Adam(layers.parameters(), lr=1e-2)
before = predictive_rmse()
for step in range(300):
    i = torch.randint(N, (100,))
    nll = F.mse_loss(net(x[i]), y[i], reduction="sum") / (2 * 0.1 ** 2) / 100
    loss = nll + sum(m.kl() for m in layers) / N
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 60 == 0:
        print(f"step {step} elbo loss {loss.item():.2f} nll {nll.item():.2f}")
after = predictive_rmse()
assert after < 0.4 * before
print(f"OK {before:.3f} -> {after:.3f}")
