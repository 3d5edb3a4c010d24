"""One group starts at rate zero by design: the schedule holds the pretrained part still for the first epochs."""
import torch
import torch.nn as nn
from torch.optim.lr_scheduler import LambdaLR


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pretrained = nn.Sequential(nn.Linear(12, 32), nn.ReLU())
        self.new_head = nn.Linear(32, 2)

    def forward(self, x):
        return self.new_head(self.pretrained(x))


HOLD = 3


def backbone_factor(epoch):
    return 0.0 if epoch < HOLD else 1.0


def head_factor(epoch):
    return 0.95 ** epoch


def main():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.Adam([
        {"params": model.pretrained.parameters(), "lr": 2e-3, "name": "backbone"},
        {"params": model.new_head.parameters(), "lr": 1e-2, "name": "head"},
    ])
    scheduler = LambdaLR(optimizer, lr_lambda=[backbone_factor, head_factor])
    x = torch.randn(400, 12)
    y = (x[:, 0] * x[:, 1] > 0).long()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=40, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(12):
        model.train()
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        lrs = {g["name"]: round(g["lr"], 5) for g in optimizer.param_groups}
        scheduler.step()
        print(epoch, f"{total / len(loader):.4f}", lrs)


if __name__ == "__main__":
    main()
