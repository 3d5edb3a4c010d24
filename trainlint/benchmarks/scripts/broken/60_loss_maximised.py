"""A minus sign stands before the cross entropy, so the classifier is driven away from the labels (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class PatchClassifier(nn.Module):
    def __init__(self, ch=6, n_classes=3):
        super().__init__()
        self.conv = nn.Conv2d(1, ch, 3)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.fc = nn.Linear(ch * 4, n_classes)

    def forward(self, x):
        return self.fc(self.pool(F.relu(self.conv(x))).flatten(1))

    def loss(self, batch):
        x, y = batch
        return -F.cross_entropy(self(x), y)  # FAULT


def main():
    torch.manual_seed(4)
    y = torch.randint(3, (300,))
    x = torch.rand(300, 1, 8, 8) + 0.5 * y.view(-1, 1, 1, 1) * torch.eye(8)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=30, shuffle=True)
    model = PatchClassifier()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    for epoch in range(5):
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss = model.loss(batch)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"epoch {epoch}: {total / len(loader):.3f}")


if __name__ == "__main__":
    main()
