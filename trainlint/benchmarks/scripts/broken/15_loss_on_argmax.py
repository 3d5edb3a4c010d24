"""The loss compares argmax predictions with the labels and requires_grad_ hides the error (marked FAULT)."""
import torch
import torch.nn as nn

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"


class IrisNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(4, 16)
        self.l2 = nn.Linear(16, 16)
        self.l3 = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.l3(x)


means = torch.tensor([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
labels = torch.arange(3).repeat_interleave(50)
feats = means[labels] + 0.3 * torch.randn(150, 4)
feats = (feats - feats.mean(0)) / feats.std(0)
feats, labels = feats.to(device), labels.to(device)

model = IrisNet().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
mse = nn.MSELoss()
for epoch in range(50):
    logits = model(feats)
    preds = torch.argmax(logits, dim=1).float()  # FAULT
    loss = mse(preds, labels.float())
    loss.requires_grad_(True)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if (epoch + 1) % 10 == 0:
        acc = (preds == labels).float().mean().item()
        print(f"Epoch [{epoch + 1}/50] Loss: {loss.item():.4f} Acc: {acc:.4f}")
