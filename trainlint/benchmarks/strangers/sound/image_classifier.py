"""Image classifier with augmentation: a small CNN on synthetic shapes."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)


class Shapes(Dataset):
    """Horizontal bar, vertical bar, square or cross on a noisy 12x12 canvas."""

    def __init__(self, n, augment):
        self.augment = augment
        self.labels = torch.arange(n) * 4 // n
        self.images = torch.stack([self.draw(int(c)) for c in self.labels])

    @staticmethod
    def draw(c):
        img = torch.randn(1, 12, 12) * 0.3
        r, k = torch.randint(3, 9, (2,)).tolist()
        if c in (0, 3):
            img[0, r, k - 2:k + 3] += 1.5
        if c in (1, 3):
            img[0, r - 2:r + 3, k] += 1.5
        if c == 2:
            img[0, r - 1:r + 2, k - 1:k + 2] += 1.5
        return img

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        x = self.images[i]
        if self.augment:
            x = torch.roll(x, tuple(torch.randint(-1, 2, (2,)).tolist()), (1, 2))
            if torch.rand(()) < 0.5:
                x = x.flip(2)
        return x, self.labels[i]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(), nn.AdaptiveMaxPool2d(1))
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(24, 4)

    def forward(self, x):
        return self.fc(self.drop(self.features(x).flatten(1)))


def accuracy(model, loader):
    model.eval()
    with torch.no_grad():
        hits = [(model(x).argmax(1) == y).float() for x, y in loader]
    return torch.cat(hits).mean().item()


train_loader = DataLoader(Shapes(480, augment=True), batch_size=32, shuffle=True)
val_loader = DataLoader(Shapes(200, augment=False), batch_size=100)
model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)
before = accuracy(model, val_loader)

for epoch in range(8):
    model.train()
    running = 0.0
    for images, labels in train_loader:
        optimizer.zero_grad()
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(labels)
    scheduler.step()
    print(f"epoch {epoch} loss {running / 480:.4f} val acc {accuracy(model, val_loader):.3f}")

after = accuracy(model, val_loader)
assert after > 0.85 > before + 0.3
print(f"OK {before:.3f} -> {after:.3f}")
