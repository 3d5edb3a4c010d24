import torch
from torch import nn
from torch.distributions import Categorical

policy = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 4))
opt = torch.optim.Adam(policy.parameters(), 3e-4)
states = torch.randn(5000, 10)
data = torch.utils.data.TensorDataset(states, states[:, :4].argmax(1))
for epoch in range(5):
    for s, a in torch.utils.data.DataLoader(data, batch_size=128, shuffle=True):
        dist = Categorical(logits=policy(s))
        loss = (-dist.log_prob(a)).mean() - 1e-3 * dist.entropy().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
