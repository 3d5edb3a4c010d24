"""DQN: targets from a frozen copy without gradient, argmax for acting, no validation, max() in the target."""
import copy
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.optim as optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward", "done"))


class Corridor:
    """walk right to the goal in a corridor of n cells"""

    def __init__(self, n=6):
        self.n = n

    def reset(self):
        self.pos, self.t = 0, 0
        return self.obs()

    def obs(self):
        o = torch.zeros(self.n)
        o[self.pos] = 1
        return o

    def step(self, a):
        self.pos = min(self.n - 1, max(0, self.pos + (1 if a == 1 else -1)))
        self.t += 1
        done = self.pos == self.n - 1
        return self.obs(), (1.0 if done else -0.05), done or self.t >= 30


class ReplayMemory(object):
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self, n_observations, n_actions):
        super(DQN, self).__init__()
        self.layer1 = nn.Linear(n_observations, 32)
        self.layer2 = nn.Linear(32, n_actions)

    def forward(self, x):
        return self.layer2(torch.relu(self.layer1(x)))


GAMMA, TAU, BATCH = 0.95, 0.05, 32
random.seed(0)
torch.manual_seed(0)
env = Corridor()
policy_net = DQN(6, 2)
target_net = copy.deepcopy(policy_net)
for p in target_net.parameters():
    p.requires_grad_(False)
optimizer = optim.AdamW(policy_net.parameters(), lr=3e-3, amsgrad=True)
memory = ReplayMemory(2000)


def select_action(state, eps):
    if random.random() < eps:
        return torch.tensor([random.randrange(2)])
    with torch.no_grad():
        return policy_net(state).argmax().view(1)


def optimize_model():
    if len(memory) < BATCH:
        return None
    batch = Transition(*zip(*memory.sample(BATCH)))
    state, next_state = torch.stack(batch.state), torch.stack(batch.next_state)
    action = torch.stack(batch.action)
    reward, done = torch.tensor(batch.reward), torch.tensor(batch.done, dtype=torch.float)
    q = policy_net(state).gather(1, action)
    with torch.no_grad():
        next_q = target_net(next_state).max(1).values
    expected = reward + GAMMA * next_q * (1 - done)
    loss = nn.SmoothL1Loss()(q, expected.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    return loss.item()


for episode in range(40):
    s, done, steps = env.reset(), False, 0
    eps = max(0.05, 0.9 * 0.9 ** episode)
    while not done:
        a = select_action(s, eps)
        s2, r, done = env.step(a.item())
        memory.push(s, a, s2, r, done)
        s = s2
        steps += 1
        optimize_model()
        net_sd, tgt_sd = policy_net.state_dict(), target_net.state_dict()
        for key in net_sd:
            tgt_sd[key] = net_sd[key] * TAU + tgt_sd[key] * (1 - TAU)
        target_net.load_state_dict(tgt_sd)
    if episode % 13 == 0:
        print("episode", episode, "steps", steps)
