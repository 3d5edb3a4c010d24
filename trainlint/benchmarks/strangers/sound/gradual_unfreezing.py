"""Gradual unfreezing: later layers first, then add_param_group for the earlier ones."""
import torch
import torch.nn as nn

torch.manual_seed(22)
x = torch.randn(800, 12)
y_old = torch.sin(x[:, :1] + x[:, 1:2]) + x[:, 2:3]
y_new = torch.sin(x[:, :1] + x[:, 1:2]) * x[:, 2:3] + 0.5 * x[:, 3:4]

body1 = nn.Sequential(nn.Linear(12, 64), nn.Tanh())
body2 = nn.Sequential(nn.Linear(64, 64), nn.Tanh())
head = nn.Linear(64, 1)
model = nn.Sequential(body1, body2, head)
mse = nn.MSELoss()

pre = torch.optim.Adam(model.parameters(), lr=5e-3)
for _ in range(60):
    i = torch.randint(600, (64,))
    pre.zero_grad()
    mse(model(x[i]), y_old[i]).backward()
    pre.step()

head.reset_parameters()
for module in (body1, body2):
    module.requires_grad_(False)
optimizer = torch.optim.Adam(head.parameters(), lr=5e-3)


def validate():
    with torch.no_grad():
        return mse(model(x[600:]), y_new[600:]).item()


before = validate()
for epoch in range(18):
    if epoch == 3:
        body2.requires_grad_(True)
        optimizer.add_param_group({"params": body2.parameters(), "lr": 3e-3})
    if epoch == 6:
        body1.requires_grad_(True)
        optimizer.add_param_group({"params": body1.parameters(), "lr": 3e-3})
    for idx in torch.randperm(600).split(60):
        optimizer.zero_grad()
        loss = mse(model(x[idx]), y_new[idx])
        loss.backward()
        optimizer.step()
    groups = len(optimizer.param_groups)
    print(f"epoch {epoch} groups {groups} train {loss.item():.4f} val {validate():.4f}")
after = validate()
assert after < 0.45 * before
print(f"OK {before:.4f} -> {after:.4f}")
