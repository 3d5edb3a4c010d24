"""The features are detached in forward although the backbone is meant to learn (marked FAULT)."""
import torch
import torch.nn as nn


class Backbone(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv1d(2, width, 5, padding=2), nn.ReLU(),
            nn.Conv1d(width, width, 5, stride=2, padding=2), nn.ReLU(),
        )

    def forward(self, x):
        return self.conv(x).mean(-1)


class Classifier(nn.Module):
    def __init__(self, num_classes=4, width=32):
        super().__init__()
        self.backbone = Backbone(width)
        self.head = nn.Linear(width, num_classes)

    def forward(self, x):
        feats = self.backbone(x).detach()  # FAULT
        return self.head(feats)


def synth(n, classes=4, length=64):
    t = torch.linspace(0, 1, length)
    y = torch.randint(classes, (n,))
    f = (y.float() + 1) * 3
    phase = torch.rand(n, 1) * 6.28
    sig = torch.sin(6.28 * f[:, None] * t + phase)
    x = torch.stack([sig, torch.roll(sig, 3, dims=1)], 1) + 0.3 * torch.randn(n, 2, length)
    return x, y


torch.manual_seed(0)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(*synth(600)), batch_size=60, shuffle=True)
model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)   # train everything end to end
criterion = nn.CrossEntropyLoss()

for epoch in range(5):
    model.train()
    correct, total, running = 0, 0, 0.0
    for signal, label in loader:
        optimizer.zero_grad()
        out = model(signal)
        loss = criterion(out, label)
        loss.backward()
        optimizer.step()
        running += loss.item() * label.size(0)
        correct += (out.argmax(1) == label).sum().item()
        total += label.size(0)
    print(f"epoch {epoch} loss {running / total:.4f} acc {correct / total:.3f}")
