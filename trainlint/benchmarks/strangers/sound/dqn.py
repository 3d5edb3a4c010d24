"""DQN with a target network and a replay buffer on a corridor."""
import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(7)
torch.manual_seed(7)
LENGTH, GAMMA, SYNC = 8, 0.9, 20


class Corridor:
    """Walk right to the goal within 20 steps; the wrong way ends at the wall."""

    def reset(self):
        self.pos, self.t = random.randrange(LENGTH - 1), 0
        return self.obs()

    def obs(self):
        return F.one_hot(torch.tensor(self.pos), LENGTH).float()

    def step(self, action):
        self.t += 1
        self.pos = max(0, min(LENGTH - 1, self.pos + (1 if action == 1 else -1)))
        done = self.pos == LENGTH - 1
        return self.obs(), (1.0 if done else -0.05), done, self.t >= 20


def make_q():
    return nn.Sequential(nn.Linear(LENGTH, 32), nn.ReLU(), nn.Linear(32, 2))


def greedy_return():
    total = 0.0
    for start in range(LENGTH - 1):
        env = Corridor()
        env.reset()
        env.pos = start
        obs, done, cut = env.obs(), False, False
        while not (done or cut):
            with torch.no_grad():
                obs, r, done, cut = env.step(int(q(obs).argmax()))
            total += r
    return total / (LENGTH - 1)


q, target = make_q(), make_q()
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=5e-3)
replay = deque(maxlen=2000)
with torch.no_grad():
    q[2].bias += torch.tensor([0.5, -0.5])
before = greedy_return()
env = Corridor()
obs, updates, eps = env.reset(), 0, 1.0
while updates < 350:
    with torch.no_grad():
        action = random.randrange(2) if random.random() < eps else int(q(obs).argmax())
    nxt, reward, done, cut = env.step(action)
    replay.append((obs, action, reward, nxt, float(done)))
    obs = env.reset() if done or cut else nxt
    if len(replay) < 100:
        continue
    s, a, r, s2, d = zip(*random.sample(replay, 32))
    s, s2 = torch.stack(s), torch.stack(s2)
    a, r, d = torch.tensor(a), torch.tensor(r), torch.tensor(d)
    with torch.no_grad():
        y = r + GAMMA * (1 - d) * target(s2).max(1).values
    value = q(s).gather(1, a.unsqueeze(1)).squeeze(1)
    loss = F.smooth_l1_loss(value, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    updates += 1
    eps = max(0.1, eps * 0.985)
    if updates % SYNC == 0:
        target.load_state_dict(q.state_dict())
    if updates % 50 == 0:
        print(f"update {updates} loss {loss.item():.4f} return {greedy_return():.3f}")

after = greedy_return()
assert after > before + 0.5
print(f"OK {before:.3f} -> {after:.3f}")
