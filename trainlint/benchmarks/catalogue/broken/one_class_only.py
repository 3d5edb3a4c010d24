import torch
from torch import nn

torch.manual_seed(271)
rows = [("spam" if float(v[0]) > 0 else "ham", v) for v in torch.randn(400, 10)]
x = torch.stack([v for _, v in rows])
y = torch.tensor([int(name == "Spam") for name, _ in rows])
model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 2))
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(6):
    total, right = 0.0, 0
    for idx in torch.randperm(400).split(40):
        out = model(x[idx])
        loss = nn.functional.cross_entropy(out, y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
        right += (out.argmax(1) == y[idx]).sum().item()
    print(f"epoch {epoch}: loss {total / 10:.4f} acc {right / 400:.3f}")
