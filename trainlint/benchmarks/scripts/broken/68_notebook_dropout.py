# %% imports
import torch, torch.nn as nn, torch.nn.functional as F
import numpy as np
torch.manual_seed(0)

# %% data
X = torch.tensor(np.random.randn(1000, 16), dtype=torch.float32)
y = (X[:, 0] * X[:, 1] > 0).long()
Xtr, ytr, Xva, yva = X[:800], y[:800], X[800:], y[800:]

# %% model
class MLP(nn.Module):
    def __init__(self):
        super(MLP, self).__init__()
        self.l1 = nn.Linear(16, 64)
        self.l2 = nn.Linear(64, 64)
        self.l3 = nn.Linear(64, 2)
    def forward(self, x):
        x = F.dropout(F.relu(self.l1(x)), p=0.4)  # FAULT
        x = F.relu(self.l2(x))
        return self.l3(x)

net = MLP()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)

# %% train
for ep in range(30):
    net.train()
    perm = torch.randperm(len(Xtr))
    for i in range(0, len(Xtr), 50):
        idx = perm[i:i+50]
        opt.zero_grad()
        l = F.cross_entropy(net(Xtr[idx]), ytr[idx])
        l.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(Xva).argmax(1) == yva).float().mean()
    print(f"epoch {ep} loss {l.item():.3f} val acc {acc:.3f}")
