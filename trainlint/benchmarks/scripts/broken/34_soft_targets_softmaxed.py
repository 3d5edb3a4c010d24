"""The mixup loss gives probabilities to F.cross_entropy with soft targets instead of logits (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def one_hot_smooth(target, num_classes, smoothing=0.1):
    off = smoothing / num_classes
    return torch.full((len(target), num_classes), off).scatter_(1, target[:, None], 1 - smoothing + off)


class Mixup:
    def __init__(self, alpha=0.4, num_classes=5):
        self.dist = torch.distributions.Beta(alpha, alpha)
        self.num_classes = num_classes

    def __call__(self, x, target):
        lam = self.dist.sample().item()
        soft = one_hot_smooth(target, self.num_classes)
        return lam * x + (1 - lam) * x.flip(0), lam * soft + (1 - lam) * soft.flip(0)


def train_one_epoch(model, loader, optimizer, mixup_fn, epoch):
    model.train()
    losses = []
    for samples, targets in loader:
        samples, soft_targets = mixup_fn(samples, targets)
        probs = model(samples).softmax(dim=-1)
        loss = F.cross_entropy(probs, soft_targets)  # FAULT
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch} loss {sum(losses) / len(losses):.4f}")


def main():
    torch.manual_seed(0)
    y = torch.randint(0, 5, (500,))
    x = F.one_hot(y, 5).float() @ torch.randn(5, 20) + 0.8 * torch.randn(500, 20)
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), batch_size=50, shuffle=True, drop_last=True)
    model = nn.Sequential(nn.Linear(20, 48), nn.GELU(), nn.Linear(48, 5))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    mixup_fn = Mixup()
    for epoch in range(5):
        train_one_epoch(model, loader, optimizer, mixup_fn, epoch)
    model.eval()
    with torch.no_grad():
        print("train acc", (model(x).argmax(1) == y).float().mean().item())


main()
