import copy
import random
from collections import deque
import gymnasium as gym
import torch
from torch import nn


class Q(nn.Sequential):
    def __init__(self, obs, act):
        super().__init__(nn.Linear(obs, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, act))


env = gym.make("CartPole-v1")
q = Q(4, 2)
target = copy.deepcopy(q)
opt = torch.optim.Adam(q.parameters(), lr=2.5e-4)
buffer = deque(maxlen=10_000)
obs, _ = env.reset(seed=1)
for step in range(50_000):
    eps = max(0.05, 1 - step / 10_000)
    if random.random() < eps:
        action = env.action_space.sample()
    else:
        action = q(torch.as_tensor(obs)).argmax().item()
    nxt, reward, done, trunc, _ = env.step(action)
    buffer.append((obs, action, reward, nxt, done))
    obs = env.reset()[0] if done or trunc else nxt
    if step < 1000 or step % 4:
        continue
    o, a, r, n, d = (torch.as_tensor(x, dtype=torch.float32) for x in map(list, zip(*random.sample(buffer, 128))))
    with torch.no_grad():
        best = target(n).max(dim=1).values
        td = r + 0.99 * best * (1 - d)
    old = q(o).gather(1, a.long().unsqueeze(1)).squeeze(1)
    loss = nn.functional.mse_loss(td, old)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 500 == 0:
        target.load_state_dict(q.state_dict())
