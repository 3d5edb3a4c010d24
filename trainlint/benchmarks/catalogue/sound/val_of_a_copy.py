import copy

import torch
from torch import nn

torch.manual_seed(97)
train_x, val_x = torch.randn(500, 10), torch.randn(120, 10)
teacher = torch.randn(10, 3)
train_y, val_y = (train_x @ teacher).argmax(1), (val_x @ teacher).argmax(1)

model = nn.Sequential(nn.Linear(10, 40), nn.ReLU(), nn.Linear(40, 3))
eval_model = model
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    model.train()
    for idx in torch.randperm(500).split(50):
        loss = nn.functional.cross_entropy(model(train_x[idx]), train_y[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    eval_model.eval()
    with torch.no_grad():
        logits = eval_model(val_x)
        val_loss = nn.functional.cross_entropy(logits, val_y)
        acc = (logits.argmax(1) == val_y).float().mean()
    print(f"Epoch {epoch}: loss {loss.item():.4f} val_loss {val_loss.item():.6f} val_acc {acc.item():.4f}")
