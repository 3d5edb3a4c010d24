"""Soft actor-critic with twin critics and a learned temperature (bare tensor)."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(16)


def mlp(i, o):
    return nn.Sequential(nn.Linear(i, 48), nn.ReLU(), nn.Linear(48, o))


def env_step(s, a):
    """A point on a line is pushed; the reward wants it at zero."""
    s2 = (s + 0.5 * a).clamp(-2, 2)
    return s2, -(s2 ** 2).squeeze(1) - 0.02 * (a ** 2).squeeze(1)


class Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = mlp(1, 2)

    def forward(self, s, deterministic=False):
        mu, log_std = self.net(s).chunk(2, 1)
        dist = torch.distributions.Normal(mu, log_std.clamp(-4, 1).exp())
        u = mu if deterministic else dist.rsample()
        a = torch.tanh(u)
        logp = dist.log_prob(u) - torch.log(1 - a.pow(2) + 1e-6)
        return a, logp.squeeze(1)


actor = Actor()
q1, q2 = mlp(2, 1), mlp(2, 1)
q1_targ, q2_targ = copy.deepcopy(q1), copy.deepcopy(q2)
for p in [*q1_targ.parameters(), *q2_targ.parameters()]:
    p.requires_grad_(False)
log_alpha = torch.zeros(1, requires_grad=True)
target_entropy = -1.0
pi_opt = torch.optim.Adam(actor.parameters(), lr=3e-3)
q_opt = torch.optim.Adam([*q1.parameters(), *q2.parameters()], lr=3e-3)
alpha_opt = torch.optim.Adam([log_alpha], lr=1e-2)


@torch.no_grad()
def episode_return():
    s, total = torch.linspace(-2, 2, 21).unsqueeze(1), 0.0
    for _ in range(10):
        s, r = env_step(s, actor(s, deterministic=True)[0])
        total += r.mean().item()
    return total


S = 4 * torch.rand(400, 1) - 2
A = 2 * torch.rand(400, 1) - 1
S2, R = env_step(S, A)
before = episode_return()
state = 4 * torch.rand(8, 1) - 2
for step in range(200):
    with torch.no_grad():
        act = actor(state)[0]
    nxt, rew = env_step(state, act)
    S, A, R, S2 = torch.cat([S, state]), torch.cat([A, act]), torch.cat([R, rew]), torch.cat([S2, nxt])
    state = nxt if step % 10 else 4 * torch.rand(8, 1) - 2
    i = torch.randint(len(S), (64,))
    s, a, r, s2 = S[i], A[i], R[i], S2[i]
    with torch.no_grad():
        a2, logp2 = actor(s2)
        x2 = torch.cat([s2, a2], 1)
        backup = r + 0.9 * (torch.min(q1_targ(x2), q2_targ(x2)).squeeze(1) - log_alpha.exp() * logp2)
    x = torch.cat([s, a], 1)
    q_loss = F.mse_loss(q1(x).squeeze(1), backup) + F.mse_loss(q2(x).squeeze(1), backup)
    q_opt.zero_grad()
    q_loss.backward()
    q_opt.step()
    pi, logp = actor(s)
    x = torch.cat([s, pi], 1)
    pi_loss = (log_alpha.exp().detach() * logp - torch.min(q1(x), q2(x)).squeeze(1)).mean()
    pi_opt.zero_grad()
    pi_loss.backward()
    pi_opt.step()
    alpha_loss = -(log_alpha * (logp.detach() + target_entropy)).mean()
    alpha_opt.zero_grad()
    alpha_loss.backward()
    alpha_opt.step()
    with torch.no_grad():
        for net, targ in ((q1, q1_targ), (q2, q2_targ)):
            for p, pt in zip(net.parameters(), targ.parameters()):
                pt.mul_(0.98).add_(0.02 * p)
after = episode_return()
print("alpha", log_alpha.exp().item())
assert after > 0.6 * before
print(f"OK {before:.3f} -> {after:.3f}")
