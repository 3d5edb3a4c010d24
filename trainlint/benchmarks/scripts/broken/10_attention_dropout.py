"""The attention weights go through dropout(att, p=...) with no training flag, so eval is noisy (marked FAULT)."""
import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout, softmax


class SelfAttention(nn.Module):
    def __init__(self, dim, heads, drop):
        super().__init__()
        self.heads, self.drop = heads, drop
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.to_qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        att = softmax(q @ k.transpose(-2, -1) / math.sqrt(d // self.heads), dim=-1)
        att = dropout(att, p=self.drop)  # FAULT
        return self.to_out((att @ v).transpose(1, 2).reshape(b, n, d))


class ViT(nn.Module):
    def __init__(self, n_patches=9, patch_dim=16, dim=32, classes=3):
        super().__init__()
        self.patch = nn.Linear(patch_dim, dim)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.randn(1, n_patches + 1, dim) * 0.02)
        self.attn = SelfAttention(dim, 4, 0.2)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        x = self.patch(x)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1) + self.pos
        x = x + self.attn(self.norm(x))
        return self.head(x[:, 0])


def batches(x, y, bs):
    perm = torch.randperm(len(x))
    for i in range(0, len(x), bs):
        j = perm[i:i + bs]
        yield x[j], y[j]


if __name__ == "__main__":
    torch.manual_seed(5)
    y = torch.randint(3, (480,))
    x = torch.randn(480, 9, 16) + y[:, None, None] * torch.linspace(-1, 1, 16)
    xtr, ytr, xva, yva = x[:400], y[:400], x[400:], y[400:]
    model = ViT()
    opt = torch.optim.AdamW(model.parameters(), 1e-3)
    for epoch in range(6):
        model.train()
        for xb, yb in batches(xtr, ytr, 40):
            loss = cross_entropy(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            acc = (model(xva).argmax(-1) == yva).float().mean()
        print(epoch, round(loss.item(), 3), f"val acc {acc:.2f}")
