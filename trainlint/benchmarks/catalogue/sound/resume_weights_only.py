import os

import torch
from torch import nn

torch.manual_seed(211)
x = torch.randn(480, 8)
y = torch.relu(x[:, :1]) - x[:, 1:2].abs()


def train(epochs, path):
    model = nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 1))
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    sched = torch.optim.lr_scheduler.StepLR(opt, 3, 0.5)
    start = 0
    if os.path.exists(path):
        ckpt = torch.load(path)
        model.load_state_dict(ckpt["model"])
        start = ckpt["epoch"] + 1
        opt.load_state_dict(ckpt["opt"])
        sched.load_state_dict(ckpt["sched"])
        print("resuming from epoch", start)
    for epoch in range(start, epochs):
        total = 0.0
        for idx in torch.randperm(480).split(40):
            loss = nn.functional.mse_loss(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item()
        sched.step()
        print(f"epoch {epoch}: {total / 12:.4f} lr {sched.get_last_lr()[0]:.1e}")
        torch.save({"model": model.state_dict(), "opt": opt.state_dict(), "sched": sched.state_dict(), "epoch": epoch}, path)


train(5, "run.pt")
train(10, "run.pt")
