"""T_max is counted in epochs but the schedule is stepped after every batch (marked FAULT)."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR

EPOCHS = 8
BATCH = 25


class MLP(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.fc1 = nn.Linear(d_in, d_hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(d_hidden, d_out)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


def train(model, loader, device="cpu"):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    scheduler = CosineAnnealingLR(optimizer, T_max=EPOCHS)
    loss_fn = nn.CrossEntropyLoss()
    for ep in range(EPOCHS):
        model.train()
        losses = []
        for data, label in loader:
            data, label = data.to(device), label.to(device)
            optimizer.zero_grad()
            loss = loss_fn(model(data), label)
            loss.backward()
            optimizer.step()
            scheduler.step()  # FAULT
            losses.append(loss.item())
        print("epoch", ep, "mean loss", sum(losses) / len(losses), "lr", scheduler.get_last_lr()[0])
    return model


if __name__ == "__main__":
    torch.manual_seed(3)
    x = torch.randn(500, 10)
    y = (x[:, 0] * x[:, 1] > 0).long()
    ds = torch.utils.data.TensorDataset(x, y)
    train(MLP(10, 64, 2), torch.utils.data.DataLoader(ds, batch_size=BATCH, shuffle=True))
