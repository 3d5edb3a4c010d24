import torch
from torch import nn

backbone = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 16))
backbone.load_state_dict(torch.load("backbone.pt"))
for p in backbone.parameters():
    p.require_grad = False  # FAULT
head = nn.Linear(16, 3)
opt = torch.optim.SGD([*backbone.parameters(), *head.parameters()], lr=0.01)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(100, 30), torch.randint(0, 3, (100,))), 10, shuffle=True)
for x, y in loader:
    opt.zero_grad()
    nn.functional.cross_entropy(head(backbone(x)), y).backward()
    opt.step()
