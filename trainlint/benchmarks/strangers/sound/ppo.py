"""PPO with clipped objective and GAE on a continuous tracking task."""
import torch
import torch.nn as nn

torch.manual_seed(17)
ENVS, STEPS, GAMMA, LAM, CLIP = 32, 16, 0.9, 0.95, 0.2


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))
        self.log_std = nn.Parameter(torch.full((1,), -0.5))
        self.value = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))

    def dist(self, obs):
        return torch.distributions.Normal(self.mean(obs).squeeze(-1), self.log_std.exp())


def reset(n):
    return 2 * torch.rand(n, 2) - 1


def step(obs, action):
    """The first coordinate chases the second one."""
    x = obs[:, 0] + 0.5 * action.clamp(-1, 1)
    return torch.stack([x, obs[:, 1]], 1), -(x - obs[:, 1]).abs()


@torch.no_grad()
def evaluate(agent):
    obs, total = reset(100), 0.0
    for _ in range(8):
        obs, r = step(obs, agent.mean(obs).squeeze(-1))
        total += r.mean().item()
    return total


agent = Agent()
optimizer = torch.optim.Adam(agent.parameters(), lr=3e-3, eps=1e-5)
before = evaluate(agent)
for iteration in range(12):
    obs, buf = reset(ENVS), []
    with torch.no_grad():
        for _ in range(STEPS):
            d = agent.dist(obs)
            a = d.sample()
            nxt, r = step(obs, a)
            buf.append((obs, a, d.log_prob(a), r, agent.value(obs).squeeze(-1)))
            obs = nxt
        last_v = agent.value(obs).squeeze(-1)
    S, A, LP, R, V = (torch.stack(c) for c in zip(*buf))
    adv, gae = torch.zeros_like(R), 0.0
    for t in reversed(range(STEPS)):
        v_next = last_v if t == STEPS - 1 else V[t + 1]
        gae = R[t] + GAMMA * v_next - V[t] + GAMMA * LAM * gae
        adv[t] = gae
    ret = (adv + V).flatten()
    S, A, LP, adv = S.flatten(0, 1), A.flatten(), LP.flatten(), adv.flatten()
    for _ in range(4):
        for idx in torch.randperm(len(A)).split(128):
            d = agent.dist(S[idx])
            ratio = (d.log_prob(A[idx]) - LP[idx]).exp()
            mb = (adv[idx] - adv[idx].mean()) / (adv[idx].std() + 1e-8)
            pg = -torch.min(ratio * mb, ratio.clamp(1 - CLIP, 1 + CLIP) * mb).mean()
            v_loss = 0.5 * (agent.value(S[idx]).squeeze(-1) - ret[idx]).pow(2).mean()
            loss = pg + 0.5 * v_loss - 0.001 * d.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()
    print(f"iteration {iteration} reward {R.mean():.3f} std {agent.log_std.exp().item():.3f}")
after = evaluate(agent)
assert after > 0.5 * before
print(f"OK {before:.3f} -> {after:.3f}")
