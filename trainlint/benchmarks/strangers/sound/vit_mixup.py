"""Small vision transformer with mixup and label smoothing."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(65)
templates = (torch.rand(5, 12, 12) > 0.5).float()


def images(n):
    y = torch.randint(5, (n,))
    return (templates[y] + 0.5 * torch.randn(n, 12, 12)).unsqueeze(1), y


class ViT(nn.Module):
    def __init__(self, d=32, patch=4):
        super().__init__()
        self.patch = nn.Conv2d(1, d, patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, d))
        self.pos = nn.Parameter(torch.randn(1, 10, d) * 0.02)
        layer = nn.TransformerEncoderLayer(d, 4, 64, dropout=0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, 5)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        t = self.patch(x).flatten(2).transpose(1, 2)
        t = torch.cat([self.cls.expand(len(t), -1, -1), t], 1) + self.pos
        return self.head(self.norm(self.encoder(t)[:, 0]))


def mixup(x, y, alpha=0.2):
    lam = torch.distributions.Beta(alpha, alpha).sample()
    perm = torch.randperm(len(x))
    onehot = F.one_hot(y, 5).float()
    return lam * x + (1 - lam) * x[perm], lam * onehot + (1 - lam) * onehot[perm]


model = ViT()
opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
xt, yt = images(300)


@torch.no_grad()
def accuracy():
    model.eval()
    acc = (model(xt).argmax(1) == yt).float().mean().item()
    model.train()
    return acc


before = accuracy()
for step in range(120):
    x, y = mixup(*images(32))
    loss = criterion(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 30 == 0:
        print(f"step {step} loss {loss.item():.3f} acc {accuracy():.3f}")
after = accuracy()
assert after > 0.85 and after > before + 0.4
print(f"OK {before:.3f} -> {after:.3f}")
