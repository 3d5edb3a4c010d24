import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR


def build(cfg):
    model = nn.Sequential(nn.Linear(6, cfg["width"]), nn.ReLU(), nn.Linear(cfg["width"], 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg["lr"], momentum=0.9)
    scheduler = MultiStepLR(optimizer, milestones=[4, 7], gamma=0.1)
    return model, optimizer, scheduler


def fit(model, optimizer, scheduler, x, y, epochs):
    for epoch in range(epochs):
        total = 0.0
        for idx in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            loss = nn.functional.huber_loss(model(x[idx]), y[idx])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(idx)
        scheduler.step()
        print(f"epoch {epoch}: {total / len(x):.4f} lr {scheduler.get_last_lr()[0]}")


if __name__ == "__main__":
    torch.manual_seed(263)
    x = torch.randn(512, 6)
    y = x.pow(2).sum(1, keepdim=True) / 6
    fit(*build({"width": 40, "lr": 0.02}), x, y, 10)
