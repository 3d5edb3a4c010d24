"""F.dropout with self.training passed by position and by keyword, and a stochastic depth that tests the mode itself."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def drop_path(x, drop_prob: float = 0.0, training: bool = False):
    if drop_prob == 0.0 or not training:
        return x
    keep_prob = 1 - drop_prob
    shape = (x.shape[0],) + (1,) * (x.ndim - 1)
    random_tensor = x.new_empty(shape).bernoulli_(keep_prob)
    return x * random_tensor.div_(keep_prob)


class DropPath(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return drop_path(x, self.p, self.training)


class Block(nn.Module):
    def __init__(self, d, p, dp):
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.fc = nn.Linear(d, d)
        self.p = p
        self.drop_path = DropPath(dp) if dp > 0 else nn.Identity()

    def forward(self, x):
        h = F.dropout(F.gelu(self.fc(self.norm(x))), self.p, self.training)
        return x + self.drop_path(h)


class Model(nn.Module):
    def __init__(self, d=32, depth=3, classes=3):
        super().__init__()
        self.embed = nn.Linear(6, d)
        self.blocks = nn.Sequential(*[Block(d, 0.1, 0.1 * i / (depth - 1)) for i in range(depth)])
        self.head = nn.Linear(d, classes)

    def forward(self, x):
        x = F.dropout(self.embed(x), p=0.05, training=self.training)
        return self.head(self.blocks(x))


def main():
    torch.manual_seed(0)
    x = torch.randn(700, 6)
    y = torch.stack([x[:, 0] + x[:, 1], x[:, 2] - x[:, 3], x[:, 4].abs()], 1).argmax(1)
    dl = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x[:600], y[:600]), batch_size=50, shuffle=True)
    model = Model()
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(6):
        model.train()
        for xb, yb in dl:
            loss = F.cross_entropy(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            a, b = model(x[600:]), model(x[600:])
        assert torch.equal(a, b)
        print(epoch, f"loss {loss.item():.3f} acc {(a.argmax(1) == y[600:]).float().mean():.3f}")


main()
