import torch
from torch import nn

torch.manual_seed(293)
n_train = 40
x = torch.randn(n_train + 300, 60)
y = ((x[:, 0] + x[:, 1] + 0.8 * torch.randn(len(x))) > 0).long()
xt, yt, xv, yv = x[:n_train], y[:n_train], x[n_train:], y[n_train:]
model = nn.Sequential(nn.Linear(60, 256), nn.ReLU(), nn.Linear(256, 2))
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(15):
    model.train()
    tr = 0.0
    for idx in torch.randperm(n_train).split(20):
        loss = nn.functional.cross_entropy(model(xt[idx]), yt[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        tr += loss.item() * len(idx)
    model.eval()
    with torch.no_grad():
        va = nn.functional.cross_entropy(model(xv), yv).item()
    print(f"epoch {epoch}: train loss {tr / n_train:.4f} val loss {va:.4f}")
