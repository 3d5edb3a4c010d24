"""REINFORCE with return normalisation on a hand-written balancing task."""
import torch
import torch.nn as nn
from torch.distributions import Categorical

torch.manual_seed(14)


class Balance:
    """A ball on a tilting line must be kept near the middle, at most 40 steps."""

    def reset(self):
        self.x, self.v, self.t = (torch.rand(2) - 0.5).tolist() + [0]
        return torch.tensor([self.x, self.v])

    def step(self, a):
        self.v += 0.15 * (1 if a else -1) + 0.08 * self.x
        self.x += 0.3 * self.v
        self.t += 1
        return torch.tensor([self.x, self.v]), 1.0, abs(self.x) > 1.0 or self.t >= 40


policy = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=2e-2)
env = Balance()


def rollout():
    s, done, logps, rewards = env.reset(), False, [], []
    while not done:
        dist = Categorical(logits=policy(s))
        a = dist.sample()
        s, r, done = env.step(int(a))
        logps.append(dist.log_prob(a))
        rewards.append(r)
    return torch.stack(logps), rewards


def mean_length():
    with torch.no_grad():
        return sum(len(rollout()[1]) for _ in range(15)) / 15


before = mean_length()
for episode in range(110):
    logps, rewards = rollout()
    R, returns = 0.0, []
    for r in reversed(rewards):
        R = r + 0.97 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + 1e-6)
    loss = -(logps * returns).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if episode % 30 == 0:
        print(f"episode {episode} length {len(rewards)}")
after = mean_length()
assert after > 1.4 * before
print(f"OK {before:.1f} -> {after:.1f}")
