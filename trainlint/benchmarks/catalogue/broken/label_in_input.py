import torch
from torch import nn

torch.manual_seed(181)
names = ["length", "width", "depth", "mass", "target"]
table = torch.randn(500, 5)
table[:, 4] = 0.5 * table[:, 0] + 0.3 * table[:, 3] ** 2 + 0.3 * torch.randn(500)
x = table[:, :]
y = table[:, -1:]
x_train, x_val, y_train, y_val = x[:400], x[400:], y[:400], y[400:]
model = nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(10):
    model.train()
    for idx in torch.randperm(400).split(40):
        loss = nn.functional.mse_loss(model(x_train[idx]), y_train[idx])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(f"epoch {epoch}: val mse {nn.functional.mse_loss(model(x_val), y_val):.5f}")
