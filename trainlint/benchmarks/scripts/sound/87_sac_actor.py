import copy
import torch
from torch import nn
from torch.distributions import Normal


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.mu, self.log_std = nn.Linear(4, 64), nn.Linear(64, 2), nn.Linear(64, 2)

    def forward(self, s):
        h = self.body(s).relu()
        dist = Normal(self.mu(h), self.log_std(h).clamp(-5, 2).exp())
        u = dist.rsample()
        a = torch.tanh(u)
        log_prob = (dist.log_prob(u) - torch.log(1 - a.pow(2) + 1e-6)).sum(-1)
        return a, log_prob


actor = Actor()
critic = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 1))
target = copy.deepcopy(critic)
log_alpha = torch.zeros(1, requires_grad=True)
oa, oc = torch.optim.Adam(actor.parameters(), 3e-4), torch.optim.Adam(critic.parameters(), 3e-4)
ot = torch.optim.Adam([log_alpha], 3e-4)
for step in range(1000):
    s, r, s2 = torch.randn(64, 4), torch.randn(64, 1), torch.randn(64, 4)
    with torch.no_grad():
        a2, lp2 = actor(s2)
        y = r + 0.99 * (target(torch.cat([s2, a2], 1)) - log_alpha.exp() * lp2[:, None])
    a, lp = actor(s)
    q_loss = nn.functional.mse_loss(critic(torch.cat([s, a.detach()], 1)), y)
    oc.zero_grad()
    q_loss.backward()
    oc.step()
    pi_loss = (log_alpha.exp().detach() * lp - critic(torch.cat([s, a], 1)).squeeze(1)).mean()
    oa.zero_grad()
    pi_loss.backward()
    oa.step()
    alpha_loss = -(log_alpha * (lp.detach() - 2)).mean()
    ot.zero_grad()
    alpha_loss.backward()
    ot.step()
    with torch.no_grad():
        for p, q in zip(critic.parameters(), target.parameters()):
            q.lerp_(p, 0.005)
