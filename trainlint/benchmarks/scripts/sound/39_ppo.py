"""PPO: several epochs over one rollout, old log-probabilities without gradient, negated minimum, entropy bonus."""
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions.categorical import Categorical


@dataclass
class Args:
    seed: int = 1
    learning_rate: float = 5e-3
    num_envs: int = 32
    num_steps: int = 8
    num_iterations: int = 15
    anneal_lr: bool = True
    gamma: float = 0.9
    gae_lambda: float = 0.95
    num_minibatches: int = 4
    update_epochs: int = 3
    norm_adv: bool = True
    clip_coef: float = 0.2
    ent_coef: float = 0.01
    vf_coef: float = 0.5
    max_grad_norm: float = 0.5


def layer_init(layer, std=2 ** 0.5, bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


class Agent(nn.Module):
    def __init__(self, obs=4, act=3):
        super().__init__()
        self.critic = nn.Sequential(layer_init(nn.Linear(obs, 32)), nn.Tanh(), layer_init(nn.Linear(32, 1), std=1.0))
        self.actor = nn.Sequential(layer_init(nn.Linear(obs, 32)), nn.Tanh(), layer_init(nn.Linear(32, act), std=0.01))

    def get_value(self, x):
        return self.critic(x)

    def get_action_and_value(self, x, action=None):
        probs = Categorical(logits=self.actor(x))
        if action is None:
            action = probs.sample()
        return action, probs.log_prob(action), probs.entropy(), self.critic(x)


class VecEnv:
    """reward 1 for naming the largest of the first three observations"""

    def __init__(self, n):
        self.n = n

    def reset(self):
        self.o = torch.randn(self.n, 4)
        return self.o

    def step(self, a):
        r = (a == self.o[:, :3].argmax(1)).float()
        return self.reset(), r, (torch.rand(self.n) < 0.1).float()


if __name__ == "__main__":
    args = Args()
    torch.manual_seed(args.seed)
    envs, agent = VecEnv(args.num_envs), Agent()
    optimizer = optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)
    T, N = args.num_steps, args.num_envs
    obs, actions = torch.zeros(T, N, 4), torch.zeros(T, N, dtype=torch.long)
    logprobs, rewards, dones, values = (torch.zeros(T, N) for _ in range(4))
    next_obs, next_done = envs.reset(), torch.zeros(N)
    for iteration in range(1, args.num_iterations + 1):
        if args.anneal_lr:
            frac = 1.0 - (iteration - 1.0) / args.num_iterations
            optimizer.param_groups[0]["lr"] = frac * args.learning_rate
        for step in range(T):
            obs[step], dones[step] = next_obs, next_done
            with torch.no_grad():
                action, logprob, _, value = agent.get_action_and_value(next_obs)
                values[step] = value.flatten()
            actions[step], logprobs[step] = action, logprob
            next_obs, rewards[step], next_done = envs.step(action)
        with torch.no_grad():
            next_value = agent.get_value(next_obs).reshape(-1)
            advantages = torch.zeros_like(rewards)
            lastgaelam = 0
            for t in reversed(range(T)):
                nonterminal = 1.0 - (next_done if t == T - 1 else dones[t + 1])
                nextvalues = next_value if t == T - 1 else values[t + 1]
                delta = rewards[t] + args.gamma * nextvalues * nonterminal - values[t]
                advantages[t] = lastgaelam = delta + args.gamma * args.gae_lambda * nonterminal * lastgaelam
            returns = advantages + values
        b = dict(obs=obs.reshape(-1, 4), logp=logprobs.reshape(-1), act=actions.reshape(-1),
                 adv=advantages.reshape(-1), ret=returns.reshape(-1))
        for epoch in range(args.update_epochs):
            for mb in torch.randperm(T * N).chunk(args.num_minibatches):
                _, newlogprob, entropy, newvalue = agent.get_action_and_value(b["obs"][mb], b["act"][mb])
                ratio = (newlogprob - b["logp"][mb]).exp()
                adv = b["adv"][mb]
                if args.norm_adv:
                    adv = (adv - adv.mean()) / (adv.std() + 1e-8)
                pg_loss = torch.max(
                    -adv * ratio, -adv * torch.clamp(ratio, 1 - args.clip_coef, 1 + args.clip_coef)).mean()
                v_loss = 0.5 * ((newvalue.view(-1) - b["ret"][mb]) ** 2).mean()
                loss = pg_loss - args.ent_coef * entropy.mean() + v_loss * args.vf_coef
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
                optimizer.step()
        if iteration % 5 == 0 or iteration == 1:
            print(f"iteration {iteration} mean reward {rewards.mean().item():.3f} v_loss {v_loss.item():.3f}")
