import copy

import torch
from torch import nn

torch.manual_seed(199)
x = torch.randn(260, 20)
y = x[:, :1] + 0.5 * torch.randn(260, 1)
tx, ty, vx, vy = x[:180], y[:180], x[180:], y[180:]
model = nn.Sequential(nn.Linear(20, 24), nn.ReLU(), nn.Linear(24, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
best_val, best_state = float("inf"), None
for epoch in range(10):
    model.train()
    for idx in torch.randperm(180).split(30):
        loss = nn.functional.mse_loss(model(tx[idx]), ty[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = nn.functional.mse_loss(model(vx), vy).item()
    if val < best_val:
        best_val = val
        best_state = copy.deepcopy(model.state_dict())
    print(f"epoch {epoch}: val {val:.4f} best {best_val:.4f}")
model.load_state_dict(best_state)
torch.save(best_state, "best.pt")
