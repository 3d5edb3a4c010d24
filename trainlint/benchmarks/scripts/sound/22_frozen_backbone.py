"""Linear probing: the backbone is frozen, kept in eval mode by the train() override, and filtered out of the optimiser."""
import torch
import torch.nn as nn


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.AdaptiveAvgPool2d(3))
        self.num_features = 12 * 9

    def forward_features(self, x):
        return self.conv(x).flatten(1)


class LinearProbe(nn.Module):
    def __init__(self, backbone, num_classes):
        super().__init__()
        self.backbone = backbone
        for param in self.backbone.parameters():
            param.requires_grad = False
        self.head = nn.Linear(backbone.num_features, num_classes)

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()      # running statistics stay as they are
        return self

    def forward(self, x):
        with torch.no_grad():
            feats = self.backbone.forward_features(x)
        return self.head(feats)


def load_pretrained():
    """pretrain for a moment, so that there is something to freeze"""
    torch.manual_seed(0)
    b = Backbone()
    head = nn.Linear(b.num_features, 9)
    opt = torch.optim.Adam([*b.parameters(), *head.parameters()], lr=5e-3)
    for _ in range(40):
        x, y = batch(64, 9)
        loss = nn.functional.cross_entropy(head(b.forward_features(x)), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return b


def batch(n, classes):
    y = torch.randint(classes, (n,))
    x = 0.8 * torch.randn(n, 1, 9, 9)
    for i, k in enumerate(y.tolist()):
        r, c = divmod(k, 3)
        x[i, 0, 3 * r:3 * r + 3, 3 * c:3 * c + 3] += 1
    return x, y


def main():
    model = LinearProbe(load_pretrained(), num_classes=4)
    optimizer = torch.optim.SGD(
        filter(lambda p: p.requires_grad, model.parameters()), lr=0.01, momentum=0.9, weight_decay=0.0)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(4):
        model.train()
        for _ in range(12):
            x, y = batch(32, 4)
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        model.eval()
        x, y = batch(100, 4)
        with torch.no_grad():
            acc = (model(x).argmax(1) == y).float().mean().item()
        print(f"epoch {epoch} loss {loss.item():.3f} acc {acc:.2f}")


if __name__ == "__main__":
    main()
