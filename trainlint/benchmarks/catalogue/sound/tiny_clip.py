import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(53)
CFG = {"lr": 0.05, "epochs": 6, "batch": 32}
CFG["max_norm"] = 1.0
inputs = torch.randn(320, 15)
targets = (inputs[:, 0] + inputs[:, 1] > 0).float()
model = nn.Sequential(nn.Linear(15, 30), nn.ReLU(), nn.Linear(30, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=CFG["lr"], momentum=0.9)
bce = nn.BCEWithLogitsLoss()
for epoch in range(CFG["epochs"]):
    acc = 0.0
    for idx in torch.randperm(len(inputs)).split(CFG["batch"]):
        optimizer.zero_grad()
        logits = model(inputs[idx]).squeeze(1)
        loss = bce(logits, targets[idx])
        loss.backward()
        clip_grad_norm_(model.parameters(), CFG["max_norm"])
        optimizer.step()
        acc += ((logits > 0) == targets[idx].bool()).float().sum().item()
    print(f"epoch {epoch}: train acc {acc / 320:.3f} loss {loss.item():.4f}")
