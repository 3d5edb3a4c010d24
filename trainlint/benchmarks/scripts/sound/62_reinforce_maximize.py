import torch
from torch import nn
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 3))

    def forward(self, s):
        return Categorical(logits=self.net(s))


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2, maximize=True)
baseline = 0.0
for episode in range(500):
    states = torch.randn(64, 6)
    dist = policy(states)
    actions = dist.sample()
    rewards = (actions == states[:, :3].argmax(1)).float()
    baseline = 0.9 * baseline + 0.1 * rewards.mean().item()
    objective = (dist.log_prob(actions) * (rewards - baseline)).mean() + 0.01 * dist.entropy().mean()
    optimizer.zero_grad()
    objective.backward()
    optimizer.step()
