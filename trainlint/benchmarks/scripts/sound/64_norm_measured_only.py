import math
import torch
from torch import nn

model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.SGD(model.parameters(), lr=1e-2)
loader = torch.utils.data.DataLoader(torch.randn(2000, 11), batch_size=50, shuffle=True)
history = []
for epoch in range(5):
    for batch in loader:
        x, y = batch[:, :10], batch[:, 10:]
        opt.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        history.append(nn.utils.clip_grad_norm_(model.parameters(), math.inf).item())
        opt.step()
print(max(history))
