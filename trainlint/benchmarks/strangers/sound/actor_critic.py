"""Advantage actor-critic with entropy bonus on a grid world with many parallel environments."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(15)
N, SIZE, GAMMA, HORIZON = 16, 5, 0.95, 8
MOVES = torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 0]])


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 64), nn.Tanh())
        self.pi = nn.Linear(64, 4)
        self.v = nn.Linear(64, 1)

    def forward(self, s):
        h = self.body(s)
        return self.pi(h), self.v(h).squeeze(-1)


def spawn(n):
    return torch.randint(0, SIZE, (n, 4))


def advance(state, action):
    pos = (state[:, :2] + MOVES[action]).clamp(0, SIZE - 1)
    state = torch.cat([pos, state[:, 2:]], 1)
    reached = (pos == state[:, 2:]).all(1)
    reward = reached.float() - 0.05
    return torch.where(reached.unsqueeze(1), spawn(len(state)), state), reward, reached.float()


def features(state):
    return state.float() / (SIZE - 1) * 2 - 1


@torch.no_grad()
def average_reward(net):
    state, total = spawn(64), 0.0
    for _ in range(30):
        action = torch.distributions.Categorical(logits=net(features(state))[0]).sample()
        state, r, _ = advance(state, action)
        total += r.mean().item()
    return total / 30


net = ActorCritic()
opt = torch.optim.RMSprop(net.parameters(), lr=5e-3, alpha=0.99, eps=1e-5)
state = spawn(N)
before = average_reward(net)
for update in range(120):
    logps, values, entropies, rewards, dones = [], [], [], [], []
    for _ in range(HORIZON):
        logits, value = net(features(state))
        dist = torch.distributions.Categorical(logits=logits)
        action = dist.sample()
        state, reward, done = advance(state, action)
        logps.append(dist.log_prob(action))
        values.append(value)
        entropies.append(dist.entropy())
        rewards.append(reward)
        dones.append(done)
    with torch.no_grad():
        ret = net(features(state))[1]
    returns = []
    for r, d in zip(reversed(rewards), reversed(dones)):
        ret = r + GAMMA * (1 - d) * ret
        returns.insert(0, ret)
    returns, values = torch.stack(returns), torch.stack(values)
    adv = returns - values.detach()
    actor = -(torch.stack(logps) * adv).mean()
    loss = actor + 0.5 * F.mse_loss(values, returns) - 0.01 * torch.stack(entropies).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()
after = average_reward(net)
assert after > before + 0.1
print(f"OK {before:.3f} -> {after:.3f}")
