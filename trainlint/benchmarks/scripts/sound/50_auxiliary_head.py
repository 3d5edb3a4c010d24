"""Inception-like auxiliary head: used in training only, its loss weighted by 0.3; eval returns a plain tensor."""
from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F

Outputs = namedtuple("Outputs", ["logits", "aux_logits"])


class BasicConv(nn.Module):
    def __init__(self, i, o, **kw):
        super().__init__()
        self.conv = nn.Conv2d(i, o, bias=False, **kw)
        self.bn = nn.BatchNorm2d(o, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class MiniInception(nn.Module):
    def __init__(self, num_classes=3, aux_logits=True):
        super().__init__()
        self.aux_logits = aux_logits
        self.stem = BasicConv(1, 8, kernel_size=3, padding=1)
        self.branch1 = BasicConv(8, 8, kernel_size=1)
        self.branch3 = BasicConv(8, 8, kernel_size=3, padding=1)
        if aux_logits:
            self.AuxLogits = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(64, num_classes))
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(64, num_classes)

    def forward(self, x):
        x = self.stem(x)
        x = torch.cat([self.branch1(x), self.branch3(x)], 1)
        aux = self.AuxLogits(x) if self.training and self.aux_logits else None
        x = F.adaptive_max_pool2d(x, 2).flatten(1)
        x = self.fc(self.dropout(x))
        if self.training and self.aux_logits:
            return Outputs(x, aux)
        return x


def compute_loss(out, target):
    if isinstance(out, torch.Tensor):
        return F.cross_entropy(out, target)
    return F.cross_entropy(out.logits, target) + 0.3 * F.cross_entropy(out.aux_logits, target)


def data(n):
    y = torch.randint(3, (n,))
    x = torch.randn(n, 1, 8, 8) * 0.5
    x[y == 1, :, :4] += 0.8
    x[y == 2, :, :, :4] += 0.8
    return x, y


def main():
    torch.manual_seed(0)
    x, y = data(400)
    xv, yv = data(100)
    model = MiniInception()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3, alpha=0.9, eps=1e-3)
    for epoch in range(5):
        model.train()
        for idx in torch.randperm(400).split(40):
            optimizer.zero_grad()
            loss = compute_loss(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            out = model(xv)
            print(epoch, f"train {loss.item():.3f} val {compute_loss(out, yv):.3f} acc {(out.argmax(1) == yv).float().mean():.2f}")


if __name__ == "__main__":
    main()
