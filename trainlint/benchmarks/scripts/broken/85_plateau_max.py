import torch
from torch import nn, optim
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


def validate(model, loader, criterion):
    model.eval()
    losses = []
    with torch.no_grad():
        for x, y in loader:
            losses.append(criterion(model(x), y).item())
    return sum(losses) / len(losses)


def main():
    model = nn.Sequential(nn.Linear(6, 40), nn.ELU(), nn.Linear(40, 1))
    criterion = nn.L1Loss()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    scheduler = ReduceLROnPlateau(optimizer, mode="max", factor=0.5, patience=3)  # FAULT
    x = torch.randn(900, 6)
    y = x.prod(dim=1, keepdim=True)
    train_dl = DataLoader(TensorDataset(x[:700], y[:700]), batch_size=35, shuffle=True)
    val_dl = DataLoader(TensorDataset(x[700:], y[700:]), batch_size=100)
    for epoch in range(50):
        model.train()
        for xb, yb in train_dl:
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            optimizer.step()
        val_loss = validate(model, val_dl, criterion)
        scheduler.step(val_loss)
        print(epoch, val_loss, optimizer.param_groups[0]["lr"])


main()
