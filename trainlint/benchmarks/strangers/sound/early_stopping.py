"""Early stopping on a small noisy data set, restoring the best weights."""
import copy

import torch
import torch.nn as nn

torch.manual_seed(47)
x = torch.randn(160, 10)
y = torch.tanh(x[:, :1] - x[:, 1:2]) + 0.3 * torch.randn(160, 1)
x_train, y_train, x_val, y_val = x[:80], y[:80], x[80:], y[80:]
model = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
mse = nn.MSELoss()
patience, best, best_state, bad = 8, float("inf"), None, 0
with torch.no_grad():
    before = mse(model(x_val), y_val).item()
for epoch in range(100):
    for idx in torch.randperm(80).split(20):
        optimizer.zero_grad()
        loss = mse(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        val = mse(model(x_val), y_val).item()
    if val < best:
        best, bad = val, 0
        best_state = copy.deepcopy(model.state_dict())
    else:
        bad += 1
        if bad >= patience:
            print(f"stopped at epoch {epoch}, best {best:.4f}")
            break
model.load_state_dict(best_state)
with torch.no_grad():
    after = mse(model(x_val), y_val).item()
assert after < 0.6 * before
print(f"OK {before:.4f} -> {after:.4f}")
