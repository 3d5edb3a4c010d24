import torch
from torch import nn

torch.manual_seed(223)
x = torch.randn(500, 11)
y = torch.cos(x[:, :1]) + x[:, 1:2]
model = nn.Sequential(nn.Linear(11, 48), nn.SiLU(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
best_loss = float("inf")
for epoch in range(8):
    model.train()
    for idx in torch.randperm(400).split(40):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x[idx]), y[idx]).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val_loss = nn.functional.mse_loss(model(x[400:]), y[400:]).item()
    if val_loss < best_loss:
        best_loss = val_loss
        torch.save(model.state_dict(), "best_model.pt")
    print(f"epoch {epoch}: val_loss {val_loss:.4f} best {best_loss:.4f}")
