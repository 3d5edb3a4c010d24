"""Behaviour cloning of a hand-written controller from recorded demonstrations."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(18)


def expert(state):
    pos, vel = state[..., 0], state[..., 1]
    return torch.tanh(-1.5 * pos - 1.0 * vel).unsqueeze(-1)


def simulate(controller, steps=30, n=40):
    state = torch.randn(n, 2)
    states, actions, cost = [], [], 0.0
    for _ in range(steps):
        with torch.no_grad():
            a = controller(state)
        states.append(state)
        actions.append(a)
        vel = state[:, 1:] + 0.3 * a
        state = torch.cat([state[:, :1] + 0.3 * vel, vel], 1)
        cost += state.pow(2).sum(1).clamp(max=100).mean().item()
    return torch.cat(states), torch.cat(actions), cost / steps


states, actions, _ = simulate(expert)
actions = actions + 0.05 * torch.randn_like(actions)
train_set, valid_set = random_split(TensorDataset(states, actions), [1000, 200])
policy = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())
optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
loss_fn = nn.MSELoss()
before = simulate(policy)[2]
for epoch in range(8):
    for s, a in DataLoader(train_set, batch_size=64, shuffle=True):
        loss = loss_fn(policy(s), a)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        valid = sum(loss_fn(policy(s), a).item() for s, a in DataLoader(valid_set, batch_size=200))
    print(f"epoch {epoch}: train {loss.item():.5f} valid {valid:.5f}")
after = simulate(policy)[2]
assert after < 0.5 * before
print(f"OK {before:.3f} -> {after:.3f}")
