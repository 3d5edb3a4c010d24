"""The hidden layers live in a plain python list, so parameters() does not see them (marked FAULT)."""
import torch
import torch.nn as nn


class DeepMLP(nn.Module):
    def __init__(self, sizes, activation=torch.relu):
        super().__init__()
        self.activation = activation
        self.layers = []
        for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
            self.layers.append(nn.Linear(n_in, n_out))  # FAULT
        self.out = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, x):
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.out(x)


def count(m):
    return sum(p.numel() for p in m.parameters() if p.requires_grad)


def loop(model, x, y, *, epochs, bs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    loss_fn = nn.MSELoss()
    log = []
    for _ in range(epochs):
        model.train()
        tot = 0.0
        for idx in torch.randperm(len(x)).split(bs):
            opt.zero_grad()
            loss = loss_fn(model(x[idx]), y[idx])
            loss.backward()
            opt.step()
            tot += loss.item() * len(idx)
        log.append(tot / len(x))
    return log


torch.manual_seed(0)
x = torch.rand(500, 2) * 4 - 2
y = torch.sin(x[:, :1] * 2) * torch.cos(x[:, 1:])
model = DeepMLP([2, 64, 64, 1])
print("trainable parameters:", count(model))
print([round(v, 4) for v in loop(model, x, y, epochs=8, bs=50, lr=3e-3)])
