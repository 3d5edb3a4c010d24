import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(83)
N_STATES, N_ACTIONS = 6, 4
best = torch.randint(0, N_ACTIONS, (N_STATES,))
policy = nn.Sequential(nn.Embedding(N_STATES, 16), nn.Tanh(), nn.Linear(16, N_ACTIONS))
optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
baseline = 0.0
for episode in range(120):
    states = torch.randint(0, N_STATES, (32,))
    dist = Categorical(logits=policy(states))
    actions = dist.sample()
    reward = (actions == best[states]).float()
    advantage = reward - baseline
    baseline = 0.9 * baseline + 0.1 * reward.mean().item()
    loss = (dist.log_prob(actions) * advantage).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if episode % 20 == 0:
        print(f"episode {episode}: mean reward {reward.mean():.3f}")
